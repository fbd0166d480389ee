import { readFileSync } from 'node:fs'
import { HELP, type Options, readOptions } from './accounts/options.ts'
import { runVerb } from './accounts/run.ts'
import { runCommand } from './command-line.ts'
import { readToolEnv } from './local/keys.ts'
import { openToolStores } from './stores.ts'

await runCommand(readOptions(process.argv.slice(2)), HELP, run)

async function run(options: Options): Promise<number> {
  const env = await readToolEnv(process.env)
  const stores = await openToolStores(process.env)
  try {
    const { done, text } = await runVerb(stores.databaseUrl, env, (path) => readFileSync(path, 'utf8'), options)
    const toOutput = done || options.json
    ;(toOutput ? process.stdout : process.stderr).write(`${text}\n`)
    return done ? 0 : 1
  } finally {
    await stores.release()
  }
}
