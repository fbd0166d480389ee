import { worstSegments } from '../worst-segments.ts'
import type { Check } from './all.ts'

/** More than these are dear, and some phones show them one by one. */
const MAX_SEGMENTS = 2

/** No message takes more segments than the service wants to pay for, with the longest values. */
export const checkSms: Check = (report, { program, spots, service }, _graph) => {
  for (const { message, language, encoding, units, segments, fits } of worstSegments(program)) {
    if (segments <= MAX_SEGMENTS) continue
    const key = `messages.${message}`
    const at = spots.get(language)?.get(key) ?? spots.get(service.language)?.get(key) ?? service.at
    report(
      'W-SMS',
      at,
      `${key} in ${language} can take ${units} ${encoding === 'gsm7' ? 'septets' : 'UCS-2 units'}, so each would cost ${segments} SMS. Take out ${units - (fits[MAX_SEGMENTS - 1] ?? 0)} to keep it at ${MAX_SEGMENTS}.`,
    )
  }
}
