import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { writeDialogue } from './import/dialogue.ts'
import { readDialoguss } from './import/dialoguss.ts'
import type { Verb } from './verb.ts'

/** `import` is a word of the language. */
export const importDialogues: Verb = {
  name: 'import',
  summary: 'turns dialoguss files into dialogue tests',
  help: `FILE [--out test/dialogues] [--language en] [--force]

Writes a dialogue test for each session of a dialoguss file, and says what could not be taken over. 1 where a session could not be.
  --out       the folder; test/dialogues unless stated
  --language  of the screens, for the file's name: <file>.<session>.en.yaml
  --force     replaces files that are there
npm run menus -- test FILE --update puts right the screens that differ; read what it changes.

  npm run menus -- import dialoguss.yml
  npm run menus -- import app.yaml --out /tmp/dialogues --language sw
`,
  run,
}

async function run(args: readonly string[]): Promise<number> {
  const options = {
    out: { type: 'string', default: 'test/dialogues' },
    language: { type: 'string', default: 'en' },
    force: { type: 'boolean', default: false },
  } as const
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
  const [file, ...others] = positionals
  if (file === undefined || others.length > 0) throw new Error('Which file? import dialoguss.yml')
  const read = readDialoguss(await readFile(file, 'utf8'))
  if (read.kind === 'wrong') throw new Error(`${file}: ${read.problem}`)
  await mkdir(values.out, { recursive: true })
  for (const note of read.notes) process.stderr.write(`${note}\n`)
  let left = 0
  for (const session of read.sessions) {
    const { yaml, notes } = writeDialogue(session, basename(file))
    for (const note of notes) process.stderr.write(`${note}\n`)
    if (yaml === null) {
      left += 1
      continue
    }
    const name = [basename(file).replace(/\.ya?ml$/, ''), session.id].map(wordOf).join('.')
    const target = join(values.out, `${name}.${values.language}.yaml`)
    await writeFile(target, yaml, { flag: values.force ? 'w' : 'wx' }).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') throw new Error(`${target} is there already; --force replaces it.`)
      throw error
    })
    process.stdout.write(`${target}\n`)
  }
  return left > 0 ? 1 : 0
}

function wordOf(text: string): string {
  return (
    text
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-|-$/g, '') || 'session'
  )
}
