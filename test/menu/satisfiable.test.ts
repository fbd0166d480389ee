import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Known, satisfiable } from '../../src/menu/checks/satisfiable.ts'
import type { Json } from '../../src/menu/contract.ts'
import { holds } from '../../src/menu/guard.ts'
import type { Comparison, Guard, Source, Type } from '../../src/menu/program.ts'

const types: Readonly<Record<string, Type>> = {
  count: { type: 'number', max: 3 },
  limit: { type: 'number', max: 3 },
  due: { type: 'money', max: '2' },
  kind: { type: 'choice', of: ['a', 'b', 'c'] },
  other: { type: 'choice', of: ['b', 'c'] },
}
const values = fc.record({
  count: fc.integer({ min: 0, max: 3 }),
  limit: fc.integer({ min: 0, max: 3 }),
  due: fc.integer({ min: 0, max: 2 }).map(String),
  kind: fc.constantFrom('a', 'b', 'c'),
  other: fc.constantFrom('b', 'c'),
})

const variable = (name: string): Source => ({ from: 'variable', name })
const literal = (value: Json): Source => ({ from: 'literal', value })
const number = fc.oneof(
  fc.constantFrom('count', 'limit', 'due').map(variable),
  fc.integer({ min: 0, max: 4 }).map(literal),
)
const word = fc.oneof(fc.constantFrom('kind', 'other').map(variable), fc.constantFrom('a', 'b', 'c').map(literal))
const order = fc.constantFrom<Comparison>('==', '!=', '<', '<=', '>', '>=')
const compare = (numeric: boolean, by: Comparison, left: Source, right: Source): Guard => ({
  op: 'compare',
  by,
  numeric,
  left,
  right,
})
const atom = fc.oneof(
  fc.tuple(order, number, number).map(([by, left, right]) => compare(true, by, left, right)),
  fc
    .tuple(fc.constantFrom<Comparison>('==', '!='), word, word)
    .map(([by, left, right]) => compare(false, by, left, right)),
  fc
    .tuple(fc.constantFrom('kind', 'other').map(variable), fc.subarray(['a', 'b', 'c'], { minLength: 1 }))
    .map(([left, among]): Guard => ({ op: 'in', left, among })),
)
const { guard } = fc.letrec<{ guard: Guard }>((tie) => ({
  guard: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    atom,
    tie('guard').map((of): Guard => ({ op: 'not', of })),
    fc
      .tuple(fc.constantFrom<'and' | 'or'>('and', 'or'), tie('guard'), tie('guard'))
      .map(([op, left, right]): Guard => ({ op, left, right })),
  ),
}))

function known(source: Source): Known {
  return { type: source.from === 'variable' ? (types[source.name] ?? null) : null, only: null }
}

test('no condition is called impossible that some values make true', () => {
  fc.assert(
    fc.property(fc.array(guard, { minLength: 1, maxLength: 3 }), values, (guards, chosen) => {
      const lookup = (source: Source): Json | undefined =>
        source.from === 'literal'
          ? source.value
          : chosen[(source.from === 'variable' ? source.name : '') as keyof typeof chosen]
      const yes = guards.filter((each) => holds(each, lookup))
      const no = guards.filter((each) => !holds(each, lookup))
      expect(satisfiable(yes, no, known)).toBe(true)
    }),
    { numRuns: 2_000 },
  )
})

test('a condition on one value that nothing makes true is called impossible', () => {
  const all = { count: [0, 1, 2, 3], kind: ['a', 'b', 'c'] }
  const onCount = fc
    .tuple(order, fc.integer({ min: 0, max: 4 }))
    .map(([by, value]) => compare(true, by, variable('count'), literal(value)))
  const onKind = fc
    .subarray(['a', 'b', 'c'], { minLength: 1 })
    .map((among): Guard => ({ op: 'in', left: variable('kind'), among }))
  for (const [name, one] of [
    ['count', onCount],
    ['kind', onKind],
  ] as const) {
    fc.assert(
      fc.property(fc.array(one, { maxLength: 3 }), fc.array(one, { maxLength: 3 }), (yes, no) => {
        const possible = all[name].some((value) => {
          const lookup = (source: Source): Json | undefined => (source.from === 'literal' ? source.value : value)
          return yes.every((each) => holds(each, lookup)) && !no.some((each) => holds(each, lookup))
        })
        expect(satisfiable(yes, no, known)).toBe(possible)
      }),
      { numRuns: 1_000 },
    )
  }
})

test('conditions too long to take apart count as possible', () => {
  const pair: Guard = {
    op: 'or',
    left: compare(true, '<', variable('count'), literal(1)),
    right: compare(true, '>', variable('count'), literal(2)),
  }
  const never = compare(true, '>', variable('count'), literal(3))
  expect(satisfiable([never, pair], [], known)).toBe(false)
  expect(satisfiable([...Array.from({ length: 12 }, () => pair), never], [], known)).toBe(true)
})
