import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { amountInWords, longestInWords } from '../../src/domain/amount-words.ts'
import type { Currency } from '../../src/domain/money.ts'
import { MOST, spellings } from '../../src/domain/number-words.ts'

const languages = [...spellings.keys()]
const currencies: readonly Currency[] = ['KES', 'UGX', 'GHS']

const numbers: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  en: {
    0: 'zero',
    1: 'one',
    12: 'twelve',
    15: 'fifteen',
    20: 'twenty',
    40: 'forty',
    71: 'seventy-one',
    80: 'eighty',
    81: 'eighty-one',
    99: 'ninety-nine',
    100: 'one hundred',
    101: 'one hundred one',
    200: 'two hundred',
    1000: 'one thousand',
    1100: 'one thousand one hundred',
    1250: 'one thousand two hundred fifty',
    20001: 'twenty thousand one',
    21000: 'twenty-one thousand',
    100000: 'one hundred thousand',
    1000000: 'one million',
    2000019: 'two million nineteen',
    999999999999:
      'nine hundred ninety-nine billion nine hundred ninety-nine million nine hundred ninety-nine thousand nine hundred ninety-nine',
  },
  sw: {
    0: 'sifuri',
    1: 'moja',
    10: 'kumi',
    11: 'kumi na moja',
    20: 'ishirini',
    71: 'sabini na moja',
    80: 'themanini',
    81: 'themanini na moja',
    99: 'tisini na tisa',
    100: 'mia moja',
    101: 'mia moja na moja',
    120: 'mia moja na ishirini',
    121: 'mia moja ishirini na moja',
    200: 'mia mbili',
    1000: 'elfu moja',
    1050: 'elfu moja na hamsini',
    1100: 'elfu moja na mia moja',
    1250: 'elfu moja mia mbili na hamsini',
    1255: 'elfu moja mia mbili hamsini na tano',
    20001: 'elfu ishirini, na moja',
    21000: 'elfu ishirini na moja',
    100000: 'laki moja',
    125000: 'laki moja na elfu ishirini na tano',
    150005: 'laki moja elfu hamsini, na tano',
    155000: 'laki moja na elfu hamsini na tano',
    1000000: 'milioni moja',
    100000001: 'milioni mia moja, na moja',
    101000000: 'milioni mia moja na moja',
    1000000000: 'bilioni moja',
  },
  fr: {
    0: 'zéro',
    1: 'un',
    17: 'dix-sept',
    21: 'vingt et un',
    22: 'vingt-deux',
    61: 'soixante et un',
    70: 'soixante-dix',
    71: 'soixante et onze',
    72: 'soixante-douze',
    80: 'quatre-vingts',
    81: 'quatre-vingt-un',
    90: 'quatre-vingt-dix',
    91: 'quatre-vingt-onze',
    99: 'quatre-vingt-dix-neuf',
    100: 'cent',
    101: 'cent un',
    180: 'cent quatre-vingts',
    200: 'deux cents',
    201: 'deux cent un',
    1000: 'mille',
    1001: 'mille un',
    1100: 'mille cent',
    1250: 'mille deux cent cinquante',
    2000: 'deux mille',
    21000: 'vingt et un mille',
    80000: 'quatre-vingt mille',
    200000: 'deux cent mille',
    1000000: 'un million',
    80000000: 'quatre-vingts millions',
    200000000: 'deux cents millions',
    1000000000: 'un milliard',
  },
  am: {
    0: 'ዜሮ',
    1: 'አንድ',
    10: 'አስር',
    11: 'አስራ አንድ',
    19: 'አስራ ዘጠኝ',
    20: 'ሃያ',
    71: 'ሰባ አንድ',
    80: 'ሰማንያ',
    81: 'ሰማንያ አንድ',
    99: 'ዘጠና ዘጠኝ',
    100: 'አንድ መቶ',
    110: 'አንድ መቶ አስር',
    200: 'ሁለት መቶ',
    1000: 'አንድ ሺህ',
    1100: 'አንድ ሺህ አንድ መቶ',
    1250: 'አንድ ሺህ ሁለት መቶ ሃምሳ',
    20001: 'ሃያ ሺህ አንድ',
    21000: 'ሃያ አንድ ሺህ',
    100000: 'አንድ መቶ ሺህ',
    1000000: 'አንድ ሚሊዮን',
    1000000000: 'አንድ ቢሊዮን',
  },
}

describe.each(languages)('numbers are written out in %s as people say them', (language) => {
  test.each(Object.entries(numbers[language] ?? {}))('%s', (number, words) => {
    expect(spellings.get(language)?.(Number(number))).toBe(words)
  })
})

test.each([
  ['en', 'KES', 0n, 'zero shillings'],
  ['en', 'KES', 100n, 'one shilling'],
  ['en', 'KES', 101n, 'one shilling and one cent'],
  ['en', 'KES', 125_000n, 'one thousand two hundred fifty shillings'],
  ['en', 'KES', 50n, 'fifty cents'],
  ['en', 'UGX', 1_250n, 'one thousand two hundred fifty shillings'],
  ['en', 'GHS', 250_005n, 'two thousand five hundred cedis and five pesewas'],
  ['sw', 'KES', 125_000n, 'shilingi elfu moja mia mbili na hamsini'],
  ['sw', 'KES', 125_050n, 'shilingi elfu moja mia mbili na hamsini na senti hamsini'],
  ['sw', 'KES', 50n, 'senti hamsini'],
  ['sw', 'GHS', 200n, 'sedi mbili'],
  ['fr', 'KES', 0n, 'zéro shilling'],
  ['fr', 'KES', 100n, 'un shilling'],
  ['fr', 'KES', 125_000n, 'mille deux cent cinquante shillings'],
  ['fr', 'KES', 20_001n, 'deux cents shillings et un centime'],
  ['fr', 'UGX', 1_000_000n, 'un million de shillings'],
  ['fr', 'UGX', 3_000_000_000n, 'trois milliards de shillings'],
  ['fr', 'UGX', 1_200_000n, 'un million deux cent mille shillings'],
  ['fr', 'GHS', 8_000n, 'quatre-vingts cédis'],
  ['am', 'KES', 125_000n, 'አንድ ሺህ ሁለት መቶ ሃምሳ ሺሊንግ'],
  ['am', 'KES', 125_050n, 'አንድ ሺህ ሁለት መቶ ሃምሳ ሺሊንግ ከሃምሳ ሳንቲም'],
  ['am', 'GHS', 205n, 'ሁለት ሴዲ ከአምስት ፔሴዋ'],
] as const)('%s %s %s: %s', (language, currency, amount, words) => {
  expect(amountInWords({ amount, currency }, language)).toBe(words)
})

test('there are no words for a language that is not known, an amount below nothing or one of a million million', () => {
  const of = (amount: bigint, language: string): string | null => amountInWords({ amount, currency: 'KES' }, language)
  expect([of(100n, 'zu'), of(100n, 'constructor'), of(-1n, 'en'), of(10n ** 14n, 'en')]).toEqual([
    null,
    null,
    null,
    null,
  ])
  expect(of(10n ** 14n - 1n, 'en')).not.toBeNull()
  expect(longestInWords({ amount: 10n ** 14n, currency: 'KES' }, 'en')).toBeNull()
  expect(longestInWords({ amount: 100n, currency: 'KES' }, 'zu')).toBeNull()
})

/** Amounts of all sizes, with many zeros among their digits, where words are likeliest to be confused. */
const units: fc.Arbitrary<number> = fc
  .array(fc.constantFrom(0, 0, 0, 1, 2, 9), { minLength: 1, maxLength: 12 })
  .map((digits) => Number(digits.join('')))

test.each(languages)('distinct numbers have distinct words in %s', (language) => {
  const spell = spellings.get(language)
  const known = new Map<string, number>()
  const clashes: string[] = []
  const tell = (value: number): void => {
    const words = spell?.(value) ?? ''
    if (!/^\S+( \S+)*$/u.test(words) || (known.get(words) ?? value) !== value)
      clashes.push(`${known.get(words)} and ${value} are "${words}"`)
    known.set(words, value)
  }
  for (let value = 0; value < 30_000; value += 1) tell(value)
  fc.assert(fc.property(fc.oneof(units, fc.integer({ min: 0, max: MOST })), tell), { numRuns: 5000 })
  expect(clashes).toEqual([])
})

test.each(languages)('distinct amounts have distinct words in %s', (language) => {
  for (const currency of currencies) {
    const known = new Map<string, bigint>()
    const cents = fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 99n }))
    const amounts = fc.tuple(units, cents).map(([whole, cent]) => BigInt(whole) * 100n + cent)
    fc.assert(
      fc.property(amounts, (amount) => {
        const words = amountInWords({ amount, currency }, language)
        if (words === null) return
        expect(known.get(words) ?? amount).toBe(amount)
        known.set(words, amount)
      }),
      { numRuns: 2000 },
    )
  }
})

test.each(languages)('the longest words of all amounts up to one are told exactly in %s', (language) => {
  for (const currency of currencies) {
    let longest = 0
    const wrong: bigint[] = []
    for (let amount = 0n; amount < 60_000n; amount += 1n) {
      longest = Math.max(longest, amountInWords({ amount, currency }, language)?.length ?? 0)
      if (amount >= 300n && amount % 1997n !== 0n) continue
      if (longestInWords({ amount, currency }, language)?.length !== longest) wrong.push(amount)
    }
    expect(wrong, currency).toEqual([])
  }
})

test.each(languages)('no words of a large amount are longer than is told in %s', (language) => {
  for (const most of [999_999_999n, 1_000_000_000n, 4_238_017_350n]) {
    const longest = longestInWords({ amount: most, currency: 'KES' }, language)?.length ?? 0
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: most }), (amount) => {
        expect(amountInWords({ amount, currency: 'KES' }, language)?.length).toBeLessThanOrEqual(longest)
      }),
      { numRuns: 1000 },
    )
  }
})
