import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { actions } from '../../src/actions/registry.ts'
import { keywords } from '../../src/conversations/keywords/registry.ts'
import { menuSchemas } from '../../src/menu/schema/schemas.ts'
import { messageContracts } from '../../src/sms/message-contracts.ts'
import type { Verb } from './verb.ts'

export const schema: Verb = {
  name: 'schema',
  summary: 'writes the JSON Schemas by which editors complete and check menu files',
  help: `[--check] [--menus menus]

Writes schema/{service,flow,language,messages,keywords}.schema.json (draft 7) into the menu folder. The first line of each menu file names its
schema, so that VS Code (with its YAML extension) and JetBrains complete, explain and check while you type.
  --check    writes nothing; fails if a schema is not what would be written
  --menus    the folder; MENUS_DIR or menus unless stated

  npm run menus -- schema
`,
  run,
}

async function run(args: readonly string[]): Promise<number> {
  const menus = { type: 'string', default: process.env.MENUS_DIR ?? 'menus' } as const
  const { values } = parseArgs({ args: [...args], options: { check: { type: 'boolean', default: false }, menus } })
  const folder = join(values.menus, 'schema')
  const keywordContracts = [...keywords.values()].map(({ contract }) => contract)
  const schemas = menuSchemas([...actions.keys()], Object.keys(messageContracts), keywordContracts)
  if (!values.check) await mkdir(folder, { recursive: true })
  let stale = false
  for (const [name, content] of Object.entries(schemas)) {
    const path = join(folder, `${name}.schema.json`)
    const text = `${JSON.stringify(content, null, 2)}\n`
    if (!values.check) await writeFile(path, text)
    else if ((await readFile(path, 'utf8').catch(() => '')) !== text) {
      stale = true
      process.stderr.write(`${path} is not what the compiler reads; write it anew by npm run menus -- schema.\n`)
    }
  }
  return stale ? 1 : 0
}
