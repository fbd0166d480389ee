import { readFileSync } from 'node:fs'
import { readAnswer } from './enrol/answer.ts'
import { enrolOne } from './enrol/enrol-one.ts'
import { HELP, type Options, readOptions } from './enrol/options.ts'
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
    process.exitCode = await run(read.options).catch((error: unknown) =>
      fail(read.options, [error instanceof Error ? error.message : String(error)]),
    )
    break
}

async function run(options: Options): Promise<number> {
  const answer = await readAnswer(options.answer, options.question ?? '')
  const local = !process.env.DATABASE_URL
  const env = local ? { MARKET: 'KE', ...(await readLocalKeys()), ...process.env } : process.env
  const stores = await openToolStores(process.env)
  try {
    const outcome = await enrolOne(stores.databaseUrl, env, (path) => readFileSync(path, 'utf8'), options, answer)
    switch (outcome.kind) {
      case 'enrolled':
        say(
          options,
          { outcome: 'enrolled', subscriberId: outcome.subscriberId },
          `Enrolled as ${outcome.subscriberId}.`,
        )
        return 0
      case 'already':
        say(options, { outcome: 'already' }, `${options.number} is enrolled already; nothing was changed.`)
        return 1
      case 'bad':
        return fail(options, outcome.problems)
      case 'busy':
        return fail(options, ['This machine is too busy; try again.'])
    }
  } finally {
    await stores.release()
  }
}

function fail(options: Options, problems: readonly string[]): number {
  say(
    options,
    { outcome: 'failed', problems },
    ['Nobody was enrolled:', ...problems.map((line) => `  ${line}`)].join('\n'),
  )
  return 1
}

function say(options: Options, value: { readonly outcome: string } & Record<string, unknown>, words: string): void {
  if (options.json) process.stdout.write(`${JSON.stringify(value)}\n`)
  else (value.outcome === 'enrolled' ? process.stdout : process.stderr).write(`${words}\n`)
}
