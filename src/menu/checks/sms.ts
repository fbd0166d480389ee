import { unitsOf } from '../text.ts'
import type { Check } from './all.ts'
import { longest } from './longest.ts'

/** Characters of a message on its own, and of each part where there are several and a header joins them (3GPP TS 23.040 §9.2.3.24). */
const SINGLE = { gsm7: 160, ucs2: 70 }
const PART = { gsm7: 153, ucs2: 67 }

/** More than these are dear, and some phones show them one by one. */
const MAX_SEGMENTS = 2

/** No message takes more segments than the service wants to pay for, with the longest values. */
export const checkSms: Check = (report, { program, spots, service }, _graph) => {
  for (const { code } of program.languages) {
    for (const [key, template] of Object.entries(program.texts[code] ?? {})) {
      if (!key.startsWith('messages.')) continue
      const encoding = template.gsm7 ? 'gsm7' : 'ucs2'
      const units = unitsOf(longest(template, program.market), template.gsm7)
      const segments = units <= SINGLE[encoding] ? 1 : Math.ceil(units / PART[encoding])
      const at = spots.get(code)?.get(key) ?? spots.get(service.language)?.get(key) ?? service.at
      if (segments > MAX_SEGMENTS)
        report(
          'W-SMS',
          at,
          `${key} in ${code} can take ${units} ${encoding === 'gsm7' ? 'septets' : 'UCS-2 units'}, so each would cost ${segments} SMS. Take out ${units - MAX_SEGMENTS * PART[encoding]} to keep it at ${MAX_SEGMENTS}.`,
        )
    }
  }
}
