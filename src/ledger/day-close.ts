import { createHash } from 'node:crypto'
import type { Database, Queryable } from '../database/database.ts'
import { addDays, type IsoDate } from '../domain/dates.ts'
import type { Audit } from '../security/audit.ts'
import type { DayContent, DayFigures } from './closed-days.ts'
import type { DaySigner } from './day-signature.ts'
import { readMoney, readOpen } from './figures.ts'
import { isWrong, OLD_AFTER_MS, type Proof, proveSnapshot } from './prove-ledger.ts'

export type CloseServices = {
  /** Two connections, and no statement timeout to speak of: a proof takes its time. */
  readonly database: Database
  readonly signer: DaySigner
  readonly audit: Audit
  /** Who closes, for the record. */
  readonly by: { readonly kind: 'staff' | 'system'; readonly id: string }
}

export type CloseOutcome =
  | { readonly kind: 'closed'; readonly day: IsoDate; readonly digest: string; readonly proof: Proof }
  /** Nothing was ever posted on a day that is over, or every day that is over is closed. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'not_over'; readonly day: IsoDate; readonly lastOver: IsoDate | null }
  | { readonly kind: 'already'; readonly day: IsoDate }
  /** Days are closed one after another, and `next` is the next one. */
  | { readonly kind: 'out_of_order'; readonly day: IsoDate; readonly next: IsoDate }
  /** The books contradict themselves; nothing was closed. */
  | { readonly kind: 'unproven'; readonly day: IsoDate; readonly proof: Proof }

/** Which days are closed, over, and next. */
export type DaysState = {
  readonly lastClosed: IsoDate | null
  /** The last one that is over in every market; null without a market. */
  readonly lastOver: IsoDate | null
  /** Whether anything was posted on a day that is over. */
  readonly posted: boolean
}

export async function readDaysState(db: Queryable): Promise<DaysState> {
  const { rows } = await db.query<DaysState>(
    `SELECT (SELECT max(business_day)::text FROM day_close) AS "lastClosed", ledger_last_day_over()::text AS "lastOver",
            EXISTS (SELECT FROM journal WHERE business_day <= ledger_last_day_over()) AS posted`,
  )
  return rows[0] ?? { lastClosed: null, lastOver: null, posted: false }
}

/**
 * The day to close next where none is named: the one after the last closed; the first close takes the last day that is over and all days
 * before it at once. Null where there is nothing to close.
 */
export function nextDay({ lastClosed, lastOver, posted }: DaysState): IsoDate | null {
  if (lastOver === null) return null
  if (lastClosed === null) return posted ? lastOver : null
  return lastClosed < lastOver ? addDays(lastClosed, 1) : null
}

/**
 * Closes a day: proves the ledger, stores and signs the day's figures, and from then on nothing can be posted on it. `day` null: the next
 * one. What is being posted on that day meanwhile ends first, and everything else goes on.
 */
export async function closeDay(services: CloseServices, day: IsoDate | null): Promise<CloseOutcome> {
  const { database } = services
  const wanted = day ?? nextDay(await readDaysState(database))
  if (wanted === null) return { kind: 'nothing' }
  // The lock is taken before the snapshot, in a transaction of its own: a snapshot is as old as the first statement of its transaction.
  return database.transaction(async (gate) => {
    await gate.query('SELECT pg_advisory_xact_lock(ledger_day_lock($1::date))', [wanted])
    return database.transaction(async (tx) => {
      await tx.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ')
      return closeLocked(tx, services, wanted)
    })
  })
}

async function closeLocked(tx: Queryable, { signer, audit, by }: CloseServices, day: IsoDate): Promise<CloseOutcome> {
  const state = await readDaysState(tx)
  const { lastClosed, lastOver } = state
  if (lastOver === null || day > lastOver) return { kind: 'not_over', day, lastOver }
  if (lastClosed !== null && day <= lastClosed) return { kind: 'already', day }
  if (lastClosed !== null && day !== addDays(lastClosed, 1)) {
    return { kind: 'out_of_order', day, next: addDays(lastClosed, 1) }
  }
  const proof = await proveSnapshot(tx, { sinceLastClose: false, oldAfterMs: OLD_AFTER_MS })
  if (isWrong(proof)) return { kind: 'unproven', day, proof }
  const content = await readContent(tx, day)
  const text = JSON.stringify(content)
  const digest = createHash('sha256').update(text).digest('hex')
  await tx.query(`SELECT ledger_close_day($1, $2, $3, $4, $5, $6)`, [
    ...[day, text, content.previous === null ? null : Buffer.from(content.previous, 'hex')],
    ...[signer.keyId, signer.sign(text), `${by.kind} ${by.id}`],
  ])
  await audit.record(tx, { actor: by, action: 'day.closed', subject: day, payload: { digest } })
  return { kind: 'closed', day, digest, proof }
}

type KindRow = {
  currency: string
  kind: string
  debits: bigint
  credits: bigint
  journals: bigint
  entries: bigint
}

/** The figures of a day, on those of the day before. */
async function readContent(tx: Queryable, day: IsoDate): Promise<DayContent> {
  const last = await tx.query<{ day: IsoDate; digest: Buffer; content: string }>(
    `SELECT business_day::text AS day, digest, content FROM day_close ORDER BY business_day DESC LIMIT 1`,
  )
  const before = last.rows[0] ?? null
  const { rows } = await tx.query<KindRow>(
    `WITH line AS (
        SELECT e.journal_id, e.currency, e.debit, e.credit, e.amount FROM journal j JOIN entry e ON e.journal_id = j.id
         WHERE j.business_day > $1::date AND j.business_day <= $2::date
      ), count AS (
        SELECT currency, count(DISTINCT journal_id) AS journals, count(*) AS entries FROM line GROUP BY currency
      )
      SELECT l.currency, a.kind, sum(side.debit)::bigint AS debits, sum(side.credit)::bigint AS credits, c.journals, c.entries
        FROM line l CROSS JOIN LATERAL (VALUES (l.debit, l.amount, 0), (l.credit, 0, l.amount)) AS side (account_id, debit, credit)
        JOIN account a ON a.id = side.account_id JOIN count c ON c.currency = l.currency
       GROUP BY l.currency, a.kind, c.journals, c.entries`,
    [before?.day ?? '-infinity', day],
  )
  const known = before === null ? {} : (JSON.parse(before.content) as DayContent).currencies
  const [money, open] = [await readMoney(tx), await readOpen(tx)]
  const currencies = [...new Set([...Object.keys(known), ...money.map(({ currency }) => currency)])].sort()
  return {
    version: 1,
    day,
    previous: before === null ? null : before.digest.toString('hex'),
    currencies: Object.fromEntries(
      currencies.map((currency) => [
        currency,
        figuresOf(
          known[currency] ?? null,
          rows.filter((row) => row.currency === currency),
          money.find((row) => row.currency === currency)?.bank ?? null,
          open.filter((row) => row.currency === currency),
        ),
      ]),
    ),
  }
}

function figuresOf(
  before: DayFigures | null,
  rows: readonly KindRow[],
  bank: Awaited<ReturnType<typeof readMoney>>[number]['bank'],
  open: Awaited<ReturnType<typeof readOpen>>,
): DayFigures {
  const names = [...new Set([...Object.keys(before?.kinds ?? {}), ...rows.map(({ kind }) => kind)])].sort()
  const kinds = names.map((kind) => {
    const stored = before?.kinds[kind]
    const added = rows.find((row) => row.kind === kind)
    const debits = BigInt(stored?.debits ?? 0) + (added?.debits ?? 0n)
    const credits = BigInt(stored?.credits ?? 0) + (added?.credits ?? 0n)
    return { kind, debits, credits, balance: credits - debits }
  })
  const sum = (pick: 'debits' | 'credits') => kinds.reduce((total, kind) => total + kind[pick], 0n)
  const balance = (of: (kind: string) => boolean) =>
    kinds.filter(({ kind }) => of(kind)).reduce((total, kind) => total + kind.balance, 0n)
  const isHouse = (kind: string) => ['fee_income', 'tax_payable', 'levy_payable'].includes(kind)
  return {
    journals: String(rows[0]?.journals ?? 0),
    entries: String(rows[0]?.entries ?? 0),
    kinds: Object.fromEntries(
      kinds.map(({ kind, debits, credits }) => [kind, { debits: String(debits), credits: String(credits) }]),
    ),
    trialBalance: { debits: String(sum('debits')), credits: String(sum('credits')) },
    eMoney: String(balance((kind) => kind === 'wallet')),
    inTransit: String(balance((kind) => kind !== 'wallet' && kind !== 'trust' && !isHouse(kind))),
    house: String(balance(isHouse)),
    trust: String(-balance((kind) => kind === 'trust')),
    bank: bank === null ? null : { asOf: bank.asOf, balance: String(bank.balance), booked: String(bank.booked) },
    open: open.map(({ state, count, amount, oldestS }) => ({
      state,
      ...{ count: String(count), amount: String(amount), oldestS: String(oldestS) },
    })),
  }
}
