import type { Database, Queryable } from '../database/database.ts'
import type { Market } from '../domain/market.ts'
import { applyCeilings, type Ceilings } from './ceilings.ts'
import { sameTariff } from './same-tariff.ts'
import { shippedTariffs } from './shipped-tariffs.ts'
import { readTariff } from './stored-tariffs.ts'
import type { Band, Duty, MarketTariff, Rate, Service } from './tariff.ts'

/** `loaded`: versions that were not there before. `ceilings`: what became of wallets' ceilings; null where nothing was loaded. */
export type LoadOutcome = { readonly loaded: readonly string[]; readonly ceilings: Ceilings | null }

/**
 * Stores tariffs of the market's operator, or, where `own` is null and none of the operator's is stored, those that come with the program; then
 * gives wallets the ceilings in force. Needs the owner's connection. Throws as `loadTariffs` does; then nothing is stored.
 */
export async function bringTariffs(
  owner: Database,
  market: Market,
  own: readonly MarketTariff[] | null,
): Promise<LoadOutcome> {
  const loaded = await owner.transaction(async (tx) => {
    if (own !== null) return loadTariffs(tx, market, own, 'own')
    const stored = await tx.query(`SELECT FROM tariff WHERE market = $1 AND NOT shipped LIMIT 1`, [market.code])
    return stored.rowCount > 0 ? [] : loadTariffs(tx, market, shippedTariffs(market), 'shipped')
  })
  return { loaded, ceilings: loaded.length > 0 ? await applyCeilings(owner, market.currency) : null }
}

/**
 * Stores tariffs with their limits and opens the accounts of the house, in the caller's transaction, as the owner; names those that were not
 * there. A version that is stored already is left alone. Throws with advice where it is stored with other content, since people have
 * confirmed quotes that name it, or where it has no limits for a tier that people have.
 */
export async function loadTariffs(
  tx: Queryable,
  market: Market,
  tariffs: readonly MarketTariff[] = shippedTariffs(market),
  origin: 'shipped' | 'own' = 'shipped',
): Promise<string[]> {
  await tx.query(`INSERT INTO market (code, currency, time_zone) VALUES ($1, $2, $3) ON CONFLICT (code) DO NOTHING`, [
    market.code,
    market.currency,
    market.timeZone,
  ])
  const loaded: string[] = []
  for (const tariff of tariffs) {
    if (tariff.market !== market.code)
      throw new Error(`Tariff ${tariff.version} is of ${tariff.market}, not of ${market.code}.`)
    const added = await tx.query(
      `INSERT INTO tariff (version, market, effective_from, shipped) VALUES ($1, $2, $3, $4) ON CONFLICT (version) DO NOTHING`,
      [tariff.version, market.code, tariff.effectiveFrom, origin === 'shipped'],
    )
    if (added.rowCount > 0) {
      await insertContent(tx, tariff)
      await refuseMissingTiers(tx, tariff, market)
      loaded.push(tariff.version)
      continue
    }
    const stored = await readTariff(tx, tariff.version)
    if (stored === null || !sameTariff(stored, tariff))
      throw new Error(`Tariff ${tariff.version} is stored with other content; give the changed one a new version.`)
  }
  await openHouseAccounts(tx, market.currency, tariffs)
  return loaded
}

/** A version that is past already rules nobody. */
async function refuseMissingTiers(tx: Queryable, { version, tiers }: MarketTariff, market: Market): Promise<void> {
  const { rows } = await tx.query<{ tier: string; people: bigint }>(
    `SELECT s.tier, count(*) AS people FROM subscriber s
      WHERE s.status <> 'closed' AND s.tier <> ALL ($2)
        AND EXISTS (SELECT FROM tariff t WHERE t.version = $1 AND (t.effective_from > now() OR t.version = ledger_tariff_in_force($3)))
      GROUP BY s.tier ORDER BY s.tier`,
    [version, Object.keys(tiers), market.currency],
  )
  if (rows.length === 0) return
  const missing = rows.map(({ tier, people }) => `${tier} (${people})`).join(', ')
  throw new Error(
    `Tariff ${version} has no limits for tiers that people have: ${missing}. Add them, or nobody of these could pay.`,
  )
}

async function insertContent(tx: Queryable, tariff: MarketTariff): Promise<void> {
  const { version } = tariff
  for (const [kind, service] of Object.entries(tariff.services)) {
    await tx.query(`INSERT INTO tariff_service (version, kind, minimum, fee_from) VALUES ($1, $2, $3, $4)`, [
      ...[version, kind, service.minimum, service.feeFrom ?? 'payer'],
    ])
    for (const { tier, network, bands } of pricesOf(service)) {
      for (const band of bands) {
        await tx.query(
          `INSERT INTO tariff_band (version, kind, tier, network, up_to, flat, rate_bp, at_least, at_most)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
          [version, kind, tier ?? '', network ?? '', band.upTo, ...valuesOf(band)],
        )
      }
    }
  }
  for (const duty of tariff.duties) await insertDuty(tx, version, duty)
  for (const [tier, limits] of Object.entries(tariff.tiers)) {
    await tx.query(
      `INSERT INTO tier_limit (version, tier, per_transaction, per_day, per_month, balance, receive_per_day, receive_per_month)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [
        ...[version, tier, limits.perTransaction ?? null, limits.perDay ?? null, limits.perMonth ?? null],
        ...[limits.balance ?? null, limits.receivePerDay ?? null, limits.receivePerMonth ?? null],
      ],
    )
  }
}

function pricesOf({
  bands,
  others = [],
}: Service): { tier: string | null; network: string | null; bands: readonly Band[] }[] {
  return [{ tier: null, network: null, bands }, ...others]
}

async function insertDuty(tx: Queryable, version: string, duty: Duty): Promise<void> {
  const levy = duty.base === 'amount' ? duty : null
  await tx.query(
    `INSERT INTO tariff_duty (version, code, name, base, included, paid_by, above_per_day, exempt) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      ...[version, duty.code, duty.name, duty.base, duty.base === 'fee' && duty.included],
      ...[levy?.paidBy ?? null, levy?.abovePerDay ?? null, duty.exempt],
    ],
  )
  const bands = duty.base === 'amount' ? duty.bands : [{ upTo: null, flat: 0n, rateBp: duty.rateBp }]
  for (const [n, band] of bands.entries()) {
    await tx.query(
      `INSERT INTO tariff_duty_band (version, code, band, up_to, flat, rate_bp, at_least, at_most) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [version, duty.code, n + 1, band.upTo, ...valuesOf(band)],
    )
  }
}

function valuesOf({ flat, rateBp = 0, atLeast = 0n, atMost }: Rate): unknown[] {
  return [flat, rateBp, atLeast, atMost ?? null]
}

/** The name is what a statement shows as the other party. */
async function openHouseAccounts(tx: Queryable, currency: string, tariffs: readonly MarketTariff[]): Promise<void> {
  const duties = tariffs.flatMap((tariff) => tariff.duties)
  const accounts = [
    ['trust', '', 'Nyota'],
    ['fee_income', '', 'Fees'],
    ...duties.map(({ base, code, name }) => [base === 'fee' ? 'tax_payable' : 'levy_payable', code, name]),
  ]
  for (const [kind, code, name] of accounts) {
    await tx.query(`SELECT ledger_open_house_account($1, $2, $3, $4)`, [kind, code, name, currency])
  }
}
