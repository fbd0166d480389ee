import { type Currency, exponents, type Money } from './money.ts'
import { MOST, type Spell, spellings } from './number-words.ts'

/** A noun as it stands after one and after any other number. */
type Noun = readonly [one: string, other: string]

type Wording = {
  readonly units: Readonly<Record<Currency, Noun>>
  readonly cents: Readonly<Record<Currency, Noun>>
  /** A number and what it counts; `digits` is the number. */
  readonly counted: (number: string, noun: Noun, digits: number) => string
  readonly joined: (units: string, cents: string) => string
}

/** French counts 0 and 1 in the singular, and has `de` between a bare million and what it counts. */
function countedInFrench(number: string, [one, other]: Noun, digits: number): string {
  const de = digits >= 1_000_000 && digits % 1_000_000 === 0 ? 'de ' : ''
  return `${number} ${de}${digits < 2 ? one : other}`
}

function countedAfter(number: string, [one, other]: Noun, digits: number): string {
  return `${number} ${digits === 1 ? one : other}`
}

/** By language (ISO 639-1). */
const wordings: Readonly<Record<string, Wording>> = {
  en: {
    units: { KES: ['shilling', 'shillings'], UGX: ['shilling', 'shillings'], GHS: ['cedi', 'cedis'] },
    cents: { KES: ['cent', 'cents'], UGX: ['cent', 'cents'], GHS: ['pesewa', 'pesewas'] },
    counted: countedAfter,
    joined: (units, cents) => `${units} and ${cents}`,
  },
  sw: {
    units: { KES: ['shilingi', 'shilingi'], UGX: ['shilingi', 'shilingi'], GHS: ['sedi', 'sedi'] },
    cents: { KES: ['senti', 'senti'], UGX: ['senti', 'senti'], GHS: ['pesewa', 'pesewa'] },
    counted: (number, [noun]) => `${noun} ${number}`,
    joined: (units, cents) => `${units} na ${cents}`,
  },
  fr: {
    units: { KES: ['shilling', 'shillings'], UGX: ['shilling', 'shillings'], GHS: ['cédi', 'cédis'] },
    cents: { KES: ['centime', 'centimes'], UGX: ['centime', 'centimes'], GHS: ['pesewa', 'pesewas'] },
    counted: countedInFrench,
    joined: (units, cents) => `${units} et ${cents}`,
  },
  am: {
    units: { KES: ['ሺሊንግ', 'ሺሊንግ'], UGX: ['ሺሊንግ', 'ሺሊንግ'], GHS: ['ሴዲ', 'ሴዲ'] },
    cents: { KES: ['ሳንቲም', 'ሳንቲም'], UGX: ['ሳንቲም', 'ሳንቲም'], GHS: ['ፔሴዋ', 'ፔሴዋ'] },
    counted: countedAfter,
    joined: (units, cents) => `${units} ከ${cents}`,
  },
}

/**
 * `one thousand two hundred fifty shillings`, with cents only when there are any. Null for a language without words here, for amounts
 * below nothing, and from 10^12 units of the currency on. Two amounts never have the same words.
 */
export function amountInWords({ amount, currency }: Money, language: string): string | null {
  const spell = spellings.get(language)
  const wording = Object.hasOwn(wordings, language) ? wordings[language] : undefined
  const [units, cents] = splitAmount(amount, currency)
  if (spell === undefined || wording === undefined || amount < 0n || units > MOST) return null
  const counted = (value: number, nouns: Wording['units']): string =>
    wording.counted(spell(value), nouns[currency], value)
  if (cents === 0) return counted(units, wording.units)
  const small = counted(cents, wording.cents)
  return units === 0 ? small : wording.joined(counted(units, wording.units), small)
}

const known = new Map<string, string | null>()

/** The longest words of any amount from 0 to this one; null where `amountInWords` has none for all of them. */
export function longestInWords(most: Money, language: string): string | null {
  const key = `${language} ${most.currency} ${most.amount}`
  const found = known.get(key)
  if (found !== undefined) return found
  const longest = findLongest(most, language)
  known.set(key, longest)
  return longest
}

function findLongest({ amount, currency }: Money, language: string): string | null {
  const spell = spellings.get(language)
  const [units, cents] = splitAmount(amount, currency)
  if (spell === undefined || amount < 0n || units > MOST) return null
  const scale = 10n ** BigInt(exponents[currency])
  const words = (whole: number, small: number): string =>
    amountInWords({ amount: BigInt(whole) * scale + BigInt(small), currency }, language) ?? ''
  const longer = (a: string, b: string): string => (b.length > a.length ? b : a)
  const upTo = (whole: readonly number[], small: number): string => {
    const cent = longestUpTo(spell, small).reduce(
      (a, b) => (a === 0 || words(0, b).length > words(0, a).length ? b : a),
      0,
    )
    return whole.flatMap((each) => [words(each, 0), words(each, cent)]).reduce(longer, '')
  }
  const below = units === 0 ? '' : upTo(longestUpTo(spell, units - 1), Number(scale) - 1)
  return longer(upTo([units], cents), below)
}

/**
 * Some of the numbers from 0 to `most`, the one with the longest words among them. What stands between two groups of three digits depends
 * on no more than which of a group's digits are 0, and whether it is 1; so of all groups that are alike in this, the longest will do.
 */
function longestUpTo(spell: Spell, most: number): readonly number[] {
  if (most < 1000) return longestGroups(spell, most)
  const scale = most < 1_000_000 ? 1000 : most < 1_000_000_000 ? 1_000_000 : 1_000_000_000
  const top = Math.floor(most / scale)
  const free = longestUpTo(spell, scale - 1)
  const below = longestGroups(spell, top - 1).flatMap((group) => free.map((rest) => group * scale + rest))
  return [...below, ...longestUpTo(spell, most % scale).map((rest) => top * scale + rest)]
}

function longestGroups(spell: Spell, most: number): readonly number[] {
  const longest = new Map<string, { group: number; length: number }>()
  for (let group = 0; group <= most; group += 1) {
    const shape = group < 2 ? String(group) : String(group).padStart(3, '0').replace(/[1-9]/g, 'x')
    const { length } = spell(group)
    if (length > (longest.get(shape)?.length ?? 0)) longest.set(shape, { group, length })
  }
  return [...longest.values()].map(({ group }) => group)
}

function splitAmount(amount: bigint, currency: Currency): readonly [units: number, cents: number] {
  const scale = 10n ** BigInt(exponents[currency])
  return [Number(amount / scale), Number(amount % scale)]
}
