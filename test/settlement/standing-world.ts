import type { Database } from '../../src/database/database.ts'
import { type SubscriberId, uuidv7 } from '../../src/domain/ids.ts'
import type { Msisdn } from '../../src/domain/msisdn.ts'
import type { Rhythm } from '../../src/domain/schedule.ts'
import { fundWallet } from '../../src/ledger/accounts.ts'
import { makeOrder, type StandingOrder } from '../../src/ledger/standing-order.ts'
import { announceFrom, type StandingHours } from '../../src/ledger/standing-times.ts'
import { makeAudit } from '../../src/security/audit.ts'
import { nameContext, numberContext, numberIndex } from '../../src/security/contexts.ts'
import { makeKey } from '../../src/security/keys.ts'
import type { SettlementIntent } from '../../src/settlement/lanes.ts'
import { carryOutNext, type StandingServices } from '../../src/settlement/standing-orders.ts'
import { bodyContext } from '../../src/sms/outbox.ts'
import { makeStandingNotices } from '../../src/sms/standing-notices.ts'
import { type LedgerWorld, openWorld } from '../ledger/world.ts'

const HOUR_MS = 3_600_000

export type Somebody = { readonly id: SubscriberId; readonly number: Msisdn }

/** A ledger with a worker's hands for what is ordered, and a clock that tests set. */
export type StandingWorld = LedgerWorld & {
  readonly hours: StandingHours
  readonly services: StandingServices
  readonly rung: SettlementIntent[]
  readonly failures: unknown[]
  /** Sets the clock, to local time in Nairobi: `2027-03-04 08:00`. */
  at(local: string): void
  somebody(balance: bigint): Promise<Somebody>
  order(payer: Somebody, payee: Somebody, terms?: Partial<Terms>): Promise<StandingOrder>
  store(order: StandingOrder): Promise<string>
  /** Does all that is due now; how much that was. */
  work(services?: StandingServices): Promise<number>
  /** What the payer was told, oldest first. */
  told(payer: Somebody): Promise<string[]>
  runs(order: StandingOrder): Promise<Run[]>
  /** Of the payer's wallet. */
  heldOf(payer: Somebody): Promise<bigint>
}

export type Terms = { amount: bigint; most: bigint; every: Rhythm; first: string; times: number }
export type Run = { due: string; state: string; reason: string | null }

export async function openStandingWorld(): Promise<StandingWorld> {
  const world = await openWorld()
  const { app, owner, sealer, tariffs } = world
  let clock = Date.parse('2027-03-01T12:00:00+03:00')
  const hours: StandingHours = {
    rules: {
      ...{ hours: { from: 480, to: 1200 }, noticeMs: 24 * HOUR_MS, leastNoticeMs: 3 * HOUR_MS, retryMs: 4 * HOUR_MS },
    },
    quiet: { from: 1260, to: 420 },
    timeZone: 'Africa/Nairobi',
  }
  const rung: SettlementIntent[] = []
  const failures: unknown[] = []
  const words = (name: string, _: string, values: Readonly<Record<string, unknown>>): string =>
    `${name} ${Object.values(values).join(' ')}`
  const services: StandingServices = {
    ...{ database: app, sealer, tariffs, hours, clock: () => new Date(clock) },
    audit: makeAudit(makeKey(Buffer.alloc(32, 3)), sealer),
    notices: makeStandingNotices({
      ...{ sealer, timeZone: hours.timeZone, dial: () => '*384*5*6*2#', messages: () => ({ render: words }) },
    }),
    settlement: { ring: (intent) => void rung.push(intent) },
    smsBell: { ring: () => undefined },
    events: { standingDone: () => undefined, sweepFailed: ({ error }) => void failures.push(error) },
  }
  let people = 0

  const store = (order: StandingOrder): Promise<string> =>
    app.transaction((tx) =>
      makeOrder(tx, sealer, order, { sessionId: uuidv7(), lookAtMs: announceFrom(order.first, hours) }),
    )

  return {
    ...world,
    ...{ hours, services, rung, failures, store },
    at(local) {
      clock = Date.parse(`${local.replace(' ', 'T')}:00+03:00`)
    },
    async somebody(balance) {
      people += 1
      const number = `+25471${String(people).padStart(7, '0')}` as Msisdn
      const id = uuidv7() as SubscriberId
      await owner.query(
        `INSERT INTO subscriber (id, number_sealed, number_index, name_sealed, language, status, tier, terms_version)
         VALUES ($1, $2, $3, $4, 'en', 'active', 'standard', '1')`,
        [
          ...[id, sealer.seal(number, numberContext(id)), numberIndex(sealer, number)],
          sealer.seal('Juma Kariuki', nameContext(id)),
        ],
      )
      await app.query(`SELECT ledger_open_wallet($1, 'standard', 'KES')`, [id])
      if (balance > 0n) await fundWallet(owner, id, balance, `opening ${id}`)
      return { id, number }
    },
    async order(payer, payee, terms = {}) {
      const { amount = 50_000n, most = 60_000n, every = 'weekly', first = '2027-03-04', times = 3 } = terms
      const order: StandingOrder = {
        ...{ id: uuidv7(), payerId: payer.id, payeeId: payee.id, payeeNumber: payee.number, payeeName: 'Juma K.' },
        ...{ currency: 'KES', amount: String(amount), most: String(most), every, first, times },
      }
      if ((await store(order)) !== 'made') throw new Error('the order was not made')
      return order
    },
    async work(own = services) {
      let count = 0
      while (await carryOutNext(own)) count += 1
      return count
    },
    async told({ id }) {
      const { rows } = await owner.query<{ id: string; body_sealed: Buffer }>(
        `SELECT id, body_sealed FROM sms_outbox WHERE subscriber_id = $1 ORDER BY id`,
        [id],
      )
      return rows.map((row) => sealer.open(row.body_sealed, bodyContext(row.id)))
    },
    runs: ({ id }) => runsOf(owner, id),
    async heldOf({ id }) {
      const { rows } = await owner.query<{ held_out: bigint }>(
        `SELECT held_out FROM account WHERE kind = 'wallet' AND owner_id = $1`,
        [id],
      )
      return rows[0]?.held_out ?? -1n
    },
  }
}

async function runsOf(owner: Database, orderId: string): Promise<Run[]> {
  const { rows } = await owner.query<Run>(
    `SELECT due_on::text AS due, state, reason FROM standing_run WHERE order_id = $1 ORDER BY nth`,
    [orderId],
  )
  return rows
}
