import { readFileSync } from 'node:fs'
import { readToolEnv } from './local/keys.ts'
import { type ReadCall, readCall, runCall } from './security/run.ts'
import { openToolStores } from './stores.ts'

const read = readCall(process.argv.slice(2))
switch (read.kind) {
  case 'help':
    process.stdout.write(read.text)
    break
  case 'wrong':
    process.stderr.write(`${read.sentence}\n`)
    process.exitCode = 2
    break
  case 'work':
    process.exitCode = await run(read).catch((error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
      return 1
    })
    break
}

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
