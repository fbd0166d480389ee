import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dialledInputs, placeCumulative } from '../../src/conversations/arrival.ts'
import { Secret } from '../../src/domain/secret.ts'

const mac = (text: string) => createHash('sha256').update(text).digest('hex')
const seen = (text: string) => ({ length: text.length, mac: mac(text) })

function place(known: string, arrived: string): string {
  const arrival = placeCumulative(seen(known), new Secret(arrived), mac)
  return arrival.kind === 'next' ? `next ${arrival.input.reveal()}` : arrival.kind
}

describe('a cumulative request finds its place', () => {
  test.each([
    ['', '', 'repeat'],
    ['', '1', 'next 1'],
    ['', '1*2', 'next 1*2'],
    ['1', '1', 'repeat'],
    ['1', '1*0712345678', 'next 0712345678'],
    ['1', '1*', 'next '],
    ['1*', '1**', 'next '],
    ['1*0712345678', '1*0712345678*5*0', 'next 5*0'],
    ['1*2', '1', 'stale'],
    ['1*2', '', 'stale'],
    ['1*2', '1*3', 'stale'],
    ['1*2', '1*3*4', 'unrelated'],
    ['1*2', '1*23', 'unrelated'],
    ['1*2', '9*9*9*9', 'unrelated'],
  ])('known %j, arrived %j: %s', (known, arrived, expected) => {
    expect(place(known, arrived)).toBe(expected)
  })

  test('one answer at a time, whatever is typed, is taken for exactly that answer', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 }), { maxLength: 8 }), fc.string(), (before, answer) => {
        const known = before.join('*')
        const arrived = known === '' ? answer : `${known}*${answer}`
        fc.pre(arrived !== known)
        expect(place(known, arrived)).toBe(`next ${answer}`)
        expect(place(arrived, arrived)).toBe('repeat')
        if (known.length < arrived.length) expect(place(arrived, known)).toBe('stale')
      }),
    )
  })
})

test('what follows the dialled code is split at its stars, once', () => {
  const inputs = (text: string) => dialledInputs(new Secret(text)).map((input) => input.reveal())
  expect(inputs('')).toEqual([])
  expect(inputs('1*0712345678*500')).toEqual(['1', '0712345678', '500'])
  expect(inputs('1**2')).toEqual(['1', '', '2'])
})
