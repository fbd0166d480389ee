import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { mutants } from './mutants.ts'

export const HELP: string = `Breaks everything around and inside a running service, on purpose, and checks that no money is ever wrong.
Processes, PostgreSQL and Redis of its own, on loopback; nothing is left running. See docs/chaos.md.

  npm run chaos                            a minute, with a seed of its own
  npm run chaos -- --seed 42               the same faults and journeys as every run with this seed
  npm run chaos -- --seconds 600           longer
  npm run chaos -- --mutant settled-twice  with a fault planted on purpose: the run must find it
  npm run chaos -- --mutants               every planted fault, one after the other (some ten minutes)

Exit code 0 when every invariant held (or every planted fault was found), 1 when not, 2 for a wrong command.

Planted faults:
${mutants.map(({ name, what }) => `  ${name.padEnd(26)}${what}`).join('\n')}
`

export type ChaosCommand =
  | { readonly kind: 'help' }
  | { readonly kind: 'run'; readonly seed: number; readonly seconds: number }
  | { readonly kind: 'mutants'; readonly seed: number; readonly names: readonly string[] }
  | { readonly kind: 'bad'; readonly problem: string }

const LONGEST_SECONDS = 86_400
const SEEDS = 2 ** 31

export function readChaosCommand(args: readonly string[]): ChaosCommand {
  let values: { seed?: string; seconds?: string; mutant?: string; mutants?: boolean; help?: boolean }
  try {
    values = parseArgs({
      args: [...args],
      options: {
        ...{ seed: { type: 'string' }, seconds: { type: 'string' }, mutant: { type: 'string' } },
        ...{ mutants: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
      },
    }).values
  } catch (error) {
    return { kind: 'bad', problem: error instanceof Error ? error.message : String(error) }
  }
  if (values.help === true) return { kind: 'help' }
  const seed = values.seed === undefined ? randomInt(SEEDS) : whole(values.seed, 0, SEEDS - 1)
  if (seed === null) return { kind: 'bad', problem: `--seed is ${values.seed}; give a whole number below ${SEEDS}.` }
  const seconds = whole(values.seconds ?? '60', 5, LONGEST_SECONDS)
  if (seconds === null)
    return { kind: 'bad', problem: `--seconds is ${values.seconds}; give a whole number from 5 to ${LONGEST_SECONDS}.` }
  const known = mutants.map(({ name }) => name)
  if (values.mutants === true) return { kind: 'mutants', seed, names: known }
  if (values.mutant === undefined) return { kind: 'run', seed, seconds }
  if (!known.includes(values.mutant))
    return { kind: 'bad', problem: `There is no planted fault ${values.mutant}; there are ${known.join(', ')}.` }
  return { kind: 'mutants', seed, names: [values.mutant] }
}

function whole(text: string, least: number, most: number): number | null {
  const value = Number(text)
  return /^\d{1,10}$/.test(text) && value >= least && value <= most ? value : null
}
