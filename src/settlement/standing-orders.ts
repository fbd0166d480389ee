import type { Database, Queryable } from '../database/database.ts'
import { type Rounds, startRounds } from '../domain/rounds.ts'
import { holdTransfer } from '../ledger/hold.ts'
import { quoteTransfer, type Refusal } from '../ledger/quote.ts'
import { readOrder, type StandingOrder } from '../ledger/standing-order.ts'
import {
  cancelOrder,
  type DueRun,
  endRun,
  lockDueRun,
  noteAnnounced,
  noteTried,
  postponeRun,
  type StandingRun,
} from '../ledger/standing-run.ts'
import { nextStep, nextTry, type StandingHours } from '../ledger/standing-times.ts'
import type { Tariffs } from '../ledger/tariff-in-force.ts'
import type { Audit } from '../security/audit.ts'
import type { Sealer } from '../security/sealing.ts'
import type { QueuedSms } from '../sms/outbox.ts'
import type { About, StandingNotices, StandingRefusal } from '../sms/standing-notices.ts'
import { findById, type Subscriber } from '../subscribers/find.ts'
import { isPinLocked } from '../subscribers/pin-lock.ts'
import type { Events } from '../telemetry/events.ts'
import type { SettlementIntent } from './lanes.ts'
import type { Settlement } from './queue.ts'

export type StandingServices = {
  readonly database: Database
  readonly sealer: Sealer
  readonly tariffs: Tariffs
  readonly audit: Audit
  readonly hours: StandingHours
  readonly notices: StandingNotices
  readonly settlement: Pick<Settlement, 'ring'>
  readonly smsBell: { ring(message: QueuedSms): void }
  /** Null: PostgreSQL's, so that the workers' clocks may differ. */
  readonly clock: (() => Date) | null
  readonly events: Pick<Events, 'sweepFailed' | 'standingDone'>
}

const EVERY_MS = 5_000
/** Of one look, so that closing never waits long. */
const MOST_RUNS = 200
const AFTER_FAILURE_MS = 15 * 60_000
const FINISH_TIMEOUT_MS = 5_000

/**
 * Looks now and every few seconds for ordered transfers that are due. Any number of workers may do so at once. Closing waits some seconds
 * for what is under way, which is whole or undone whatever happens.
 */
export function startStandingSweeper(services: StandingServices, everyMs: number = EVERY_MS): Rounds {
  async function look(isClosing: () => boolean): Promise<void> {
    for (let run = 0; run < MOST_RUNS && !isClosing(); run += 1) if (!(await carryOutNext(services))) return
  }
  return startRounds(look, {
    everyMs,
    atOnce: true,
    finishTimeoutMs: FINISH_TIMEOUT_MS,
    onFailure: (error) => services.events.sweepFailed({ what: 'standing orders', error }),
  })
}

/** What became of one time that an order was due. */
export type StandingDeed = 'announced' | 'sent' | 'again' | 'postponed' | 'ended' | StandingRefusal

type Done = {
  readonly deed: StandingDeed
  readonly told: readonly QueuedSms[]
  readonly intent: SettlementIntent | null
}

/**
 * Does what is due for one run: announces it, or makes its transfer, or says why not. Order and run are locked meanwhile, and what is done,
 * its messages and the run's state are one commit: two workers never do the same, and whoever dies has done all of it or nothing. One
 * that fails is put off, so that it keeps nobody waiting. False: nothing is due.
 */
export async function carryOutNext(services: StandingServices): Promise<boolean> {
  const { database, settlement, smsBell, events, clock } = services
  const taken: DueRun[] = []
  try {
    const done = await database.transaction(async (tx) => {
      const due = await lockDueRun(tx, clock?.() ?? null)
      if (due === null) return null
      taken.push(due)
      return carryOut(services, tx, due)
    })
    if (done === null) return false
    if (done.intent !== null) settlement.ring(done.intent)
    for (const message of done.told) smsBell.ring(message)
    events.standingDone({ id: taken[0]?.run.id ?? '', deed: done.deed })
  } catch (error) {
    const [due] = taken
    if (due === undefined) throw error
    await postponeRun(database, due.run.id, due.at.getTime() + AFTER_FAILURE_MS)
    events.sweepFailed({ what: 'standing orders', error })
  }
  return true
}

async function carryOut(services: StandingServices, tx: Queryable, { run, row, at }: DueRun): Promise<Done> {
  const { sealer, hours, notices } = services
  const order = readOrder(sealer, row)
  const payer = await findById(tx, sealer, order.payerId)
  // Its number may be somebody else's by now, so that nobody is told.
  if (payer?.status !== 'active') return end(services, tx, order)
  const about: About = { payer, order, runId: run.id, isLast: order.every !== 'once' && run.nth === order.times }
  const due: Dealing = { order, run, at, about }
  const step = nextStep(run, at.getTime(), hours)
  switch (step.kind) {
    case 'wait':
      await postponeRun(tx, run.id, step.untilMs)
      return { deed: 'postponed', told: [], intent: null }
    case 'announce':
      await noteAnnounced(tx, run.id, at, step.runMs)
      return {
        deed: 'announced',
        told: await notices.announced(tx, about, { nowMs: at.getTime(), runMs: step.runMs }),
        intent: null,
      }
    case 'late':
      return skip(services, tx, due, 'late')
    case 'over':
      return skip(services, tx, due, 'insufficient')
    case 'run':
      return transfer(services, tx, due)
  }
}

type Dealing = { readonly order: StandingOrder; readonly run: StandingRun; readonly at: Date; readonly about: About }

/** Holds the money by the ordinary path, by the tariff of the day and within all limits. */
async function transfer(services: StandingServices, tx: Queryable, due: Dealing): Promise<Done> {
  const { sealer, tariffs, audit, hours } = services
  const { order, run, at, about } = due
  const payee = await findById(tx, sealer, order.payeeId)
  if (payee?.status !== 'active' || payee.number !== order.payeeNumber) return end(services, tx, order, about)
  if (await isHeldBack(tx, about.payer, at)) return skip(services, tx, due, 'payer_held')
  const quoted = await quoteTransfer(tx, tariffs, {
    ...{ id: run.id, atMs: Date.now(), payerId: order.payerId, amount: BigInt(order.amount) },
    payee: { kind: 'subscriber', id: order.payeeId, name: order.payeeName },
  })
  if (quoted.kind !== 'quoted') return refuse(services, tx, due, quoted)
  const { quote } = quoted
  if (BigInt(quote.total) > BigInt(order.most)) return skip(services, tx, due, 'too_dear')
  // A refusal would stay with the run's id for ever, and a later try has the same id.
  await tx.query('SAVEPOINT standing_hold')
  const held = await holdTransfer(tx, sealer, quote, { sessionId: order.id })
  if (held.kind === 'conflict' || held.kind === 'expired')
    throw new Error(`transfer ${run.id} of an order: ${held.kind}`)
  if (held.kind !== 'held' && held.kind !== 'known') {
    await tx.query('ROLLBACK TO SAVEPOINT standing_hold')
    return refuse(services, tx, due, held)
  }
  await endRun(tx, order, run, { state: 'sent', at }, hours)
  const payload = { order: order.id, amount: quote.amount, fee: quote.fee, currency: quote.currency }
  await audit.record(tx, { actor: WORKER, action: 'standing.run', subject: run.id, payload })
  return { deed: 'sent', told: [], intent: { id: run.id, version: held.version, biller: null } }
}

const WORKER = { kind: 'system', id: 'the worker' } as const

async function isHeldBack(tx: Queryable, { id, restrictedUntil }: Subscriber, at: Date): Promise<boolean> {
  if ((restrictedUntil !== null && restrictedUntil > at) || (await isPinLocked(tx, id))) return true
  const { rows } = await tx.query(
    `SELECT FROM account WHERE kind = 'wallet' AND owner_id = $1 AND code = 'main' AND status = 'open'`,
    [id],
  )
  return rows.length === 0
}

function refuse(services: StandingServices, tx: Queryable, due: Dealing, { kind }: Refusal): Promise<Done> {
  switch (kind) {
    case 'insufficient':
      return tryAgain(services, tx, due)
    case 'payee_full':
    case 'payee_unavailable':
      return skip(services, tx, due, 'payee_refused')
    case 'below_minimum':
    case 'over_transaction_limit':
    case 'over_day_limit':
    case 'over_month_limit':
      return skip(services, tx, due, 'over_limit')
  }
}

/** Told at the first try and at the last. */
async function tryAgain(services: StandingServices, tx: Queryable, due: Dealing): Promise<Done> {
  const { hours, notices } = services
  const { run, at, about } = due
  const nextMs = nextTry(at.getTime(), hours)
  if (nextMs === null) return skip(services, tx, due, 'insufficient')
  await noteTried(tx, run.id, nextMs)
  const told = run.tries > 0 ? [] : await notices.again(tx, about, lastTry(nextMs, hours))
  return { deed: 'again', told, intent: null }
}

function lastTry(fromMs: number, hours: StandingHours): number {
  const next = nextTry(fromMs, hours)
  return next === null ? fromMs : lastTry(next, hours)
}

async function skip(services: StandingServices, tx: Queryable, due: Dealing, why: StandingRefusal): Promise<Done> {
  const { audit, hours, notices } = services
  const { order, run, at, about } = due
  await endRun(tx, order, run, { state: 'skipped', reason: why, at }, hours)
  await audit.record(tx, {
    actor: WORKER,
    action: 'standing.skipped',
    subject: run.id,
    payload: { order: order.id, why },
  })
  return { deed: why, told: await notices.refused(tx, about, why), intent: null }
}

/** Nothing of it can be made any more: payer or payee is gone. With `about` its payer is told that it was the payee. */
async function end(services: StandingServices, tx: Queryable, order: StandingOrder, about?: About): Promise<Done> {
  const why = about === undefined ? 'payer_gone' : 'payee_gone'
  await cancelOrder(tx, order.id, order.payerId, why)
  await services.audit.record(tx, { actor: WORKER, action: 'standing.cancelled', subject: order.id, payload: { why } })
  const told = about === undefined ? [] : await services.notices.refused(tx, about, 'payee_gone')
  return { deed: about === undefined ? 'ended' : 'payee_gone', told, intent: null }
}
