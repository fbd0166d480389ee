import type { BindType, SmppAccount } from '../../aggregators/smpp/server/account.ts'
import type { SmsPriority } from '../../aggregators/sms-link.ts'
import type { Queryable } from '../../database/database.ts'
import type { SmsCategory } from '../informing.ts'

/** How an account's message ids are written: our id, or a number of at most nineteen digits, decimal or in hexadecimal. */
export type MessageIdForm = 'uuid' | 'decimal' | 'hex'

/** An account with what only we look at. */
export type StoredAccount = SmppAccount & {
  readonly passwordHash: string
  readonly owned: readonly string[]
  readonly priority: Exclude<SmsPriority, 'code'>
  /** Of all that it sends. */
  readonly category: SmsCategory
  readonly messageIds: MessageIdForm
  /** Segments; null: no limit. */
  readonly volumeLeft: bigint | null
}

type Row = {
  id: string
  system_id: string
  password_hash: string
  bind_types: BindType[]
  max_binds: number
  tps: number
  window_size: number
  senders: string[]
  prefixes: string[]
  owned: string[]
  priority: StoredAccount['priority']
  category: SmsCategory
  message_ids: MessageIdForm
  volume_left: bigint | null
  suspended: boolean
}

const COLUMNS =
  'id, system_id, password_hash, bind_types, max_binds, tps, window_size, senders, prefixes, owned, priority, category, message_ids, volume_left, suspended'

/** Removed accounts are in none of these. */
export async function findAccount(database: Queryable, systemId: string): Promise<StoredAccount | null> {
  const { rows } = await database.query<Row>(
    `SELECT ${COLUMNS} FROM smpp_account WHERE system_id = $1 AND removed_at IS NULL`,
    [systemId],
  )
  return rows[0] === undefined ? null : accountOf(rows[0])
}

export async function readAccount(database: Queryable, id: string): Promise<StoredAccount | null> {
  const { rows } = await database.query<Row>(
    `SELECT ${COLUMNS} FROM smpp_account WHERE id = $1 AND removed_at IS NULL`,
    [id],
  )
  return rows[0] === undefined ? null : accountOf(rows[0])
}

export async function listAccounts(database: Queryable): Promise<StoredAccount[]> {
  const { rows } = await database.query<Row>(
    `SELECT ${COLUMNS} FROM smpp_account WHERE removed_at IS NULL ORDER BY system_id`,
  )
  return rows.map(accountOf)
}

function accountOf(row: Row): StoredAccount {
  return {
    id: row.id,
    systemId: row.system_id,
    bindTypes: row.bind_types,
    maxBinds: row.max_binds,
    tps: row.tps,
    window: row.window_size,
    senders: row.senders,
    prefixes: row.prefixes,
    suspended: row.suspended,
    passwordHash: row.password_hash,
    owned: row.owned,
    priority: row.priority,
    category: row.category,
    messageIds: row.message_ids,
    volumeLeft: row.volume_left,
  }
}

/** Puts the same password under the current key, unless it was changed meanwhile. */
export async function renewPassword(db: Queryable, id: string, before: string, after: string): Promise<void> {
  await db.query('UPDATE smpp_account SET password_hash = $3 WHERE id = $1 AND password_hash = $2', [id, before, after])
}
