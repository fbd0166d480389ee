import { markets } from '../../src/domain/markets.ts'
import { parseE164 } from '../../src/domain/msisdn.ts'
import { Secret } from '../../src/domain/secret.ts'
import { pinWeakness } from '../../src/subscribers/pin-rules.ts'
import type { DemoPerson } from '../demo/people.ts'
import { draw } from '../fakes/network/draw.ts'

/** Longer than any port or small number in a log, so that a PIN found there is no chance. */
export const PIN_LENGTH = 6

/** A subscriber of the run; `wrongPin` is typed by mistake, and is as secret. */
export type ChaosPerson = DemoPerson & { readonly pin: string; readonly wrongPin: string }

const NAMES = [
  'Amina',
  'Juma',
  'Wanjiru',
  'Baraka',
  'Chausiku',
  'Daudi',
  'Esta',
  'Fatuma',
  'Gakuru',
  'Halima',
  'Imani',
  'Jabari',
]
const RICH = 20_000_000n
const POOR = 15_000n

/** So many subscribers with PINs that the seed decides; every fourth has little money. */
export function makePeople(seed: number, count: number): ChaosPerson[] {
  const numbering = markets.get('KE')?.numbering
  if (numbering === undefined) throw new Error('the market of the chaos run is gone')
  const taken = new Set<string>()
  function pin(number: string, purpose: string, person: number): string {
    for (let n = 0; ; n += 1) {
      const digits = String(Math.floor(draw(seed, `${purpose} ${n}`, person) * 10 ** PIN_LENGTH)).padStart(
        PIN_LENGTH,
        '0',
      )
      const msisdn = parseE164(number)
      if (msisdn === null) throw new Error(`${number} is no number`)
      const isFit = /^[1-9]/.test(digits) && !digits.endsWith('00') && !taken.has(digits)
      if (
        isFit &&
        pinWeakness(new Secret(digits), PIN_LENGTH, msisdn, numbering as NonNullable<typeof numbering>) === null
      ) {
        taken.add(digits)
        return digits
      }
    }
  }
  return Array.from({ length: count }, (_, n) => {
    const number = `+25471100${String(n + 10).padStart(4, '0')}`
    return {
      number,
      name: `${NAMES[n % NAMES.length]} Chaos`,
      pin: pin(number, 'PIN', n),
      wrongPin: pin(number, 'wrong PIN', n),
      answer: null,
      balance: n % 4 === 3 ? POOR : RICH,
    }
  })
}
