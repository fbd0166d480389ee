import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test, vi } from 'vitest'
import { readDialogue } from '../../../scripts/dialogues/file.ts'
import { writeDialogue } from '../../../scripts/menus/import/dialogue.ts'
import { readDialoguss } from '../../../scripts/menus/import/dialoguss.ts'
import { importDialogues } from '../../../scripts/menus/import.ts'

const fixtures = fileURLToPath(new URL('dialoguss', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'dialoguss-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** All that is written and said of a file. */
function imported(file: string): { text: string; dialogues: readonly string[] } {
  const read = readDialoguss(readFileSync(join(fixtures, file), 'utf8'))
  if (read.kind === 'wrong') throw new Error(read.problem)
  const written = read.sessions.map((session) => writeDialogue(session, file))
  const notes = [...read.notes, ...written.flatMap((each) => each.notes)]
  const dialogues = written.flatMap(({ yaml }) => (yaml === null ? [] : [yaml]))
  return { text: `${dialogues.join('---\n')}\n${notes.map((note) => `# ${note}\n`).join('')}`, dialogues }
}

const files = readdirSync(fixtures).filter((name) => /\.ya?ml$/.test(name))

test.each(files)('%s becomes the dialogues beside it, which the runner of dialogues can read', async (file) => {
  const { text, dialogues } = imported(file)
  await expect(text).toMatchFileSnapshot(join(fixtures, `${file}.txt`))
  for (const dialogue of dialogues) expect(readDialogue(dialogue)).toMatchObject({ kind: 'dialogue' })
})

test('what cannot be read is refused with a sentence that says what to do', () => {
  const problem = (source: string): string => {
    const read = readDialoguss(source)
    return read.kind === 'wrong' ? read.problem : 'read'
  }
  const byHand = 'url: http://localhost:9000/ussd\ndial: "*123#"\nphoneNumber: 265888000001\n'
  expect(problem(byHand)).toContain('no sessions')
  expect(problem(byHand.replaceAll('"', ''))).toContain('Put what is dialled in quotes')
  expect(problem('just words')).toContain('no dialoguss file')
})

test('the verb writes a file for each session, and replaces none unless told to', async () => {
  const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  const run = (file: string, ...options: string[]): Promise<number> =>
    importDialogues.run([join(fixtures, file), '--out', folder, ...options])
  expect(await run('sample.yml')).toBe(0)
  expect(readdirSync(folder).sort()).toEqual(['sample.12345678910.en.yaml', 'sample.123456789100000.en.yaml'])
  await expect(run('sample.yml')).rejects.toThrow('--force replaces it')
  expect(await run('sample.yml', '--force')).toBe(0)
  expect(await run('older.yaml', '--language', 'sw')).toBe(1)
  expect(readdirSync(folder)).toContain('older.first.sw.yaml')
  expect(written.mock.calls.length).toBe(5)
  expect(said.mock.calls.flat().join('')).toContain('session empty: it has no steps; left out.')
  vi.restoreAllMocks()
})
