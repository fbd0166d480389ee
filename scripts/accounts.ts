import { readFileSync } from 'node:fs'
import { HELP, type Options, readOptions } from './accounts/options.ts'
import { runVerb } from './accounts/run.ts'
import { readLocalKeys } from './local/keys.ts'
import { openToolStores } from './stores.ts'

const read = readOptions(process.argv.slice(2))
switch (read.kind) {
  case 'help':
    process.stdout.write(HELP)
    break
  case 'wrong':
    process.stderr.write(`${read.sentence}\n`)
    process.exitCode = 2
    break
  case 'options':
    process.exitCode = await run(read.options).catch((error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
      return 1
    })
    break
}

async function run(options: Options): Promise<number> {
  const local = !process.env.DATABASE_URL
  const env = local ? { ...(await readLocalKeys()), ...process.env } : process.env
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
