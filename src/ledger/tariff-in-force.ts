import type { Queryable } from '../database/database.ts'
import type { AccountId } from '../domain/ids.ts'
import type { Currency } from '../domain/money.ts'
import type { Band, MarketTariff, TransferKind } from './tariff.ts'

/** The tariff in force and the accounts that fees and taxes go to. */
export type TariffInForce = Pick<MarketTariff, 'version' | 'services' | 'taxOnFeeBp'> & {
  readonly currency: Currency
  readonly feeAccount: AccountId
  readonly taxAccount: AccountId
}

/** The tariff in force, in memory; whoever learns from the database that it is another one by now asks for a fresh one. */
export type Tariffs = {
  readonly currency: Currency
  current(db: Queryable): Promise<TariffInForce>
  reload(db: Queryable): Promise<TariffInForce>
}

/** Throws, when asked, where no tariff in this currency is loaded (see load-tariff.ts). */
export function makeTariffs(currency: Currency): Tariffs {
  let known: TariffInForce | null = null
  async function reload(db: Queryable): Promise<TariffInForce> {
    known = await readTariff(db, currency)
    return known
  }
  return { currency, reload, current: async (db) => known ?? (await reload(db)) }
}

type Row = {
  version: string
  tax_on_fee_bp: number
  kind: TransferKind
  minimum: bigint
  up_to: bigint
  flat: bigint
  rate_bp: number
  at_least: bigint
  at_most: bigint | null
  fee_account: AccountId
  tax_account: AccountId
}

async function readTariff(db: Queryable, currency: Currency): Promise<TariffInForce> {
  const { rows } = await db.query<Row>(
    `SELECT t.version, t.tax_on_fee_bp, s.kind, s.minimum, b.up_to, b.flat, b.rate_bp, b.at_least, b.at_most,
            fee.id AS fee_account, tax.id AS tax_account
       FROM tariff t
       JOIN tariff_service s USING (version)
       JOIN tariff_band b USING (version, kind)
       JOIN account fee ON fee.kind = 'fee_income' AND fee.currency = $1
       JOIN account tax ON tax.kind = 'tax_payable' AND tax.currency = $1
      WHERE t.version = ledger_tariff_in_force($1)
      ORDER BY s.kind, b.up_to`,
    [currency],
  )
  const first = rows[0]
  if (first === undefined) throw new Error(`No tariff in ${currency} is in force; load the market first.`)
  return {
    version: first.version,
    currency,
    taxOnFeeBp: first.tax_on_fee_bp,
    services: { send: serviceOf(rows, 'send'), bill: serviceOf(rows, 'bill'), airtime: serviceOf(rows, 'airtime') },
    feeAccount: first.fee_account,
    taxAccount: first.tax_account,
  }
}

function serviceOf(rows: readonly Row[], kind: TransferKind): TariffInForce['services']['send'] {
  const mine = rows.filter((row) => row.kind === kind)
  return { minimum: mine[0]?.minimum ?? 1n, bands: mine.map(bandOf) }
}

function bandOf(row: Row): Band {
  const band = { upTo: row.up_to, flat: row.flat, rateBp: row.rate_bp, atLeast: row.at_least }
  return row.at_most === null ? band : { ...band, atMost: row.at_most }
}
