import type { Queryable } from '../database/database.ts'
import { type AccountId, type SubscriberId, uuidOf } from '../domain/ids.ts'
import type { Currency } from '../domain/money.ts'

/**
 * Opens a subscriber's main wallet with the ceiling of its tier; the one that exists if it does. The currency is that of the market
 * loaded (see load-tariffs.ts). Throws on a tier without limits.
 */
export async function openWallet(tx: Queryable, subscriberId: SubscriberId, tier: string): Promise<AccountId> {
  const { rows } = await tx.query<{ id: AccountId }>(`SELECT ledger_open_wallet($1, $2, NULL) AS id`, [
    subscriberId,
    tier,
  ])
  return only(rows).id
}

/** Opens (or renames) the account in which a biller's money gathers until it is paid out. */
export async function openBillerAccount(
  tx: Queryable,
  biller: { readonly id: string; readonly name: string },
  currency: Currency,
): Promise<AccountId> {
  const { rows } = await tx.query<{ id: AccountId }>(`SELECT ledger_open_house_account('biller', $1, $2, $3) AS id`, [
    biller.id,
    biller.name,
    currency,
  ])
  return only(rows).id
}

/**
 * Books money from the trust account into a subscriber's wallet. `reference` names the deposit: again with the same amount it does
 * nothing (false), with another it throws. Needs the owner's connection: the gateway's own role cannot bring money into being.
 */
export async function fundWallet(
  tx: Queryable,
  subscriberId: SubscriberId,
  amount: bigint,
  reference: string,
): Promise<boolean> {
  const { rows } = await tx.query<{ added: boolean }>(
    `SELECT ledger_fund($1, $2, a.id, $3) AS added FROM account a WHERE a.kind = 'wallet' AND a.code = 'main' AND a.owner_id = $4`,
    [uuidOf(`funding/${reference}`), reference, amount, subscriberId],
  )
  return only(rows).added
}

function only<Row>(rows: readonly Row[]): Row {
  const row = rows[0]
  if (row === undefined) throw new Error('The subscriber has no wallet')
  return row
}
