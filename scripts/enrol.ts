import { readFileSync } from 'node:fs'
import { runCommand } from './command-line.ts'
import { readAnswer } from './enrol/answer.ts'
import { enrolOne } from './enrol/enrol-one.ts'
import { HELP, type Options, readOptions } from './enrol/options.ts'
import { readToolEnv } from './local/keys.ts'
import { openToolStores } from './stores.ts'

await runCommand(readOptions(process.argv.slice(2)), HELP, (options) =>
  enrol(options).catch((error: unknown) => fail(options, [error instanceof Error ? error.message : String(error)])),
)

async function enrol(options: Options): Promise<number> {
  const answer = await readAnswer(options.answer, options.question ?? '')
  const env = await readToolEnv(process.env)
  const stores = await openToolStores(process.env)
  try {
    const outcome = await enrolOne(stores, env, (path) => readFileSync(path, 'utf8'), options, answer)
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
