import type { Database } from '../database/database.ts'
import { startRounds } from '../domain/rounds.ts'
import type { Audit } from './audit.ts'
import type { PartnerCaps, PartnerTrust } from './partner-trust.ts'

/** Which cap would be passed. */
export type MoneyCap = 'hourly' | 'daily'

/** How much money may still be confirmed in each partner's dialogues. */
export type PartnerMoney = {
  /** Takes an amount (minor units) out of what is left; the cap that it would pass, and then nothing was taken. */
  readonly reserve: (partner: string, amount: bigint) => MoneyCap | null
  /** It was not confirmed after all. */
  readonly release: (partner: string, amount: bigint) => void
  /** Reports what this process confirmed and learns what the others did. */
  readonly flush: () => Promise<void>
  readonly close: () => Promise<void>
}

export type PartnerMoneyOptions = {
  readonly database: Database
  readonly audit: Audit
  readonly trust: Iterable<PartnerTrust>
  readonly events: {
    readonly partnerCapped: (e: { partner: string; cap: string; first: boolean }) => void
    readonly housekeepingFailed: (e: { error: unknown }) => void
  }
  readonly flushEveryMs?: number
}

type Sums = { readonly hourly: bigint; readonly daily: bigint }

const FLUSH_EVERY_MS = 1_000
/** After so long without a refusal the next one is news. */
const QUIET_MS = 600_000
const NONE: Sums = { hourly: 0n, daily: 0n }

/**
 * Counts in memory and in PostgreSQL: a process is exact about itself, and knows of the others what they reported a second ago, so all
 * together pass a cap by at most what they confirm in that second. Costs the money path nothing. Partners without caps are not counted.
 */
export function startPartnerMoney(options: PartnerMoneyOptions): PartnerMoney {
  const { database, audit, events, flushEveryMs = FLUSH_EVERY_MS } = options
  const caps = new Map([...options.trust].filter(isCapped).map((trust) => [trust.partner, trust.caps] as const))
  const reported = new Map<string, Sums>()
  const underWay = new Map<string, bigint>()
  let fresh = new Map<string, bigint>()
  const refusedAtMs = new Map<string, number>()
  const onFailure = (error: unknown): void => events.housekeepingFailed({ error })
  const flushes = caps.size === 0 ? null : startRounds(flush, { everyMs: flushEveryMs, onFailure })

  function add(partner: string, amount: bigint): void {
    fresh.set(partner, (fresh.get(partner) ?? 0n) + amount)
  }

  function capPassedBy(partner: string, amount: bigint, { hourly, daily }: PartnerCaps): MoneyCap | null {
    const known = reported.get(partner) ?? NONE
    const own = (fresh.get(partner) ?? 0n) + (underWay.get(partner) ?? 0n) + amount
    if (daily !== null && known.daily + own > daily) return 'daily'
    return hourly !== null && known.hourly + own > hourly ? 'hourly' : null
  }

  /** The alarm rings once while refusals go on, on record too. */
  function alarm(partner: string, cap: MoneyCap): void {
    const first = Date.now() - (refusedAtMs.get(partner) ?? 0) > QUIET_MS
    refusedAtMs.set(partner, Date.now())
    events.partnerCapped({ partner, cap, first })
    if (!first) return
    const event = { actor: { kind: 'system', id: 'gateway' }, action: 'partner.capped', subject: partner } as const
    audit.record(database, { ...event, payload: { cap } }).catch(onFailure)
  }

  async function flush(): Promise<void> {
    const sent = [...fresh].filter(([, amount]) => amount !== 0n)
    fresh = new Map()
    for (const [partner, amount] of sent) underWay.set(partner, amount)
    try {
      const { rows } = await database.query<{ partner: string; hourly: bigint; daily: bigint }>({
        name: 'partner-money',
        // The statement does not see its own rows, so they are added to what it reads.
        text: `WITH sent AS (
            INSERT INTO partner_money AS m (partner, minute, amount)
            SELECT partner, date_trunc('minute', now()), amount FROM unnest($1::text[], $2::bigint[]) AS s (partner, amount)
             ORDER BY partner
            ON CONFLICT (partner, minute) DO UPDATE SET amount = m.amount + excluded.amount
          ), old AS (
            DELETE FROM partner_money WHERE minute < now() - interval '2 days'
          )
          SELECT partner, sum(amount) FILTER (WHERE minute > now() - interval '1 hour')::bigint AS hourly, sum(amount)::bigint AS daily
            FROM (SELECT partner, minute, amount FROM partner_money WHERE minute > now() - interval '1 day'
                  UNION ALL SELECT partner, now(), amount FROM unnest($1::text[], $2::bigint[]) AS s (partner, amount)) AS all_of_them
           GROUP BY partner`,
        values: [sent.map(([partner]) => partner), sent.map(([, amount]) => String(amount))],
      })
      reported.clear()
      for (const { partner, hourly, daily } of rows)
        reported.set(partner, { hourly: BigInt(hourly ?? 0), daily: BigInt(daily ?? 0) })
    } catch (error) {
      // Whether or not it was stored: counted twice is refused too early, and counted never is no cap.
      for (const [partner, amount] of sent) add(partner, amount)
      throw error
    } finally {
      underWay.clear()
    }
  }

  return {
    reserve(partner, amount) {
      const its = caps.get(partner)
      if (its === undefined) return null
      const cap = capPassedBy(partner, amount, its)
      if (cap === null) add(partner, amount)
      else alarm(partner, cap)
      return cap
    },
    release(partner, amount) {
      if (caps.has(partner)) add(partner, -amount)
    },
    flush,
    async close() {
      if (flushes === null) return
      await flushes.close()
      await flush().catch(onFailure)
    },
  }
}

function isCapped({ caps }: PartnerTrust): boolean {
  return caps.hourly !== null || caps.daily !== null
}
