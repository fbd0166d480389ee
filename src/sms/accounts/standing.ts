import type { MessageStanding } from '../../aggregators/smpp/server/account.ts'
import type { Database, Queryable } from '../../database/database.ts'
import type { StoredAccount } from './account-row.ts'
import { messageIdOf, readMessageId } from './message-ids.ts'

/** Why a message failed or was refused: the network's word on a part, or ours on the whole. `message` is the row of the outbox. */
export const REASON: string = `coalesce(
  (SELECT reason FROM sms_part WHERE sms_part.outbox_id = message.id AND sms_part.state = 'failed' LIMIT 1),
  (SELECT reason FROM sms_event WHERE sms_event.outbox_id = message.id AND message.state = 'refused' AND kind = 'refused' AND reason = 'opted_out' LIMIT 1))`

type Row = { outbox_id: string; state: string; later: boolean; settled_at: Date | null; reason: string | null }

/** Where a message of this account stands; null for an id that it was never given. */
export async function findMessage(
  database: Queryable,
  account: StoredAccount,
  messageId: string,
): Promise<MessageStanding | null> {
  const meant = readMessageId(messageId, account.messageIds)
  if (meant === null) return null
  const { rows } = await database.query<Row>(
    `SELECT outbox_id, CASE WHEN cancelled_at IS NULL THEN message.state ELSE 'cancelled' END AS state,
        message.state = 'queued' AND attempts = 0 AND not_before > now() AS later, settled_at,
        ${REASON} AS reason
      FROM smpp_submission JOIN sms_outbox AS message ON message.id = outbox_id
      WHERE smpp_submission.account_id = $1 AND (outbox_id = $2::uuid OR number = $3::bigint)`,
    [account.id, ...('outboxId' in meant ? [meant.outboxId, null] : [null, meant.number])],
  )
  const [row] = rows
  if (row === undefined) return null
  const state = isFinal(row.state) ? row.state : row.later ? 'scheduled' : 'enroute'
  return {
    messageId: messageIdOf(row.outbox_id, account.messageIds),
    state,
    finalAt: isFinal(row.state) ? row.settled_at : null,
    errorCode: errorCodeOf(row.reason),
  }
}

/** Takes back what is with no link; its receipt says that it was deleted. */
export async function cancelMessage(
  database: Database,
  account: StoredAccount,
  messageId: string,
): Promise<'cancelled' | 'too_late' | 'unknown_id'> {
  const found = await findMessage(database, account, messageId)
  const meant = readMessageId(messageId, account.messageIds)
  if (found === null || meant === null) return 'unknown_id'
  return await database.transaction(async (tx) => {
    const { rows } = await tx.query<{ id: string }>(
      `SELECT id FROM sms_outbox JOIN smpp_submission ON outbox_id = id
        WHERE smpp_submission.account_id = $1 AND (outbox_id = $2::uuid OR number = $3::bigint) AND state = 'queued'
        FOR UPDATE OF sms_outbox`,
      [account.id, ...('outboxId' in meant ? [meant.outboxId, null] : [null, meant.number])],
    )
    const id = rows[0]?.id
    if (id === undefined) return 'too_late'
    await tx.query(
      `WITH mark AS (
          UPDATE smpp_submission SET cancelled_at = now() WHERE outbox_id = $1
        ), message AS (
          UPDATE sms_outbox SET state = 'refused', ring_at = NULL, settled_at = now() WHERE id = $1 RETURNING id
        )
        INSERT INTO sms_event (outbox_id, kind, reason) SELECT id, 'refused', 'cancelled' FROM message`,
      [id],
    )
    return 'cancelled'
  })
}

/** Our own word in a receipt: the number wants no such messages. */
const OPTED_OUT = '088'

/** `045` of `UNDELIV err:045`. */
export function errorCodeOf(reason: string | null): string | null {
  if (reason === 'opted_out') return OPTED_OUT
  return /\berr:(\w{1,3})\b/.exec(reason ?? '')?.[1] ?? null
}

const FINAL: ReadonlySet<string> = new Set(['delivered', 'failed', 'expired', 'refused', 'unknown', 'cancelled'])

function isFinal(state: string): state is Exclude<MessageStanding['state'], 'scheduled' | 'enroute'> {
  return FINAL.has(state)
}
