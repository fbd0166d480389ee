import { readFileSync } from 'node:fs'
import { answerCall } from './command-line.ts'
import { type ReadCall, readCall, runCall } from './ledger/run.ts'
import { readToolEnv } from './local/keys.ts'
import { openToolStores } from './stores.ts'

await answerCall(readCall(process.argv.slice(2)), run)

async function run(call: Extract<ReadCall, { kind: 'work' }>): Promise<number> {
  const env = await readToolEnv(process.env)
  const stores = await openToolStores(process.env)
  try {
    return await runCall(stores.databaseUrl, env, (path) => readFileSync(path, 'utf8'), call, {
      print: (text) => void process.stdout.write(text),
      warn: (text) => void process.stderr.write(text),
    })
  } finally {
    await stores.release()
  }
}
