import type { Database } from '../../database/database.ts'
import { uuidv7 } from '../../domain/ids.ts'
import type { Secret } from '../../domain/secret.ts'
import type { Audit, AuditEvent } from '../../security/audit.ts'
import type { Hasher } from '../../subscribers/hasher.ts'
import { findAccount, type StoredAccount } from './account-row.ts'
import { makePassword } from './passwords.ts'

export type ManageServices = {
  readonly database: Database
  readonly audit: Audit
  readonly hasher: Hasher
  /** Who does it. */
  readonly by: AuditEvent['actor']
}

export type NewAccount = Omit<StoredAccount, 'id' | 'passwordHash' | 'suspended'>

/** `taken`: somebody has the system_id; `busy`: too many passwords are being hashed. */
export type AddOutcome =
  | { readonly kind: 'added'; readonly password: Secret }
  | { readonly kind: 'taken' }
  | { readonly kind: 'busy' }

/** Makes an account with a password of its own, which is nowhere but in the outcome. */
export async function addAccount(
  { database, audit, hasher, by }: ManageServices,
  account: NewAccount,
): Promise<AddOutcome> {
  const id = uuidv7()
  const password = makePassword()
  const hash = await hasher.withPlace((place) => place.hash(password, id))
  if (hash === 'busy') return { kind: 'busy' }
  const added = await database.transaction(async (tx) => {
    const { rowCount } = await tx.query(
      `INSERT INTO smpp_account (id, system_id, password_hash, bind_types, max_binds, tps, window_size, senders, prefixes, owned, priority, message_ids, volume_left, category)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        ON CONFLICT (system_id) WHERE removed_at IS NULL DO NOTHING`,
      [
        ...[id, account.systemId, hash, account.bindTypes, account.maxBinds, account.tps, account.window],
        ...[account.senders, account.prefixes, account.owned, account.priority, account.messageIds, account.volumeLeft],
        account.category,
      ],
    )
    if (rowCount === 0) return false
    const { systemId, category, senders } = account
    const payload = { systemId, category, senders: senders.join(' '), volume: volumeText(account) }
    await audit.record(tx, { actor: by, action: 'smpp_account.added', subject: id, payload })
    return true
  })
  return added ? { kind: 'added', password } : { kind: 'taken' }
}

/** `unchanged`: it was so already. A suspended account's binds are closed within seconds; what it sent before goes out. */
export function setSuspended(
  services: ManageServices,
  systemId: string,
  suspended: boolean,
): Promise<'done' | 'unchanged' | 'unknown'> {
  return change(services, systemId, suspended ? 'smpp_account.suspended' : 'smpp_account.resumed', {}, (tx, { id }) =>
    tx.query('UPDATE smpp_account SET suspended = $2 WHERE id = $1 AND suspended <> $2', [id, suspended]),
  )
}

/** Adds segments to what is left; `unchanged` where nothing limits the account. */
export function topUp(
  services: ManageServices,
  systemId: string,
  segments: bigint,
): Promise<'done' | 'unchanged' | 'unknown'> {
  return change(services, systemId, 'smpp_account.topped_up', { segments: String(segments) }, (tx, { id }) =>
    tx.query('UPDATE smpp_account SET volume_left = volume_left + $2 WHERE id = $1 AND volume_left IS NOT NULL', [
      id,
      segments,
    ]),
  )
}

/** Its name is free again; what it sent stays on file and still goes out, what phones wrote to it and it has not fetched is erased. */
export function removeAccount(services: ManageServices, systemId: string): Promise<'done' | 'unchanged' | 'unknown'> {
  return change(services, systemId, 'smpp_account.removed', {}, async (tx, { id }) => {
    const removed = await tx.query('UPDATE smpp_account SET removed_at = now() WHERE id = $1 AND removed_at IS NULL', [
      id,
    ])
    // A statement of its own, so that it sees what was being stored while the first one waited.
    await tx.query(
      `UPDATE smpp_delivery SET message_sealed = NULL, acknowledged_at = coalesce(acknowledged_at, now())
        WHERE account_id = $1 AND message_sealed IS NOT NULL`,
      [id],
    )
    return removed
  })
}

/** The change and its audit row in one commit. */
async function change(
  { database, audit, by }: ManageServices,
  systemId: string,
  action: string,
  payload: Readonly<Record<string, string>>,
  update: (tx: Parameters<Audit['record']>[0], account: StoredAccount) => Promise<{ rowCount: number }>,
): Promise<'done' | 'unchanged' | 'unknown'> {
  return await database.transaction(async (tx) => {
    const account = await findAccount(tx, systemId)
    if (account === null) return 'unknown'
    const { rowCount } = await update(tx, account)
    if (rowCount === 0) return 'unchanged'
    await audit.record(tx, { actor: by, action, subject: account.id, payload: { systemId, ...payload } })
    return 'done'
  })
}

function volumeText({ volumeLeft }: NewAccount): string {
  return volumeLeft === null ? 'unlimited' : String(volumeLeft)
}
