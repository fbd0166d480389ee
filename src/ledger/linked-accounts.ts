import type { Queryable } from '../database/database.ts'
import type { AccountId, SubscriberId } from '../domain/ids.ts'
import type { Currency } from '../domain/money.ts'
import type { Msisdn } from '../domain/msisdn.ts'
import type { Sealer } from '../security/sealing.ts'

/** Somebody's account at another provider; `first`: the one they chose to pay from before others. */
export type LinkedAccount = {
  readonly id: AccountId
  readonly provider: string
  readonly number: Msisdn
  readonly first: boolean
}

/** Opens the account in the ledger that stands for one elsewhere, in the caller's transaction; one that was closed is open again. */
export async function openLinkedAccount(
  tx: Queryable,
  sealer: Sealer,
  owner: { readonly id: SubscriberId; readonly number: Msisdn },
  provider: { readonly id: string; readonly name: string },
  currency: Currency,
): Promise<AccountId> {
  const opened = await tx.query<{ id: AccountId }>(`SELECT ledger_open_linked($1, $2, $3, $4) AS id`, [
    ...[owner.id, provider.id, provider.name, currency],
  ])
  const id = opened.rows[0]?.id
  if (id === undefined) throw new Error('ledger_open_linked returned nothing')
  await tx.query(
    `INSERT INTO linked_account (account_id, subscriber_id, identifier) VALUES ($1, $2, $3)
     ON CONFLICT (account_id) DO UPDATE SET identifier = excluded.identifier, linked_at = now()`,
    [id, owner.id, sealer.seal(owner.number, identifierContext(id))],
  )
  return id
}

/** `busy`: a transfer from or to it has no end yet, and nothing was done; `none`: there is none that is open. */
export async function closeLinkedAccount(
  tx: Queryable,
  ownerId: SubscriberId,
  id: AccountId,
): Promise<'closed' | 'busy' | 'none'> {
  await tx.query(`DELETE FROM payment_default WHERE subscriber_id = $1 AND account_id = $2`, [ownerId, id])
  const { rows } = await tx.query<{ outcome: 'closed' | 'busy' | 'none' }>(
    `SELECT ledger_close_linked($1, $2) AS outcome`,
    [ownerId, id],
  )
  return rows[0]?.outcome ?? 'none'
}

/**
 * The open ones under the number that the person has now, the one to pay from first before the others. What was linked under another number
 * is left out: whose that is by now nobody has said.
 */
export async function listLinkedAccounts(
  db: Queryable,
  sealer: Sealer,
  owner: { readonly id: SubscriberId; readonly number: Msisdn },
): Promise<LinkedAccount[]> {
  const { rows } = await db.query<{ id: AccountId; provider: string; identifier: Buffer; first: boolean }>({
    name: 'list-linked',
    text: `SELECT a.id, a.code AS provider, l.identifier, d.account_id IS NOT NULL AS first
             FROM account a JOIN linked_account l ON l.account_id = a.id
             LEFT JOIN payment_default d ON d.subscriber_id = a.owner_id AND d.account_id = a.id
            WHERE a.kind = 'linked' AND a.owner_id = $1 AND a.status = 'open' ORDER BY first DESC, l.linked_at, a.id`,
    values: [owner.id],
  })
  return rows
    .map(({ identifier, ...row }) => ({ ...row, number: sealer.open(identifier, identifierContext(row.id)) as Msisdn }))
    .filter(({ number }) => number === owner.number)
}

/** Which account is offered first to pay from; null: the wallet. The caller has seen that it is theirs. */
export async function chooseFirst(tx: Queryable, ownerId: SubscriberId, id: AccountId | null): Promise<void> {
  if (id === null) {
    await tx.query(`DELETE FROM payment_default WHERE subscriber_id = $1`, [ownerId])
    return
  }
  await tx.query(
    `INSERT INTO payment_default (subscriber_id, account_id) VALUES ($1, $2)
     ON CONFLICT (subscriber_id) DO UPDATE SET account_id = excluded.account_id`,
    [ownerId, id],
  )
}

/** Ties a sealed number to its account. */
function identifierContext(id: AccountId): string {
  return `linked_account.identifier:${id}`
}
