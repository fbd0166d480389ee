import { describe, expect, test } from 'vitest'
import { fillMarks, matchMarked, putMarks } from '../../../scripts/dial/marks.ts'

describe('marks in an expected text', () => {
  test('match what differs from run to run and hold it to the same value afterwards', () => {
    const bindings = new Map<string, string>()
    expect(matchMarked('Ref <reference>.', 'Ref QX7K2M9PLT.', bindings)).toBe(true)
    expect(matchMarked('<reference> confirmed', 'QX7K2M9PLT confirmed', bindings)).toBe(true)
    expect(matchMarked('<reference> confirmed', 'ABCDEFGH23 confirmed', bindings)).toBe(false)
    expect(matchMarked('<reference 2> confirmed', 'ABCDEFGH23 confirmed', bindings)).toBe(true)
  })

  test('that stand twice in one text must be equal there', () => {
    expect(matchMarked('<code> and <code>', '123456 and 123456', new Map())).toBe(true)
    expect(matchMarked('<code> and <code>', '123456 and 123457', new Map())).toBe(false)
  })

  test('bind nothing when the text does not match', () => {
    const bindings = new Map<string, string>()
    expect(matchMarked('<code> is your code', '123456 is your card', bindings)).toBe(false)
    expect(bindings.size).toBe(0)
  })

  test('of time match each moment anew', () => {
    expect(matchMarked('<time> then <time>', '23/11/26 14:05 then 14:06', new Map())).toBe(true)
  })

  test('leave everything else exact, characters of patterns too', () => {
    expect(matchMarked('Fee KES 7. (1+1)?', 'Fee KES 7. (1+1)?', new Map())).toBe(true)
    expect(matchMarked('Fee KES 7.', 'Fee KES 70', new Map())).toBe(false)
    expect(matchMarked('Fee', 'Fee ', new Map())).toBe(false)
  })
})

describe('putting marks', () => {
  test.each([
    ['QX7K2M9PLT confirmed. KES 500 sent on 23/11/26 14:05.', '<reference> confirmed. KES 500 sent on <time>.'],
    ['493027 is your code', '<code> is your code'],
    ['Token 12345678901234567890 Fee', 'Token <token> Fee'],
    ['Token 1234 5678 9012 3456 7890', 'Token <token>'],
    ['Pay KES 123,456 to 12345678901', 'Pay KES 123,456 to 12345678901'],
    ['Balance KES 4,493. 0700***002', 'Balance KES 4,493. 0700***002'],
    ['+254700000001', '+254700000001'],
  ])('%j is noted as %j', (text, marked) => {
    expect(putMarks(text, new Map())).toBe(marked)
  })

  test('gives the same value the same mark and another value another', () => {
    const bindings = new Map<string, string>()
    expect(putMarks('QX7K2M9PLT', bindings)).toBe('<reference>')
    expect(putMarks('ABCDEFGH23 after QX7K2M9PLT', bindings)).toBe('<reference 2> after <reference>')
  })

  test('gives a text that matches what it was made from', () => {
    const text = 'QX7K2M9PLT confirmed on 14:05. Token 12345678901234567890, code 493027.'
    expect(matchMarked(putMarks(text, new Map()), text, new Map())).toBe(true)
  })
})

test('a typed mark is its value, and null while nothing has brought one', () => {
  expect(fillMarks('<code>', new Map([['<code>', '493027']]))).toBe('493027')
  expect(fillMarks('<code>', new Map())).toBeNull()
  expect(fillMarks('0712345678', new Map())).toBe('0712345678')
})
