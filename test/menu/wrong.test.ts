import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { isSeq, parse, parseDocument } from 'yaml'
import { compile, type MenuSources } from '../../src/menu/compile.ts'
import { loadMenuSources } from '../../src/menu/load.ts'
import { describeProblem } from '../../src/menu/problem.ts'
import { contracts, kenya, menuFolder, messageContracts } from './support.ts'

/** `UPDATE=1 npx vitest run test/menu/wrong.test.ts` writes what is found into the files, to be read in review. */
const UPDATE = process.env.UPDATE === '1'

const FOLDER = menuFolder('wrong')
const files = readdirSync(FOLDER).sort()

describe('every wrong menu is told what is wrong, where, what comes of it and what cures it', () => {
  test.each(files)('%s', async (file) => {
    const path = join(FOLDER, file)
    const wrong = parse(readFileSync(path, 'utf8')) as { files: MenuSources; problems: string[] }
    const tiny = await loadMenuSources(menuFolder('tiny'))
    const result = compile({ ...tiny, ...wrong.files }, contracts, messageContracts, kenya, ['narrow', 'low'])
    const problems = result.kind === 'refused' ? result.problems : result.warnings
    const found = problems.map(describeProblem)
    if (UPDATE) rewrite(path, found)
    else expect(found).toEqual(wrong.problems)
    expect(problems.map(({ code }) => code)).toContain(/^[EW]-[A-Z0-9]+/.exec(file)?.[0])
    expect(result.kind).toBe(file.startsWith('W-') ? 'compiled' : 'refused')
  })
})

test('every code that a problem can have has a wrong menu', () => {
  const source = readFileSync(new URL('../../src/menu/problem.ts', import.meta.url), 'utf8')
  const codes = new Set([...source.matchAll(/\| '([EW]-\w+)'/g)].map(([, code]) => code))
  const shown = new Set(files.map((file) => /^[EW]-[A-Z0-9]+/.exec(file)?.[0]))
  expect([...codes].filter((code) => !shown.has(code))).toEqual([])
})

function rewrite(path: string, found: readonly string[]): void {
  const document = parseDocument(readFileSync(path, 'utf8'))
  const node = document.createNode(found)
  if (isSeq(node)) node.flow = false
  document.set('problems', node)
  writeFileSync(path, document.toString({ lineWidth: 0 }))
}
