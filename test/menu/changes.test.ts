import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { findRemoved, screenNow } from '../../src/menu/changes.ts'
import { compile, type MenuSources } from '../../src/menu/compile.ts'
import { loadMenuSources } from '../../src/menu/load.ts'
import { describeProblem } from '../../src/menu/problem.ts'
import { type Program, programFromJson } from '../../src/menu/program.ts'
import { contracts, kenya, menuFolder, messageContracts } from './support.ts'

type Shortcuts = Readonly<Record<string, string>>

type Case = {
  readonly name: string
  readonly before?: MenuSources
  readonly after: MenuSources
  readonly removed?: readonly string[]
  /** What is dialled and where it leads, in the published menus and in the new ones. */
  readonly shortcuts?: { readonly before: Shortcuts; readonly after: Shortcuts }
  readonly moved?: Readonly<Record<string, string>>
  readonly found: readonly string[]
}

const file = parse(readFileSync(new URL('changes.yaml', import.meta.url), 'utf8')) as {
  before: MenuSources
  cases: readonly Case[]
}

async function programOf(
  sources: MenuSources,
  removed: readonly string[] = [],
  shortcuts: Shortcuts = {},
): Promise<Program> {
  const tiny = await loadMenuSources(menuFolder('tiny'))
  const service = `${tiny['service.yaml']}removed: ${JSON.stringify(removed)}\nshortcuts: ${JSON.stringify(shortcuts)}\n`
  const result = compile({ ...tiny, 'service.yaml': service, ...sources }, contracts, messageContracts, kenya)
  if (result.kind === 'compiled') return result.program
  throw new Error(result.problems.map(describeProblem).join('\n'))
}

test.each(file.cases)(
  'what is said when $name',
  async ({ before = file.before, after, removed, shortcuts, moved = {}, found }) => {
    const published = await programOf(before, [], shortcuts?.before)
    const next = await programOf(Object.keys(after).length === 0 ? before : after, removed, shortcuts?.after)
    expect(findRemoved(published, next).map(describeProblem)).toEqual(found)
    expect(next.moved).toEqual(moved)
  },
)

test('what was counted under an id that moved is counted under the new one', async () => {
  const moving = file.cases.find(({ name }) => name.startsWith('screens and variables'))
  const program = await programOf(moving?.after ?? {})
  expect(['main.first', 'main.number', 'main.stranger', 'toString'].map((id) => screenNow(program, id))).toEqual([
    'main.hello',
    'main.number',
    'main.stranger',
    'toString',
  ])
})

test('a program that was stored without variables has lost none', async () => {
  const { variables: _, moved: __, removed: ___, ...old } = await programOf(file.before)
  expect(findRemoved(programFromJson(JSON.stringify(old)), await programOf(file.before))).toEqual([])
})
