import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { describeProblem, type Problem } from '../../../src/menu/problem.ts'
import { type Engine, engineIn } from '../engine.ts'
import { type Law, laws } from '../laws.ts'
import { printed } from '../menus.ts'
import { measured } from '../walk.ts'
import { draftOf } from './build.ts'
import { sourcesOf } from './draft.ts'
import { acceptedMenus, compileSpec } from './programs.ts'
import { slips } from './slips.ts'
import { specs } from './spec.ts'
import { tallyOf } from './tally.ts'

let engine: Engine
beforeAll(async () => {
  engine = await engineIn(fileURLToPath(new URL('../../../src', import.meta.url)))
})

/** Another one each time; a failure prints it. One for all laws, so that menus are compiled once. */
const seed = Date.now() | 0

describe('whatever the menus, whatever people type and actions answer', () => {
  test.each(Object.entries<Law>(laws))('%s', { timeout: 90_000 }, (_name, law) => {
    law(engine, acceptedMenus(engine), { seed, numRuns: 60 })
  })
})

describe('generated menus', () => {
  test('are mostly accepted, and their dialogues come to all that menus can have', { timeout: 90_000 }, () => {
    const all = fc.sample(specs(0), { numRuns: 120, seed: 1 })
    const accepted = all.flatMap((spec) => compileSpec(engine, spec).menus ?? [])
    expect(accepted.length).toBeGreaterThan(0.6 * all.length)
    const tally = tallyOf(engine, accepted)
    const few = Object.entries(tally).filter(([, count]) => count < 0.1 * accepted.length)
    expect(few, JSON.stringify(tally)).toEqual([])
  })

  test('without a mistake are refused only for what chance may do to them', () => {
    fc.assert(
      fc.property(specs(0), (spec) => {
        const draft = draftOf(spec)
        for (const problem of compileSpec(engine, spec).problems ?? []) {
          const isByChance = draft.risks.has(problem.code) || problem.code.startsWith('W-') || isTooLong(problem)
          expect(isByChance, describeProblem(problem) + printed(sourcesOf(draft))).toBe(true)
        }
      }),
      { seed, numRuns: 100 },
    )
  })

  test.each(slips)('with the mistake of $name are refused for it', (slip) => {
    fc.assert(
      fc.property(specs(0), (plain) => {
        const spec = { ...plain, slip }
        const codes = compileSpec(engine, spec).problems?.map(({ code }) => code)
        expect(codes, printed(sourcesOf(draftOf(spec)))).toContain(slip.code)
      }),
      { seed, numRuns: 8 },
    )
  })
})

/** Whether a screen that was refused for its length is really too long, as printed. */
function isTooLong({ code, message }: Problem): boolean {
  const [, said, limit, alphabet] = /can take (\d+) of (\d+) (septets|UCS-2|lines)/.exec(message) ?? []
  const text = [...message.matchAll(/\n {4}\| (.*)/g)].map(([, line]) => line ?? '').join('\n')
  const length = alphabet === 'lines' ? text.split('\n').length : measured(text, alphabet === 'septets')
  return (code === 'E-WIDTH' || code === 'E-LINES') && length === Number(said) && length > Number(limit)
}
