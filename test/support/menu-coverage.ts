import { expect, test } from 'vitest'
import { walk } from '../../scripts/menus/explore/walk.ts'
import { chosenMarkets, compileFor } from '../../scripts/menus/sources.ts'
import { type Coverage, type Item, universeOf } from '../../src/menu/coverage.ts'
import { loadMenuSources } from '../../src/menu/load.ts'
import type { Program } from '../../src/menu/program.ts'
import { troubles, unplayed, unplayedScreens } from './unplayed.ts'
import { unplayedLinked } from './unplayed-linked.ts'

/** Of a language of the shipped menus: everything is played by dialogues, or named as unplayed and stepped through by the engine. */
export function testCoverage(language: string, played: Coverage): void {
  test('every screen, choice and outcome is played, or is named and stepped through', async () => {
    const program = await shipped()
    const items = universeOf(program).filter((item) => item.language === language)
    expect(items.length).toBeGreaterThan(100)
    const missing = items.filter((item) => !played.has(item))
    const stepped = walk(program).coverage
    expect(missing.filter((item) => !stepped.has(item))).toEqual([])
    const unnamed = missing.filter(({ kind, name }) => kind !== 'outcome' || !troubles.includes(name))
    expect(unnamed.map(lineOf).sort()).toEqual(namedIn(program, language))
  })
}

async function shipped(): Promise<Program> {
  const [market] = chosenMarkets('KE')
  const result = market && compileFor(market, await loadMenuSources('menus'))
  if (result?.kind !== 'compiled') throw new Error('the shipped menus are refused')
  return result.program
}

function lineOf({ screen, name }: Pick<Item, 'screen' | 'name'>): string {
  return `${screen} ${name}`
}

function namedIn(program: Program, language: string): string[] {
  const byAction = Object.entries(program.screens).flatMap(([screen, its]) =>
    'action' in its
      ? (unplayed[its.action] ?? unplayedLinked[its.action] ?? []).map((name) => lineOf({ screen, name }))
      : [],
  )
  const here = unplayedScreens.filter(({ languages }) => languages?.includes(language) ?? true)
  return [...byAction, ...here.flatMap(({ screen, names }) => names.map((name) => lineOf({ screen, name })))].sort()
}
