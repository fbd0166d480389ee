import type { IncomingSms, MessagePart } from '../../aggregators/aggregator.ts'
import type { ClientAddress, Delivery, FinalState } from '../../aggregators/smpp/server/account.ts'
import type { Database, Queryable } from '../../database/database.ts'
import { uuidv7 } from '../../domain/ids.ts'
import type { Msisdn } from '../../domain/msisdn.ts'
import { Secret } from '../../domain/secret.ts'
import type { Sealer } from '../../security/sealing.ts'
import type { StoredAccount } from './account-row.ts'
import { addressesContext, messageContext, messageIdOf } from './message-ids.ts'
import { errorCodeOf, REASON } from './standing.ts'

type Row = {
  id: bigint
  outbox_id: string | null
  state: FinalState | null
  cancelled: boolean | null
  reason: string | null
  created_at: Date
  submitted_at: Date | null
  addresses_sealed: Buffer | null
  user_reference: number | null
  name: string | null
  message_sealed: Buffer | null
}

/** At half a minute each, about an hour of a client that is bound and does not answer. */
const MOST_TRIES = 120

type Message = { readonly from: Msisdn; readonly to: string; readonly text: string; readonly part: MessagePart | null }

/** The next ones in order, for the caller alone until `leaseMs` have passed; none while somebody has an earlier one. */
export async function takeDeliveries(
  { database, sealer }: { database: Database; sealer: Sealer },
  account: StoredAccount,
  limit: number,
  leaseMs: number,
): Promise<Delivery[]> {
  await giveUp(database, account)
  const { rows } = await database.query<Row>({
    name: 'smpp-take',
    text: `WITH head AS (
        SELECT id, next_at <= now() AS due FROM smpp_delivery
        WHERE account_id = $1 AND acknowledged_at IS NULL ORDER BY id LIMIT $2 FOR UPDATE
      ), taken AS (
        UPDATE smpp_delivery SET next_at = now() + make_interval(secs => $3), tries = tries + 1
        WHERE id IN (SELECT id FROM head) AND (SELECT bool_and(due) FROM head)
        RETURNING *
      )
      SELECT taken.id, taken.outbox_id, taken.state, taken.created_at, taken.name, taken.message_sealed,
        cancelled_at IS NOT NULL AS cancelled, addresses_sealed, user_reference, message.created_at AS submitted_at,
        ${REASON} AS reason
      FROM taken
      LEFT JOIN smpp_submission AS submission ON submission.outbox_id = taken.outbox_id
      LEFT JOIN sms_outbox AS message ON message.id = taken.outbox_id
      ORDER BY taken.id`,
    values: [account.id, limit, leaseMs / 1000],
  })
  return rows.flatMap((row) => receiptOf(sealer, account, row) ?? messageOf(sealer, row) ?? [])
}

/** One that the client never answers must not hold up all that come after it. */
async function giveUp(database: Database, account: StoredAccount): Promise<void> {
  await database.query({
    name: 'smpp-give-up',
    text: `UPDATE smpp_delivery SET acknowledged_at = now(), message_sealed = NULL
      WHERE account_id = $1 AND acknowledged_at IS NULL AND tries >= $2 AND next_at <= now()`,
    values: [account.id, MOST_TRIES],
  })
}

function receiptOf(sealer: Sealer, account: StoredAccount, row: Row): Delivery | null {
  const { id, outbox_id, state, addresses_sealed, submitted_at } = row
  if (outbox_id === null || state === null || addresses_sealed === null || submitted_at === null) return null
  const [source, destination] = JSON.parse(sealer.open(addresses_sealed, addressesContext(outbox_id))) as [
    ClientAddress,
    ClientAddress,
  ]
  const standing = {
    messageId: messageIdOf(outbox_id, account.messageIds),
    state: row.cancelled === true ? ('cancelled' as const) : state,
    finalAt: row.created_at,
    errorCode: state === 'failed' || state === 'refused' ? errorCodeOf(row.reason) : null,
  }
  const userReference = row.user_reference
  return { kind: 'receipt', id, standing, submittedAt: submitted_at, source, destination, userReference }
}

function messageOf(sealer: Sealer, { id, name, message_sealed }: Row): Delivery | null {
  if (name === null || message_sealed === null) return null
  const message = JSON.parse(sealer.open(message_sealed, messageContext(name))) as Message
  return { kind: 'message', id, ...message, text: new Secret(message.text) }
}

/** The text of a message from a phone is erased with it. */
export async function acknowledgeDeliveries(database: Queryable, ids: readonly bigint[]): Promise<void> {
  await database.query({
    name: 'smpp-acknowledge',
    text: 'UPDATE smpp_delivery SET acknowledged_at = now(), message_sealed = NULL WHERE id = ANY ($1::bigint[])',
    values: [ids],
  })
}

export async function postponeDeliveries(database: Queryable, ids: readonly bigint[], delayMs: number): Promise<void> {
  await database.query({
    name: 'smpp-postpone',
    text: 'UPDATE smpp_delivery SET next_at = now() + make_interval(secs => $2) WHERE id = ANY ($1::bigint[]) AND acknowledged_at IS NULL',
    values: [ids, delayMs / 1000],
  })
}

/** The account that gets what is written to this number; null: nobody's. */
export async function findOwner(tx: Queryable, number: string): Promise<string | null> {
  const { rows } = await tx.query<{ id: string }>({
    name: 'smpp-owner',
    text: 'SELECT id FROM smpp_account WHERE owned @> ARRAY[$1::text] AND removed_at IS NULL ORDER BY id LIMIT 1',
    values: [number],
  })
  return rows[0]?.id ?? null
}

/** Keeps a message from a phone for the account that owns the number it was sent to. Call it in the transaction that stores the message. */
export async function forwardToOwner(
  tx: Queryable,
  sealer: Sealer,
  owner: string,
  { from, to, text, part }: IncomingSms,
): Promise<void> {
  const name = uuidv7()
  const content: Message = { from, to, text: text.reveal(), part: part ?? null }
  await tx.query({
    name: 'smpp-forward',
    // Who removes the account erases what waits for it, so of the two one waits for the other.
    text: `INSERT INTO smpp_delivery (account_id, name, message_sealed)
      SELECT id, $2, $3 FROM smpp_account WHERE id = $1 AND removed_at IS NULL FOR SHARE`,
    values: [owner, name, sealer.seal(JSON.stringify(content), messageContext(name))],
  })
}
