import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, expect, test } from 'vitest'
import { codes, pageOf } from '../../src/menu/codes.ts'
import { type Code, endColumnOf, type Problem, printProblem } from '../../src/menu/problem.ts'
import { compileTest, overTiny, type WrongMenu, wrongMenus } from './wrong-menus.ts'

/** `UPDATE=1 npx vitest run test/menu/codes.test.ts` writes the pages anew. */
const UPDATE = process.env.UPDATE === '1'
const names = Object.keys(codes) as Code[]

describe('every code has a page with a wrong menu, what is said of it and its cure', () => {
  test.each(names)('%s', (code) => {
    const example = wrongMenus.find((wrong) => wrong.code === code && wrong.cured !== null)
    if (example === undefined) throw new Error(`no wrong menu of ${code} has its cure`)
    const path = pageOf(code)
    const page = printPage(code, example)
    if (UPDATE) {
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, page)
    } else expect(existsSync(path) ? readFileSync(path, 'utf8') : '', 'UPDATE=1 writes it anew').toBe(page)
  })

  test('and there is no page of another', () => {
    const pages = readdirSync(dirname(pageOf('E-YAML')))
    expect(pages.sort()).toEqual(names.map((code) => `${code}.md`).sort())
  })

  test('and a line in the table of docs/menus.md', () => {
    const document = readFileSync('docs/menus.md', 'utf8')
    const wanted = (code: Code): string => `| [${code}](menus/codes/${code}.md) | ${codes[code].title} |`
    expect(names.map(wanted).filter((line) => !document.includes(line))).toEqual([])
  })
})

describe('every wrong menu is underlined where it is wrong', () => {
  test.each<[string, string, string]>([
    ['a word before a comma', '      first: { end: Hello, goo: first }', 'goo'],
    ['a text in quotes', '        when: "a, b: c" # why', '"a, b: c"'],
    ['a key', '  first:', 'first'],
    ['plain words to the end of the line', '    end: Good day to you', 'Good day to you'],
    ['a bracket', '    choices: [ x ]', '['],
  ])('%s', (_what, line, wanted) => {
    const at = { file: 'a.yaml', line: 1, column: line.indexOf(wanted) + 1 }
    const problem: Problem = { ...at, code: 'E-SHAPE', message: 'x' }
    expect(line.slice(at.column - 1, endColumnOf(problem, { 'a.yaml': line }) - 1)).toBe(wanted)
    expect(printProblem(problem, { 'a.yaml': line }).split('\n')[2]).toBe(
      `  ${' '.repeat(at.column - 1)}${'^'.repeat(wanted.length)}`,
    )
  })
})

function printPage(code: Code, { title, files, cured }: WrongMenu): string {
  const text = codes[code]
  const result = compileTest(overTiny(files))
  const problems = result.kind === 'refused' ? result.problems : result.warnings
  const said = problems.map((problem) => printProblem(problem, overTiny(files))).join('\n')
  const effect = code.startsWith('E-') ? 'The menus are refused.' : 'The menus compile; `check --strict` fails.'
  return `# ${code}: ${text.title}

${text.checks}

**What would come of it.** ${text.consequence} ${effect}

**The cure.** ${text.cure}

## Example

${title}

${printFiles(files)}
The compiler says:

\`\`\`text
${said}
\`\`\`

Cured:

${printFiles(Object.fromEntries(Object.entries(cured ?? {}).filter(([name, source]) => source !== files[name])))}`
}

function printFiles(files: Readonly<Record<string, string | null>>): string {
  const blocks = Object.entries(files).map(([name, source]) =>
    source === null ? `The file ${name} is taken away.\n` : `\`\`\`yaml\n# ${name}\n${source.trimEnd()}\n\`\`\`\n`,
  )
  return blocks.join('\n')
}
