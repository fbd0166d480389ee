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
