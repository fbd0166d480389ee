import { countSeptets } from '../../src/domain/gsm7.ts'

/** How much of a USSD screen a text fills: septets of the GSM-7 alphabet, or UTF-16 units when it holds any other character. */
export type ScreenLength = {
  readonly encoding: 'gsm7' | 'ucs2'
  readonly units: number
  readonly limit: number
  readonly fits: boolean
}

/** A USSD string carries 160 octets safely (3GPP TS 23.038 §5, and what networks cut at). */
const LIMITS = { gsm7: 160, ucs2: 80 } as const

export function measureScreen(text: string): ScreenLength {
  const septets = countSeptets(text)
  const encoding = septets === null ? 'ucs2' : 'gsm7'
  const units = septets ?? text.length
  return { encoding, units, limit: LIMITS[encoding], fits: units <= LIMITS[encoding] }
}

/** `73/160`, or `41/80 UCS-2`, with a word when the network would cut it. */
export function showLength({ encoding, units, limit, fits }: ScreenLength): string {
  return `${units}/${limit}${encoding === 'ucs2' ? ' UCS-2' : ''}${fits ? '' : ' TOO LONG'}`
}
