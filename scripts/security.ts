import { readFileSync } from 'node:fs'
import { answerCall } from './command-line.ts'
import { readToolEnv } from './local/keys.ts'
import { type ReadCall, readCall, runCall } from './security/run.ts'
import { openToolStores } from './stores.ts'

await answerCall(readCall(process.argv.slice(2)), run)

async function run(call: Extract<ReadCall, { kind: 'work' }>): Promise<number> {
  const env = await readToolEnv(process.env)
  const stores = await openToolStores(process.env)
  try {
    return await runCall(
      stores,
      env,
      (path) => readFileSync(path, 'utf8'),
      call,
      (text) => {
        process.stdout.write(text)
      },
    )
  } finally {
    await stores.release()
  }
}
