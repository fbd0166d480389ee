import { setMaxListeners } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '../../src/database/database.ts'
import { makeAudit } from '../../src/security/audit.ts'
import { makeSealer } from '../../src/security/sealing.ts'
import { keysOf } from '../local/keys.ts'
import { until } from '../local/process.ts'
import { checkAuditLog } from './audit-log.ts'
import { findSecrets, readPlaces } from './canary.ts'
import { type Clients, startClients } from './clients.ts'
import { announceCommits } from './commits.ts'
import { type Facts, readFacts } from './facts.ts'
import { doFaults, type FaultTally } from './faults.ts'
import type { History, Journey } from './history.ts'
import { checkEnds, checkLedger, payoutsMatch, unfinished, type Violation } from './invariants.ts'
import { type FaultKind, planFaults } from './plan.ts'
import type { Program } from './processes.ts'
import { checkTold, transfersOf } from './told.ts'
import { type ChaosWorld, openChaosWorld } from './world.ts'

export type ChaosOptions = {
  readonly seed: number
  readonly seconds: number
  /** Where stores and logs are while it runs; the logs stay. */
  readonly directory: string
  /** The program as it is run, and its menus. */
  readonly program: Program
  readonly menus: string
  readonly gateways: number
  readonly workers: number
  /** Dialogues at a time, beside those of somebody who guesses. */
  readonly clients: number
  /** All kinds unless given. */
  readonly faults?: readonly FaultKind[]
  /** What a planted fault changes in the database before anything starts. */
  readonly plant?: (owner: Database) => Promise<void>
  /** After the faults everything must have ended within that. */
  readonly calmSeconds: number
  readonly signal: AbortSignal
  readonly say: (line: string) => void
}

export type ChaosResult = {
  readonly seed: number
  readonly seconds: number
  readonly facts: Facts
  readonly history: History
  readonly faults: FaultTally
  /** How long it took after the last fault until everything had ended; null when it had not. */
  readonly calmMs: number | null
  readonly checks: number
  /** Jobs and messages that were rung for again because nothing had come of the first ring. */
  readonly ringsAgain: number
  readonly violations: readonly Violation[]
}

/** A client uses a phone for about that long: a subscriber may look up thirty names and accounts an hour. */
const PHONE_SECONDS = 20
const CHECK_EVERY_MS = 1_000
/** A check of a long run takes long; so many times as long nothing is checked. */
const CHECK_PAUSE = 5
const POLL_MS = 250
/** On a busy machine nobody may have come as far as the PIN when a short run ends: it then goes on until somebody has, that long at most. */
const FIRST_ANSWER_MS = 60_000
/** At rest nothing may come any more: two sweeps of the outbox. */
const REST_MS = 2_500

/** One run: clients and faults side by side, checks meanwhile, a calm, and the checks of the end. Nothing that it started is left behind. */
export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const { seed, seconds, signal, say } = options
  const plan = planFaults(seed, seconds * 1_000, options.faults)
  say(`Seed ${seed}: ${plan.length} faults in ${seconds} s`)
  const world = await openChaosWorld({
    ...options,
    people: options.clients * Math.ceil(seconds / PHONE_SECONDS) + 1,
    prepare: async (owner) => {
      await announceCommits(owner)
      await options.plant?.(owner)
    },
  })
  try {
    signal.throwIfAborted()
    const ended = new AbortController()
    const stop = AbortSignal.any([signal, ended.signal])
    // Every planned fault waits for its time beside the others.
    setMaxListeners(0, stop)
    const clients = startClients(world, seed, options.clients)
    const watch = watchInvariants(world, clients, stop)
    void watch.broken.then(() => ended.abort())
    const faults = doFaults(world, plan, stop)
    await sleep(seconds * 1_000, undefined, { signal: stop }).catch(() => undefined)
    await until(async () => stop.aborted || clients.journeys.some(isAnswered), FIRST_ANSWER_MS)
    // Who waits at a named point needs clients who come by it.
    const tally = await faults
    await clients.stop()
    signal.throwIfAborted()
    const early = watch.found()
    const calmMs = early.length > 0 ? null : await waitForRest(world, options)
    if (calmMs !== null) await sleep(REST_MS)
    ended.abort()
    await watch.stop()
    const { facts, history } = await observe(world, clients)
    await keepHistory(options.directory, history, facts)
    const secrets = world.people.flatMap(({ pin, wrongPin }) => [pin, wrongPin])
    const places = await readPlaces(world.folder, world.stores.redisFolder, world.database)
    const violations = [
      ...watch.found(),
      ...checkLedger(facts),
      ...checkTold(facts, history, early.length === 0),
      ...(early.length > 0 ? [] : checkEnds(facts, history)),
      ...(calmMs === null ? [] : await checkAuditLog(world.database, keysOf(world.keys))),
      ...findSecrets(secrets, places),
      ...(await crashes(world.folder)),
      ...(plan.length > 0 && facts.transfers.length === 0
        ? [{ invariant: 'I0', fact: 'no transfer was made at all' }]
        : []),
    ]
    const ringsAgain = await countRings(world.folder)
    return {
      seed,
      seconds,
      facts,
      history,
      faults: tally,
      calmMs,
      checks: watch.checks(),
      ringsAgain,
      violations: distinct(violations),
    }
  } finally {
    await world.close()
  }
}

function isAnswered({ confirmed, calls }: Journey): boolean {
  return confirmed && calls.some(({ step, outcome }) => step === 'confirm' && outcome === 'ok')
}

/** Checks again and again while everything goes on; a database that is away is asked again later. */
function watchInvariants(world: ChaosWorld, clients: Clients, signal: AbortSignal) {
  let found: Violation[] = []
  let checks = 0
  let tell: () => void = () => undefined
  const broken = new Promise<void>((resolve) => {
    tell = resolve
  })
  async function watch(): Promise<void> {
    let tookMs = 0
    while (!signal.aborted) {
      await sleep(Math.max(CHECK_EVERY_MS, CHECK_PAUSE * tookMs), undefined, { signal }).catch(() => undefined)
      const fromMs = Date.now()
      const seen = await observe(world, clients).catch(() => null)
      tookMs = Date.now() - fromMs
      if (seen === null) continue
      const { facts, history } = seen
      checks += 1
      found = distinct([
        ...found,
        ...checkLedger(facts),
        ...checkTold(facts, history, false),
        ...payoutsMatch(facts, history.payments, false),
      ])
      if (found.length > 0) tell()
    }
  }
  const running = watch()
  return { broken, found: () => found, checks: () => checks, stop: () => running }
}

/**
 * The history as far as it was before the snapshot of the database, so that what was told and paid can be held against it; only whether a
 * PIN was typed is read after it, since the transfer follows it.
 */
async function observe(world: ChaosWorld, clients: Clients): Promise<{ facts: Facts; history: History }> {
  const lengths = new Map(clients.journeys.map(({ id, calls }) => [id, calls.length]))
  const messages = world.people.flatMap(({ number }) =>
    world.network.messages(number).map(({ at, text }) => ({
      subscriberId: world.ids.get(number) ?? '',
      atMs: Date.parse(at),
      words: text,
    })),
  )
  const payments = world.billers.payments().map(({ reference, status, received, amount }) => ({
    ...{ transferId: reference, status, received },
    amount: BigInt(amount),
  }))
  const keys = keysOf(world.keys)
  const facts = await readFacts(world.database, makeAudit(keys.audit, makeSealer(keys.data)))
  const journeys = clients.journeys.map(
    (journey): Journey => ({ ...journey, calls: journey.calls.slice(0, lengths.get(journey.id) ?? 0) }),
  )
  return { facts, history: { journeys, messages, payments } }
}

async function waitForRest(world: ChaosWorld, { calmSeconds, signal, say }: ChaosOptions): Promise<number | null> {
  const keys = keysOf(world.keys)
  const audit = makeAudit(keys.audit, makeSealer(keys.data))
  const fromMs = Date.now()
  let told = fromMs
  while (Date.now() - fromMs < calmSeconds * 1_000) {
    signal.throwIfAborted()
    const facts = await readFacts(world.database, audit).catch(() => null)
    const open = facts === null ? ['the database is away'] : unfinished(facts)
    if (open.length === 0) return Date.now() - fromMs
    if (Date.now() - told > 10_000) {
      told = Date.now()
      say(
        `Calm for ${Math.round((told - fromMs) / 1_000)} s; open: ${open.slice(0, 3).join(', ')}${open.length > 3 ? `, and ${open.length - 3} more` : ''}`,
      )
    }
    await sleep(POLL_MS)
  }
  return null
}

/** Who looks into a violation needs every word that was shown, and when. PINs that were typed are not among them. */
async function keepHistory(directory: string, { journeys }: History, { transfers }: Facts): Promise<void> {
  const lines = journeys.map((journey) => {
    const references = transfersOf(journey, transfers).map(({ reference }) => reference)
    return JSON.stringify({ references, ...journey, amount: String(journey.amount) })
  })
  await writeFile(join(directory, 'history.ndjson'), `${lines.join('\n')}\n`)
}

/** A process may be killed; it must not end by an error that nobody handled. */
async function crashes(folder: string): Promise<Violation[]> {
  const logs = await readLogs(folder)
  return logs.flatMap(({ name, text }) =>
    text.includes('"event":"crashed"')
      ? [{ invariant: 'I0', fact: `a process ended by an error of its own; see ${name}` }]
      : [],
  )
}

async function countRings(folder: string): Promise<number> {
  const logs = await readLogs(folder)
  const counts = logs.flatMap(({ text }) =>
    [...text.matchAll(/^.*"event":"swept".*"count":(\d+).*$/gm)].map(([, count]) => Number(count)),
  )
  return counts.reduce((sum, count) => sum + count, 0)
}

async function readLogs(folder: string): Promise<{ name: string; text: string }[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.log'))
  return Promise.all(
    names.map(async (name) => ({ name: join(folder, name), text: await readFile(join(folder, name), 'utf8') })),
  )
}

function distinct(violations: readonly Violation[]): Violation[] {
  return [...new Map(violations.map((violation) => [`${violation.invariant} ${violation.fact}`, violation])).values()]
}
