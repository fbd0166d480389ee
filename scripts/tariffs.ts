import { readFileSync } from 'node:fs'
import { readMarket } from '../src/settings.ts'
import { makeReader } from '../src/settings-reader.ts'
import { runCommand } from './command-line.ts'
import { readToolEnv } from './local/keys.ts'
import { openToolStores } from './stores.ts'
import { HELP, type Options, readOptions } from './tariffs/options.ts'
import { checkFile, runVerb, type Told } from './tariffs/run.ts'

const readText = (path: string): string => readFileSync(path, 'utf8')

await runCommand(readOptions(process.argv.slice(2)), HELP, async (options) => {
  const { done, text } = await run(options)
  ;(done ? process.stdout : process.stderr).write(`${text}\n`)
  return done ? 0 : 1
})

async function run(options: Options): Promise<Told> {
  if (options.verb === 'check') return checkFile(options.file, readText(options.file))
  const reader = makeReader(await readToolEnv(process.env), readText)
  const market = readMarket(reader)
  if (market === null) return { done: false, text: reader.problems.join('\n') }
  const stores = await openToolStores(process.env)
  try {
    return await runVerb(stores, options, market, readText)
  } finally {
    await stores.release()
  }
}
