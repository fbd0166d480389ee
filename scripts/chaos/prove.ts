import type { Mutant } from './mutants.ts'
import { mutantProgram, plantInDatabase } from './plant.ts'
import { type ChaosOptions, type ChaosResult, runChaos } from './run.ts'

export type Proof = {
  readonly name: string
  /** The invariants that were found broken. */
  readonly broken: readonly string[]
  /** One of those that the mutant breaks is among them. */
  readonly caught: boolean
  readonly result: ChaosResult
}

/** A transfer that has not ended by then is one that never does. */
const CALM_SECONDS = 30

/** Runs with a fault planted on purpose, and tells whether the run found it. */
export async function proveMutant(
  mutant: Mutant,
  options: Pick<ChaosOptions, 'seed' | 'directory' | 'gateways' | 'workers' | 'clients' | 'signal' | 'say'>,
): Promise<Proof> {
  const copy = await mutantProgram(mutant, options.directory)
  const result = await runChaos({
    ...{ ...options, ...copy, calmSeconds: CALM_SECONDS },
    ...{ seconds: mutant.seconds, faults: mutant.faults, plant: (owner) => plantInDatabase(mutant, owner) },
  })
  const broken = [...new Set(result.violations.map(({ invariant }) => invariant))].sort()
  return { name: mutant.name, broken, caught: mutant.breaks.some((invariant) => broken.includes(invariant)), result }
}
