import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Trouble } from '../fakes/billers.ts'
import { until } from '../local/process.ts'
import { type Commits, listenForCommits } from './commits.ts'
import type { FaultKind, PlannedFault } from './plan.ts'
import type { Member } from './processes.ts'
import { BILLER_TIMEOUT_MS, type ChaosWorld } from './world.ts'

/** `done` and `missed` by kind: a named point that nobody came by in time is missed. */
export type FaultTally = Readonly<Record<FaultKind, { readonly done: number; readonly missed: number }>>

/** How long a named point is waited for. */
const POINT_TIMEOUT_MS = 6_000
const POLL_MS = 5
const BILLERS = ['city-power', 'city-water', 'green-school'] as const

const done = (_: unknown): boolean => true

type Scene = { readonly world: ChaosWorld; readonly commits: Commits; readonly fault: PlannedFault }

/** Each does its harm, waits until it is over, and says whether it came to it. */
const faults: Readonly<Record<FaultKind, (scene: Scene) => Promise<boolean>>> = {
  'worker killed': async (scene) => workerOf(scene).kill(),
  'gateway killed': async (scene) => gatewayOf(scene).kill(),
  'gateway killed after the confirm': async ({ world, commits }) =>
    killWhoCommits(world.gateways, commits, ({ to }) => to === 'HELD'),
  'worker killed before its commit': async ({ world }) => killBeforeCommit(world),
  'worker killed after its commit': async ({ world, commits }) =>
    killWhoCommits(world.workers, commits, ({ to }) => to === 'SETTLED'),
  'worker killed while the biller works': killAtBiller,
  'worker frozen past its lock': async (scene) => workerOf(scene).freeze(scene.fault.forMs),
  'Redis killed': ({ world, fault }) => world.stores.killRedis(fault.forMs).then(done),
  'Redis wiped': ({ world }) => world.stores.wipeRedis().then(done),
  'PostgreSQL crashed': ({ world, fault }) => world.stores.crashPostgres(fault.forMs).then(done),
  'SMPP links cut': async ({ world }) => done(world.network.dropLinks()),
  'SMPP links half dead': (scene) => behave(scene, { silent: true }, { silent: false }),
  'SMPP answers lost': (scene) => behave(scene, { loseShare: 0.4 }, { loseShare: 0 }),
  // Who cannot look an account up pays nothing: nobody would come to the trouble.
  'biller slow': (scene) => trouble(scene, { delayMs: BILLER_TIMEOUT_MS + 500, paymentsOnly: true }),
  'biller silent': (scene) => trouble(scene, { silent: true, paymentsOnly: true }),
  'biller errs after success': (scene) => trouble(scene, { status5xxAfterSuccess: true }),
  'biller in doubt': (scene) => trouble(scene, { wrongAmount: true }),
  'biller undecided': (scene) => trouble(scene, { pending: true }),
  'biller unreachable': (scene) => trouble(scene, { unreachable: true }),
}

/** Does the planned faults, each at its time, until `signal`; resolves when all of them are over. */
export async function doFaults(
  world: ChaosWorld,
  plan: readonly PlannedFault[],
  signal: AbortSignal,
): Promise<FaultTally> {
  const commits = listenForCommits(world.ownerUrl)
  const tally = Object.fromEntries(plan.map(({ kind }) => [kind, { done: 0, missed: 0 }])) as Record<
    FaultKind,
    { done: number; missed: number }
  >
  try {
    await Promise.all(
      plan.map(async (fault) => {
        await sleep(fault.atMs, undefined, { signal }).catch(() => undefined)
        if (signal.aborted) return
        const isDone = await faults[fault.kind]({ world, commits, fault })
        tally[fault.kind][isDone ? 'done' : 'missed'] += 1
      }),
    )
  } finally {
    await commits.close()
    world.network.calm()
    for (const biller of BILLERS) world.billers.control(biller, {})
  }
  return tally
}

const workerOf = ({ world: { workers }, fault }: Scene): Member => memberOf(workers, fault)
const gatewayOf = ({ world: { gateways }, fault }: Scene): Member => memberOf(gateways, fault)

function memberOf(members: readonly Member[], { target }: PlannedFault): Member {
  const member = members[target % members.length]
  if (member === undefined) throw new Error('there is no process to harm')
  return member
}

async function killWhoCommits(
  members: readonly Member[],
  commits: Commits,
  fits: (commit: { to: string }) => boolean,
): Promise<boolean> {
  const commit = await commits.next(
    ({ by, to }) => members.some(({ name }) => name === by) && fits({ to }),
    POINT_TIMEOUT_MS,
  )
  return members.find(({ name }) => name === commit?.by)?.kill() ?? false
}

/**
 * Holds the outbox, so that a settlement stops with the money posted and its receipts not written; kills whoever waits there; lets go.
 */
async function killBeforeCommit({ stores, workers }: ChaosWorld): Promise<boolean> {
  const client = new pg.Client({ connectionString: stores.adminUrl, application_name: 'chaos' })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query('BEGIN')
    await client.query('LOCK TABLE sms_outbox IN SHARE ROW EXCLUSIVE MODE')
    for (const untilMs = Date.now() + POINT_TIMEOUT_MS; Date.now() < untilMs; await sleep(POLL_MS)) {
      // Within a transaction the first look is kept otherwise.
      await client.query('SELECT pg_stat_clear_snapshot()')
      const { rows } = await client.query<{ name: string }>(
        `SELECT application_name AS name FROM pg_stat_activity
          WHERE wait_event_type = 'Lock' AND query LIKE '%INSERT INTO sms_outbox%' ORDER BY query_start`,
      )
      const caught = workers.find(({ name }) => rows.some((row) => row.name === name))
      if (caught !== undefined) return caught.kill()
    }
    return false
  } catch {
    // PostgreSQL went away meanwhile, and the lock with it.
    return false
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** The biller takes its time; whoever has submitted to it is killed once it has the payment. */
async function killAtBiller({ world, commits, fault }: Scene): Promise<boolean> {
  for (const biller of BILLERS) world.billers.control(biller, { delayMs: fault.forMs, paymentsOnly: true })
  const commit = await commits.next(({ to }) => to === 'SUBMITTED', POINT_TIMEOUT_MS)
  const arrived = async (): Promise<boolean> =>
    world.billers.payments().some(({ reference }) => reference === commit?.transferId)
  const isThere = commit !== null && (await until(arrived, BILLER_TIMEOUT_MS))
  for (const biller of BILLERS) world.billers.control(biller, {})
  return isThere && (world.workers.find(({ name }) => name === commit.by)?.kill() ?? false)
}

async function behave(
  { world, fault }: Scene,
  bad: Parameters<ChaosWorld['network']['behave']>[0],
  good: typeof bad,
): Promise<boolean> {
  world.network.behave(bad)
  await sleep(fault.forMs)
  world.network.behave(good)
  return true
}

/** Two of three billers stay well. */
async function trouble({ world, fault }: Scene, bad: Trouble): Promise<boolean> {
  const biller = BILLERS[fault.target % BILLERS.length] ?? 'city-power'
  world.billers.control(biller, bad)
  await sleep(fault.forMs)
  world.billers.control(biller, {})
  return true
}
