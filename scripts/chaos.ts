import { mutants } from './chaos/mutants.ts'
import { HELP, readChaosCommand } from './chaos/options.ts'
import { proveMutant } from './chaos/prove.ts'
import { reportOf } from './chaos/report.ts'
import { runChaos } from './chaos/run.ts'

const DIRECTORY = '.data/chaos'
const SIZE = { gateways: 2, workers: 2, clients: 7 }
/** The longest of the ordinary waits: a bill that its biller never saw, twice asked for, the second time after a minute. */
const CALM_SECONDS = 180

const interrupted = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => interrupted.abort())

const say = (line: string): void => void process.stdout.write(`${line}\n`)
const common = { ...SIZE, directory: DIRECTORY, signal: interrupted.signal, say }

try {
  process.exitCode = await main()
} catch (error) {
  if (!interrupted.signal.aborted) throw error
  process.stderr.write('Interrupted; everything that was started is stopped.\n')
  process.exitCode = 130
}

async function main(): Promise<number> {
  const command = readChaosCommand(process.argv.slice(2))
  switch (command.kind) {
    case 'help':
      process.stdout.write(HELP)
      return 0
    case 'bad':
      process.stderr.write(`${command.problem}\n\n${HELP}`)
      return 2
    case 'run': {
      const program = { program: ['dist/src/main.js'], menus: 'menus' }
      const result = await runChaos({ ...common, ...program, ...command, calmSeconds: CALM_SECONDS })
      process.stdout.write(`\n${reportOf(result)}`)
      return result.violations.length === 0 ? 0 : 1
    }
    case 'mutants':
      return proveAll(command.names, command.seed)
  }
}

async function proveAll(names: readonly string[], seed: number): Promise<number> {
  let missed = 0
  for (const mutant of mutants.filter(({ name }) => names.includes(name))) {
    say(`\n${mutant.name}: ${mutant.what}`)
    const { caught, broken, result } = await proveMutant(mutant, { ...common, seed })
    if (!caught) missed += 1
    const isMore = broken.some((invariant) => !mutant.breaks.includes(invariant))
    if (!caught || isMore || names.length === 1) process.stdout.write(`\n${reportOf(result)}`)
    say(
      `${caught ? 'Caught' : 'MISSED'}: ${broken.join(', ') || 'nothing'} of ${mutant.breaks.join(', ')} was found broken`,
    )
  }
  say(`\n${names.length - missed} of ${names.length} planted faults were caught`)
  return missed === 0 ? 0 : 1
}
