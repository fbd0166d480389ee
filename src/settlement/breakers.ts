import type { Biller, QueryOutcome } from '../billers/biller.ts'
import type { Database, Queryable } from '../database/database.ts'
import type { Events } from '../telemetry/events.ts'
import { admit, type Breaker, type BreakerRules, breakerRules, closedBreaker, isResting, learn } from './breaker.ts'

/** The breakers of all partners, kept in PostgreSQL, so that every process knows the same and a new start forgets nothing. */
export type Breakers = {
  /** Whether a payment may go there now; where not, how long it waits before it asks again. */
  admit(partner: string): Promise<Admission>
  /** Call with each answer; never throws, since no breaker is worth a payment's answer. */
  learn(partner: string, call: 'pay' | 'query', answer: QueryOutcome['kind']): Promise<void>
}

export type Admission = { readonly kind: 'admitted' } | { readonly kind: 'resting'; readonly waitMs: number }

export type BreakerDependencies = {
  readonly database: Database
  readonly events: Pick<Events, 'partnerMoved' | 'housekeepingFailed'>
  readonly rules?: BreakerRules
}

type Row = { state: Breaker['state']; unknowns: number; openings: number; until_ms: number | null; now_ms: number }

const MS = `(extract(epoch FROM until) * 1000)::float8 AS until_ms, (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now_ms`

export function makeBreakers({ database, events, rules = breakerRules }: BreakerDependencies): Breakers {
  /** Applies a rule under the row's lock; a partner that works as ever costs one read. */
  async function move(partner: string, rule: (breaker: Breaker, nowMs: number) => Breaker): Promise<void> {
    const moved = await database.transaction(async (tx) => {
      await tx.query(
        `INSERT INTO partner_breaker (partner, state, unknowns, openings) VALUES ($1, 'closed', 0, 0) ON CONFLICT (partner) DO NOTHING`,
        [partner],
      )
      const { breaker, nowMs } = await read(tx, partner, 'FOR NO KEY UPDATE')
      const next = rule(breaker, nowMs)
      if (next === breaker) return null
      await tx.query(
        `UPDATE partner_breaker SET state = $2, unknowns = $3, openings = $4, until = to_timestamp($5::float8 / 1000), changed_at = now()
          WHERE partner = $1`,
        [partner, next.state, next.unknowns, next.openings, next.state === 'closed' ? null : next.untilMs],
      )
      const worksAgain = breaker.state !== 'closed' && next.state === 'closed'
      if (worksAgain) await tx.query('SELECT ledger_ring_partner($1)', [partner])
      return next.state === breaker.state ? null : next.state
    })
    if (moved !== null) events.partnerMoved({ partner, to: moved })
  }

  return {
    async admit(partner) {
      const { breaker, nowMs } = await read(database, partner)
      if (breaker.state === 'closed') return { kind: 'admitted' }
      if (nowMs < breaker.untilMs) return { kind: 'resting', waitMs: breaker.untilMs - nowMs }
      let admission: Admission = { kind: 'admitted' }
      await move(partner, (current, atMs) => {
        const { admitted, next } = admit(current, atMs, rules)
        if (!admitted && next.state !== 'closed') admission = { kind: 'resting', waitMs: next.untilMs - atMs }
        return next
      })
      return admission
    },
    async learn(partner, call, answer) {
      try {
        const { breaker, nowMs } = await read(database, partner)
        if (learn(breaker, call, answer, nowMs, rules) === breaker) return
        await move(partner, (current, atMs) => learn(current, call, answer, atMs, rules))
      } catch (error) {
        events.housekeepingFailed({ error })
      }
    },
  }
}

/** Billers that say at the menu that they are unavailable while they rest, so that nobody enters a PIN for nothing. */
export function tellRest(billers: ReadonlyMap<string, Biller>, database: Queryable): ReadonlyMap<string, Biller> {
  return new Map(
    [...billers].map(([id, biller]) => [
      id,
      {
        ...biller,
        check: async (account) => {
          const { breaker, nowMs } = await read(database, id)
          return isResting(breaker, nowMs) ? { kind: 'unavailable' } : biller.check(account)
        },
      },
    ]),
  )
}

async function read(db: Queryable, partner: string, lock = ''): Promise<{ breaker: Breaker; nowMs: number }> {
  const { rows } = await db.query<Row>(
    `SELECT state, unknowns, openings, ${MS} FROM partner_breaker WHERE partner = $1 ${lock}`,
    [partner],
  )
  const row = rows[0]
  if (row === undefined) return { breaker: closedBreaker, nowMs: 0 }
  return { breaker: breakerOf(row), nowMs: row.now_ms }
}

function breakerOf({ state, unknowns, openings, until_ms }: Row): Breaker {
  if (state === 'closed' || until_ms === null) return { state: 'closed', unknowns, openings: 0 }
  return { state, unknowns: 0, openings, untilMs: until_ms }
}
