import type { Queryable } from '../database/database.ts'
import type { Currency } from '../domain/money.ts'
import type { Band, Duty, MarketTariff, OtherPrices, Rate, Service, ServiceKind, TierLimits } from './tariff.ts'

/** A version on record. `shipped`: one of the examples that come with the program. */
export type StoredVersion = {
  readonly version: string
  readonly effectiveFrom: Date
  readonly shipped: boolean
  readonly state: 'past' | 'in_force' | 'future'
}

/** All versions of a currency's market, in the order in which they hold; the clock is the database's. */
export async function listTariffs(db: Queryable, currency: Currency): Promise<StoredVersion[]> {
  const { rows } = await db.query<StoredVersion>(
    `SELECT t.version, t.effective_from AS "effectiveFrom", t.shipped,
            CASE WHEN t.effective_from > now() THEN 'future' WHEN t.version = ledger_tariff_in_force($1) THEN 'in_force' ELSE 'past' END AS state
       FROM tariff t JOIN market m ON m.code = t.market AND m.currency = $1 ORDER BY t.effective_from, t.version`,
    [currency],
  )
  return rows
}

/** The version in force now, by the database's clock; null where none is. */
export async function versionInForce(db: Queryable, currency: Currency): Promise<string | null> {
  const { rows } = await db.query<{ version: string | null }>(`SELECT ledger_tariff_in_force($1) AS version`, [
    currency,
  ])
  return rows[0]?.version ?? null
}

/** A stored version as it was loaded; null where there is none of that name. */
export async function readTariff(db: Queryable, version: string): Promise<MarketTariff | null> {
  const { rows } = await db.query<{ market: string; effective_from: Date }>(
    `SELECT market, effective_from FROM tariff WHERE version = $1`,
    [version],
  )
  const found = rows[0]
  if (found === undefined) return null
  const services = await readServices(db, version)
  const { send, bill } = services
  const { restricted, ...tiers } = await readTiers(db, version)
  if (send === undefined || bill === undefined || restricted === undefined)
    throw new Error(`Tariff ${version} is stored without sending, bills or the tier restricted`)
  return {
    ...{ market: found.market, version, effectiveFrom: found.effective_from.toISOString() },
    services: { ...services, send, bill },
    duties: await readDuties(db, version),
    tiers: { ...tiers, restricted },
  }
}

type RateRow = { flat: bigint; rate_bp: number; at_least: bigint; at_most: bigint | null }

async function readServices(db: Queryable, version: string): Promise<Partial<Record<ServiceKind, Service>>> {
  type Row = RateRow & {
    kind: ServiceKind
    minimum: bigint
    fee_from: 'payer' | 'payee'
    tier: string
    network: string
    up_to: bigint
  }
  const { rows } = await db.query<Row>(
    `SELECT s.kind, s.minimum, s.fee_from, b.tier, b.network, b.up_to, b.flat, b.rate_bp, b.at_least, b.at_most
       FROM tariff_service s JOIN tariff_band b USING (version, kind) WHERE version = $1
      ORDER BY s.kind, b.tier, b.network, b.up_to`,
    [version],
  )
  const services: Partial<Record<ServiceKind, Service>> = {}
  for (const [kind, its] of groupBy(rows, ({ kind }) => kind)) {
    const [first] = its
    if (first === undefined) continue
    const bands = (row: readonly Row[]): Band[] => row.map((band) => ({ upTo: band.up_to, ...rateOf(band) }))
    const isForAll = ({ tier, network }: Row): boolean => tier === '' && network === ''
    const rest = groupBy(
      its.filter((row) => !isForAll(row)),
      ({ tier, network }) => `${tier}/${network}`,
    )
    const others = [...rest.values()].map((some): OtherPrices => {
      const { tier = '', network = '' } = some[0] ?? {}
      return { tier: tier || null, network: network || null, bands: bands(some) }
    })
    services[kind] = { minimum: first.minimum, feeFrom: first.fee_from, bands: bands(its.filter(isForAll)), others }
  }
  return services
}

async function readDuties(db: Queryable, version: string): Promise<Duty[]> {
  type Row = RateRow & {
    code: string
    name: string
    base: 'fee' | 'amount'
    included: boolean
    paid_by: 'payer' | 'payee' | null
    above_per_day: bigint | null
    exempt: ServiceKind[]
    up_to: bigint | null
  }
  const { rows } = await db.query<Row>(
    `SELECT d.code, d.name, d.base, d.included, d.paid_by, d.above_per_day, d.exempt, b.up_to, b.flat, b.rate_bp, b.at_least, b.at_most
       FROM tariff_duty d JOIN tariff_duty_band b USING (version, code) WHERE version = $1 ORDER BY d.code COLLATE "C", b.band`,
    [version],
  )
  return [...groupBy(rows, ({ code }) => code).values()].flatMap((its): Duty[] => {
    const [first] = its
    if (first === undefined) return []
    const { code, name, exempt, included, rate_bp: rateBp, above_per_day: abovePerDay } = first
    if (first.base === 'fee') return [{ base: 'fee', code, name, exempt, rateBp, included }]
    const bands = its.map((row) => ({ upTo: row.up_to, ...rateOf(row) }))
    return [{ base: 'amount', code, name, exempt, bands, abovePerDay, paidBy: first.paid_by ?? 'payer' }]
  })
}

async function readTiers(db: Queryable, version: string): Promise<Record<string, TierLimits>> {
  const { rows } = await db.query<TierLimits & { tier: string }>(
    `SELECT tier, per_transaction AS "perTransaction", per_day AS "perDay", per_month AS "perMonth", balance,
            receive_per_day AS "receivePerDay", receive_per_month AS "receivePerMonth"
       FROM tier_limit WHERE version = $1 ORDER BY tier`,
    [version],
  )
  return Object.fromEntries(rows.map(({ tier, ...limits }) => [tier, limits]))
}

function rateOf(row: RateRow): Rate {
  const rate = { flat: row.flat, rateBp: row.rate_bp, atLeast: row.at_least }
  return row.at_most === null ? rate : { ...rate, atMost: row.at_most }
}

function groupBy<Row, Key extends string>(rows: readonly Row[], keyOf: (row: Row) => Key): Map<Key, Row[]> {
  const groups = new Map<Key, Row[]>()
  for (const row of rows) {
    const key = keyOf(row)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [row])
    else group.push(row)
  }
  return groups
}
