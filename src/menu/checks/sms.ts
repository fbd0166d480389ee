import { segmentSms } from '../../domain/segments.ts'
import { usualSegments } from '../segment-limits.ts'
import type { Check } from './all.ts'
import { longest } from './longest.ts'

/** No message takes more segments than the service wants to pay for, with the longest values. */
export const checkSms: Check = (report, { program, spots, service, segmentLimits }, _graph) => {
  for (const { code } of program.languages) {
    for (const [key, template] of Object.entries(program.texts[code] ?? {})) {
      if (!key.startsWith('messages.')) continue
      const { encoding, units, parts } = segmentSms(longest(template, program.market))
      const most = (segmentLimits[key.slice('messages.'.length)] ?? usualSegments)[encoding]
      if (parts.length <= most) continue
      const at = spots.get(code)?.get(key) ?? spots.get(service.language)?.get(key) ?? service.at
      report(
        'E-SMS',
        at,
        `${key} in ${code} can take ${units} ${encoding === 'gsm7' ? 'septets' : 'UCS-2 units'}, so each would cost ${parts.length} SMS, and ${most} are allowed. Say it in fewer words.`,
      )
    }
  }
}
