import { expect, test } from 'vitest'
import type { Slot } from '../../src/menu/program.ts'
import { fill } from '../../src/menu/text.ts'
import { AT_MS, kenya } from './support.ts'

test.each<[string, Slot['as'], number, string]>([
  ['Zoë 😀', 'text', 5, 'Zoë '],
  ['Zoë 😀', 'text', 6, 'Zoë 😀'],
  ['😀 Zoë', 'last', 5, ' Zoë'],
  ['😀 Zoë', 'last', 6, '😀 Zoë'],
  ['😀😀', 'last', 3, '😀'],
])('%j by %s of %i is %j, without half a character', (value, as, width, shown) => {
  const slot: Slot = { value: { from: 'variable', name: 'x' }, as, width }
  expect(fill({ gsm7: false, parts: [slot] }, () => value, { gsm7: false, market: kenya, atMs: AT_MS })).toBe(shown)
})

test.each<[string, (string | null)[], string]>([
  ['at the end of a line', ['City Gas ', null, '\nAmount:'], 'City Gas\nAmount:'],
  ['at the end', ['Due ', null], 'Due'],
  ['alone on the first line', [null, '\nDue 5'], 'Due 5'],
  ['alone on a line', ['City Gas\n', null, '\nDue 5'], 'City Gas\nDue 5'],
  ['in the middle of a line', ['Due ', null, 'now'], 'Due now'],
])('an empty value %s leaves no space and no line behind', (_where, pieces, shown) => {
  const slot: Slot = { value: { from: 'variable', name: 'x' }, as: 'text', width: 14 }
  const parts = pieces.map((piece) => piece ?? slot)
  expect(fill({ gsm7: true, parts }, () => '', { gsm7: true, market: kenya, atMs: AT_MS })).toBe(shown)
})

test.each<[string, string, string]>([
  ['Juma K.', '. An SMS follows.', 'To Juma K. An SMS follows.'],
  ['Juma K.', '.', 'To Juma K.'],
  ['Juma', '.', 'To Juma.'],
  ['Juma K.', ', ref 7.', 'To Juma K., ref 7.'],
])('after %j the words %j make one full stop', (value, after, shown) => {
  const slot: Slot = { value: { from: 'variable', name: 'x' }, as: 'text', width: 14 }
  const template = { gsm7: true, parts: ['To ', slot, after] }
  expect(fill(template, () => value, { gsm7: true, market: kenya, atMs: AT_MS })).toBe(shown)
})
