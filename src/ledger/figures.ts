import type { Queryable } from '../database/database.ts'
import type { IsoDate } from '../domain/dates.ts'
import type { Currency } from '../domain/money.ts'
import { bankByCurrency, moneyByKind } from './proofs/trust.ts'

/** What the ledger holds at this moment; amounts in minor units. */
export type Figures = {
  readonly accounts: bigint
  readonly journals: bigint
  readonly entries: bigint
  readonly money: readonly MoneyFigures[]
  /** Transfers without an end, by state. */
  readonly open: readonly OpenFigures[]
  readonly lastClosedDay: IsoDate | null
}

/** E-money is what people own, `inTransit` what is owed to and by partners, `house` fees, taxes and levies; `trust` covers them. */
export type MoneyFigures = {
  readonly currency: Currency
  readonly eMoney: bigint
  readonly inTransit: bigint
  readonly house: bigint
  readonly trust: bigint
  /** What the bank said last of the trust account, and what the books say of the end of the same day; null where it said nothing. */
  readonly bank: {
    readonly asOf: IsoDate
    readonly balance: bigint
    readonly booked: bigint
    readonly reference: string
  } | null
}

export type OpenFigures = {
  readonly state: string
  readonly currency: Currency
  readonly count: bigint
  /** With fees. */
  readonly amount: bigint
  readonly oldestS: bigint
}

/** Reads all figures; in one transaction with one snapshot they belong together. */
export async function readFigures(tx: Queryable): Promise<Figures> {
  const counts = await tx.query<{
    accounts: bigint
    journals: bigint
    entries: bigint
    lastClosedDay: IsoDate | null
  }>(
    `SELECT (SELECT count(*) FROM account) AS accounts, (SELECT count(*) FROM journal) AS journals, (SELECT count(*) FROM entry) AS entries,
            (SELECT max(business_day)::text FROM day_close) AS "lastClosedDay"`,
  )
  const row = counts.rows[0] ?? { accounts: 0n, journals: 0n, entries: 0n, lastClosedDay: null }
  return { ...row, money: await readMoney(tx), open: await readOpen(tx) }
}

/** People's money, the house's and the bank's, by currency. */
export async function readMoney(tx: Queryable): Promise<MoneyFigures[]> {
  type Row = Omit<MoneyFigures, 'bank'> & {
    asOf: IsoDate | null
    balance: bigint | null
    booked: bigint | null
    reference: string | null
  }
  const { rows } = await tx.query<Row>(
    `SELECT m.currency, m.e_money::bigint AS "eMoney", m.in_transit::bigint AS "inTransit", m.house::bigint AS house, m.trust::bigint AS trust,
            b.as_of::text AS "asOf", b.balance, b.booked::bigint AS booked, b.reference
       FROM (${moneyByKind}) m LEFT JOIN (${bankByCurrency}) b ON b.currency = m.currency ORDER BY m.currency`,
  )
  return rows.map(({ asOf, balance, booked, reference, ...money }) => ({
    ...money,
    bank:
      asOf === null || balance === null || booked === null || reference === null
        ? null
        : { asOf, balance, booked, reference },
  }))
}

/** Transfers without an end, by state and currency. */
export async function readOpen(tx: Queryable): Promise<OpenFigures[]> {
  const { rows } = await tx.query<OpenFigures>(
    `SELECT state, currency, count(*) AS count, sum(amount + fee)::bigint AS amount,
            floor(extract(epoch FROM now() - min(created_at)))::bigint AS "oldestS"
       FROM transfer WHERE state NOT IN ('SETTLED', 'REJECTED', 'REVERSED') GROUP BY state, currency ORDER BY state, currency`,
  )
  return rows
}
