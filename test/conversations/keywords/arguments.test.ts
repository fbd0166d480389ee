import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { digitsOf, parseAmount, readNumber, split } from '../../../src/conversations/keywords/arguments.ts'
import { formatMoney } from '../../../src/domain/money.ts'
import { kenya } from '../../menu/support.ts'

describe('an amount is read as people write it, and nothing that could be another', () => {
  test.each([
    ['500', 'KES', 50_000n],
    ['Ksh.500', 'KES', 50_000n],
    ['KES: 1,250.50', 'KES', 125_050n],
    ['500/=', 'KES', 50_000n],
    ['500/-', 'KES', 50_000n],
    ['500 bob', 'KES', 50_000n],
    ['sh 1 250', 'KES', 125_000n],
    ['500.', 'KES', 50_000n],
    ['USh 5000', 'UGX', 5000n],
    ['GH₵ 20.5', 'GHS', 2050n],
    ['20 cedis', 'GHS', 2000n],
    ['GHS 500', 'KES', null],
    ['2k', 'KES', null],
    ['1.250,50', 'KES', null],
    ['-500', 'KES', null],
    ['0', 'KES', null],
    ['5e3', 'KES', null],
    ['500.50', 'UGX', null],
    ['1000000', 'KES', null],
  ] as const)('%s in %s', (text, currency, amount) => {
    expect(parseAmount(text, currency)).toBe(amount)
  })

  test('whatever is shown or dialled is read as the same amount', () => {
    fc.assert(
      fc.property(fc.bigInt(1n, 99_999_999n), (amount) => {
        expect(parseAmount(formatMoney({ amount, currency: 'KES' }), 'KES')).toBe(amount)
        expect(parseAmount(digitsOf(amount, 'KES'), 'KES')).toBe(amount)
      }),
    )
  })
})

test('a number is found wherever its groups stand, and what is left is what was not of it', () => {
  const national = fc.stringMatching(/^7[0-9]{8}$/)
  const written = fc.constantFrom<(digits: string) => string>(
    (digits) => `0${digits}`,
    (digits) => `+254${digits}`,
    (digits) => `254 ${digits.slice(0, 3)} ${digits.slice(3)}`,
    (digits) => `0${digits.slice(0, 3)} ${digits.slice(3, 6)} ${digits.slice(6)}`,
    (digits) => `+254-${digits.slice(0, 3)}-${digits.slice(3)}`,
  )
  fc.assert(
    fc.property(national, written, fc.constantFrom('to', 'KES', 'mama'), (digits, write, word) => {
      const { tokens } = split(`${word} ${write(digits)}, please`)
      const read = readNumber(tokens, kenya.numbering)
      expect(read?.value).toBe(`+254${digits}`)
      expect(read?.left).toEqual([word, 'please'])
    }),
  )
})
