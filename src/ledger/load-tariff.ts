import { createHash } from 'node:crypto'
import type { Queryable } from '../database/database.ts'
import type { Market } from '../domain/market.ts'
import { ghana } from './markets/gh.ts'
import { kenya } from './markets/ke.ts'
import { uganda } from './markets/ug.ts'
import type { MarketTariff, Service, TransferKind } from './tariff.ts'

const tariffs: readonly MarketTariff[] = [kenya, uganda, ghana]

/** What a market charges and allows; throws where nobody has written that down. */
export function tariffOf(market: Market): MarketTariff {
  const tariff = tariffs.find(({ market: code }) => code === market.code)
  if (tariff === undefined) throw new Error(`There is no tariff for ${market.code}.`)
  return tariff
}

/**
 * Stores a market's tariff and limits and opens the accounts of the house. A version that is stored already is left alone; the same
 * version with other content throws, since people have confirmed quotes that name it.
 */
export async function loadTariff(
  tx: Queryable,
  market: Market,
  tariff: MarketTariff = tariffOf(market),
): Promise<{ loaded: boolean }> {
  await tx.query(`INSERT INTO market (code, currency, time_zone) VALUES ($1, $2, $3) ON CONFLICT (code) DO NOTHING`, [
    market.code,
    market.currency,
    market.timeZone,
  ])
  const sha256 = digestOf(market, tariff)
  const added = await tx.query(
    `INSERT INTO tariff (version, market, effective_from, tax_on_fee_bp, sha256) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (version) DO NOTHING`,
    [tariff.version, market.code, tariff.effectiveFrom, tariff.taxOnFeeBp, sha256],
  )
  if (added.rowCount === 0) {
    const stored = await tx.query<{ sha256: string }>(`SELECT sha256 FROM tariff WHERE version = $1`, [tariff.version])
    if (stored.rows[0]?.sha256 !== sha256) {
      throw new Error(`Tariff ${tariff.version} is stored with other content; give the changed one a new version.`)
    }
  } else {
    await insertServices(tx, tariff)
    await insertTiers(tx, tariff)
  }
  await openHouseAccounts(tx, market.currency)
  return { loaded: added.rowCount > 0 }
}

function digestOf({ currency, timeZone }: Market, { market, ...tariff }: MarketTariff): string {
  const text = JSON.stringify({ market, currency, timeZone, ...tariff }, (_key, value) =>
    typeof value === 'bigint' ? String(value) : value,
  )
  return createHash('sha256').update(text).digest('hex')
}

async function insertServices(tx: Queryable, { version, services }: MarketTariff): Promise<void> {
  for (const [kind, service] of Object.entries(services) as [TransferKind, Service][]) {
    await tx.query(`INSERT INTO tariff_service (version, kind, minimum) VALUES ($1, $2, $3)`, [
      version,
      kind,
      service.minimum,
    ])
    for (const band of service.bands) {
      await tx.query(
        `INSERT INTO tariff_band (version, kind, up_to, flat, rate_bp, at_least, at_most) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
        [version, kind, band.upTo, band.flat, band.rateBp ?? 0, band.atLeast ?? 0n, band.atMost ?? null],
      )
    }
  }
}

async function insertTiers(tx: Queryable, { version, tiers }: MarketTariff): Promise<void> {
  for (const [tier, limits] of Object.entries(tiers)) {
    await tx.query(
      `INSERT INTO tier_limit (version, tier, per_transaction, per_day, balance) VALUES ($1, $2, $3, $4, $5)`,
      [version, tier, limits.perTransaction, limits.perDay, limits.balance],
    )
  }
}

async function openHouseAccounts(tx: Queryable, currency: string): Promise<void> {
  for (const [kind, name] of houseAccounts) {
    await tx.query(`SELECT ledger_open_house_account($1, '', $2, $3)`, [kind, name, currency])
  }
}

/** The name is what a statement shows as the other party. */
const houseAccounts = [
  ['trust', 'Nyota'],
  ['fee_income', 'Fees'],
  ['tax_payable', 'Tax on fees'],
] as const
