import { rm } from 'node:fs/promises'
import { afterAll, expect, test } from 'vitest'
import { mutants } from '../../scripts/chaos/mutants.ts'
import { proveMutant } from '../../scripts/chaos/prove.ts'
import { reportOf } from '../../scripts/chaos/report.ts'
import { runChaos } from '../../scripts/chaos/run.ts'
import { needsRedis } from '../support/needs.ts'

needsRedis()

const common = {
  ...{ seed: 20_261_123, gateways: 1, workers: 2, clients: 5, directory: '.data/chaos-test' },
  ...{ signal: new AbortController().signal, say: () => undefined },
}
afterAll(() => rm(common.directory, { recursive: true, force: true }))

test('killed, frozen, wiped and crashed, every transfer ends as everybody was told, and every balance is the sum of its entries', async () => {
  const result = await runChaos({
    ...common,
    ...{ seconds: 10, calmSeconds: 150, program: ['--import', 'tsx', 'src/main.ts'], menus: 'menus' },
    faults: [
      'worker killed after its commit',
      'Redis wiped',
      'worker killed while the biller works',
      'PostgreSQL crashed',
      'gateway killed after the confirm',
      'SMPP links cut',
    ],
  })
  expect(result.violations, reportOf(result)).toEqual([])
  expect(result.facts.transfers.length, reportOf(result)).toBeGreaterThan(0)
  expect(
    Object.values(result.faults).some(({ done }) => done > 0),
    reportOf(result),
  ).toBe(true)
}, 240_000)

test('a fee that changes a balance and leaves no entry is found', async () => {
  const mutant = mutants.find(({ name }) => name === 'balance-without-entry')
  if (mutant === undefined) throw new Error('the planted fault is gone')
  const { broken } = await proveMutant({ ...mutant, seconds: 4 }, { ...common, workers: 1 })
  expect(broken).toContain('I2')
}, 240_000)
