import { readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { describe, expect, test } from 'vitest'
import { isSeq, parseDocument } from 'yaml'
import { codes } from '../../src/menu/codes.ts'
import { describeProblem } from '../../src/menu/problem.ts'
import { compileTest, overTiny, wrongMenus } from './wrong-menus.ts'

/** `UPDATE=1 npx vitest run test/menu/wrong.test.ts` writes what is found into the files, to be read in review. */
const UPDATE = process.env.UPDATE === '1'

describe('every wrong menu is told what is wrong, where, what comes of it and what cures it', () => {
  test.each(wrongMenus.map((wrong) => [basename(wrong.path), wrong] as const))('%s', (_name, wrong) => {
    const result = compileTest(overTiny(wrong.files))
    const problems = result.kind === 'refused' ? result.problems : result.warnings
    const found = problems.map(describeProblem)
    if (UPDATE) rewrite(wrong.path, found)
    else expect(found).toEqual(wrong.problems)
    expect(problems.map(({ code }) => code)).toContain(wrong.code)
    expect(result.kind).toBe(wrong.code.startsWith('W-') ? 'compiled' : 'refused')
  })
})

test('every code that a problem can have has a wrong menu', () => {
  const shown = new Set(wrongMenus.map(({ code }) => code))
  expect(Object.keys(codes).filter((code) => !shown.has(code))).toEqual([])
})

describe('the cure of a wrong menu leaves nothing to be said', () => {
  test.each(wrongMenus.filter(({ cured }) => cured !== null).map((wrong) => [basename(wrong.path), wrong] as const))(
    '%s',
    (_name, { files, cured }) => {
      const result = compileTest(overTiny(files, cured))
      const problems = result.kind === 'refused' ? result.problems : result.warnings
      expect(problems.map(describeProblem)).toEqual([])
    },
  )
})

function rewrite(path: string, found: readonly string[]): void {
  const document = parseDocument(readFileSync(path, 'utf8'))
  const node = document.createNode(found)
  if (isSeq(node)) node.flow = false
  document.set('problems', node)
  writeFileSync(path, document.toString({ lineWidth: 0 }))
}
