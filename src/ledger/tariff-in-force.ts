import type { Queryable } from '../database/database.ts'
import type { AccountId } from '../domain/ids.ts'
import type { Currency } from '../domain/money.ts'
import { readTariff, versionInForce } from './stored-tariffs.ts'
import type { ChargeLeg, MarketTariff } from './tariff.ts'

/** The tariff in force and the accounts that fees, taxes and levies go to. */
export type TariffInForce = Pick<MarketTariff, 'version' | 'services' | 'duties'> & {
  readonly currency: Currency
  /** Of the house; throws for a leg that goes to the payee. */
  accountOf(leg: ChargeLeg): AccountId
}

/** The tariff in force, in memory; whoever learns from the database that it is another one by now asks for a fresh one. */
export type Tariffs = {
  readonly currency: Currency
  current(db: Queryable): Promise<TariffInForce>
  reload(db: Queryable): Promise<TariffInForce>
}

/** Throws, when asked, where no tariff in this currency is in force (see load-tariffs.ts). */
export function makeTariffs(currency: Currency): Tariffs {
  let known: TariffInForce | null = null
  async function reload(db: Queryable): Promise<TariffInForce> {
    known = await readInForce(db, currency)
    return known
  }
  return { currency, reload, current: async (db) => known ?? (await reload(db)) }
}

async function readInForce(db: Queryable, currency: Currency): Promise<TariffInForce> {
  const version = await versionInForce(db, currency)
  const tariff = version === null ? null : await readTariff(db, version)
  if (tariff === null)
    throw new Error(`No tariff in ${currency} is in force; load one with: npm run tariffs -- load FILE`)
  const { rows } = await db.query<{ kind: string; code: string; id: AccountId }>(
    `SELECT kind, code, id FROM account WHERE kind IN ('fee_income', 'tax_payable', 'levy_payable') AND currency = $1`,
    [currency],
  )
  const accounts = new Map(rows.map(({ kind, code, id }) => [`${kind}/${code}`, id]))
  return {
    ...{ version: tariff.version, currency, services: tariff.services, duties: tariff.duties },
    accountOf({ what, code }) {
      const id = accounts.get(`${kinds[what]}/${code ?? ''}`)
      if (id === undefined)
        throw new Error(`There is no account for the ${what} ${code ?? ''} of tariff ${tariff.version}`)
      return id
    },
  }
}

const kinds: Record<ChargeLeg['what'], string> = {
  amount: 'none',
  fee: 'fee_income',
  tax: 'tax_payable',
  levy: 'levy_payable',
}
