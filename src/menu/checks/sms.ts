import { usualSegments } from '../segment-limits.ts'
import { worstSegments } from '../worst-segments.ts'
import type { Check } from './all.ts'

/** No message takes more segments than the service wants to pay for, with the longest values. */
export const checkSms: Check = (report, { program, spots, service, segmentLimits }, _graph) => {
  for (const { message, language, encoding, units, segments, fits } of worstSegments(program)) {
    const most = (segmentLimits[message] ?? usualSegments)[encoding]
    if (segments <= most) continue
    const key = `messages.${message}`
    const at = spots.get(language)?.get(key) ?? spots.get(service.language)?.get(key) ?? service.at
    report(
      'E-SMS',
      at,
      `${key} in ${language} can take ${units} ${encoding === 'gsm7' ? 'septets' : 'UCS-2 units'}, so each would cost ${segments} SMS, and ${most} are allowed. Take out ${units - (fits[most - 1] ?? 0)}.`,
    )
  }
}
