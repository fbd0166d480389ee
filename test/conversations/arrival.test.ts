import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  dialledInputs,
  MOST_EARLIER,
  placeCumulative,
  placeSingle,
  REPEAT_WINDOW_MS,
} from '../../src/conversations/arrival.ts'
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

describe('an input that came alone finds its place', () => {
  const NOW = 1_000_000
  type Given = { last: string; agoMs: number; unsure?: boolean; before?: [string, number][] }
  function place(
    { last, agoMs, unsure = false, before = [] }: Given,
    input: string,
    fresh: boolean,
    kind: 'begin' | 'answer',
  ) {
    const earlier = before.map(([text, ms]) => ({ mac: mac(text), atMs: NOW - ms }))
    const known = { seen: seen(last), atMs: NOW - agoMs, unsure, earlier }
    return placeSingle(known, { kind, mac: mac(input), fresh, atMs: NOW })
  }

  const soon = REPEAT_WINDOW_MS
  const late = REPEAT_WINDOW_MS + 1
  test.each<[string, Given, string, boolean, 'begin' | 'answer', string]>([
    ['another answer', { last: '1', agoMs: 10 }, '2', false, 'answer', 'next'],
    ['the same at once', { last: '1', agoMs: 0 }, '1', false, 'answer', 'repeat'],
    ['the same at the end of the window', { last: '1', agoMs: soon }, '1', false, 'answer', 'repeat'],
    ['the same after the window', { last: '1', agoMs: late }, '1', false, 'answer', 'next'],
    ['the same, and the screen may be lost', { last: '1', agoMs: late, unsure: true }, '1', false, 'answer', 'repeat'],
    ['another, and the screen may be lost', { last: '1', agoMs: late, unsure: true }, '2', false, 'answer', 'next'],
    ['the same, and the network has its screen', { last: '1', agoMs: 0 }, '1', true, 'answer', 'next'],
    ['one of before', { last: '2', agoMs: 5, before: [['1', soon]] }, '1', false, 'answer', 'stale'],
    ['one of long before', { last: '2', agoMs: 5, before: [['1', late]] }, '1', false, 'answer', 'next'],
    ['a dial again', { last: 'dial', agoMs: 5 }, 'dial', false, 'begin', 'repeat'],
    ['a dial again, later', { last: 'dial', agoMs: late }, 'dial', false, 'begin', 'begin'],
    ['another dial', { last: 'dial', agoMs: 5 }, 'dial 1', false, 'begin', 'begin'],
    ['a dial, after an answer', { last: '1', agoMs: 5, before: [['dial', late]] }, 'dial', false, 'begin', 'begin'],
    ['a dial that comes late', { last: '1', agoMs: 5, before: [['dial', soon]] }, 'dial', false, 'begin', 'stale'],
  ])('%s: %j', (_, known, input, fresh, kind, expected) => {
    expect(place(known, input, fresh, kind)).toBe(expected)
  })

  test('whatever the network repeats at once, in any order, is never a new answer', () => {
    const answers = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: MOST_EARLIER })
    const gapMs = Math.floor(REPEAT_WINDOW_MS / (2 * MOST_EARLIER))
    fc.assert(
      fc.property(answers, fc.array(fc.nat(), { maxLength: 8 }), (typed, again) => {
        const given = typed.map((text, index) => ({ mac: mac(text), atMs: NOW + index * gapMs }))
        const [last, ...earlier] = given.reverse()
        if (last === undefined) return
        const known = { seen: { length: 1, mac: last.mac }, atMs: last.atMs, unsure: false, earlier }
        for (const number of again) {
          const repeated = given[number % given.length] ?? last
          const arrival = placeSingle(known, {
            kind: 'answer',
            mac: repeated.mac,
            fresh: false,
            atMs: last.atMs + gapMs,
          })
          expect(arrival).toBe(repeated === last ? 'repeat' : 'stale')
        }
      }),
    )
  })
})
