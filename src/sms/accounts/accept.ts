import type { AcceptOutcome, ClientMessage } from '../../aggregators/smpp/server/account.ts'
import type { Database } from '../../database/database.ts'
import { uuidv7 } from '../../domain/ids.ts'
import { numberIndex } from '../../security/contexts.ts'
import type { Sealer } from '../../security/sealing.ts'
import { bodyContext, recipientContext, senderContext } from '../outbox.ts'
import type { SmsBell } from '../queue.ts'
import type { StoredAccount } from './account-row.ts'
import { addressesContext, messageIdOf, numberOf } from './message-ids.ts'

/**
 * Takes a client's message into the outbox and its segments off the account's volume, in one commit: what is not there never goes out,
 * and what goes out was paid for. Rings after it.
 */
export async function acceptMessage(
  { database, sealer, bell }: { database: Database; sealer: Sealer; bell: SmsBell },
  account: StoredAccount,
  message: ClientMessage,
): Promise<AcceptOutcome> {
  const id = uuidv7()
  const { to, part, notBefore } = message
  const { rows } = await database.query<{ version: number | null; open: boolean }>({
    name: 'smpp-accept',
    text: `WITH charged AS (
        UPDATE smpp_account SET volume_left = volume_left - $2::smallint
        WHERE id = $1 AND NOT suspended AND removed_at IS NULL AND volume_left >= $2::smallint
        RETURNING id
      ), account AS (
        SELECT id FROM charged
        UNION ALL
        SELECT id FROM smpp_account WHERE id = $1 AND NOT suspended AND removed_at IS NULL AND volume_left IS NULL
      ), message AS (
        INSERT INTO sms_outbox (id, fact_key, recipient_sealed, recipient_index, body_sealed, priority, expires_at, flash,
          not_before, ring_at, account_id, sender_sealed, part_reference, part_total, part_number, category)
        SELECT $3, $4, $5, $6, $7, $8, coalesce($9::timestamptz, coalesce($11::timestamptz, now()) + interval '1 day'), $10,
          coalesce($11::timestamptz, now()), coalesce($11::timestamptz, now() + interval '10 seconds'), id, $12, $13, $14, $15, $20
        FROM account
        RETURNING id, version
      ), submission AS (
        INSERT INTO smpp_submission (outbox_id, account_id, number, segments, registered, addresses_sealed, user_reference)
        SELECT id, $1, $16::bigint, $2::smallint, $17, $18, $19 FROM message
      ), event AS (
        INSERT INTO sms_event (outbox_id, kind) SELECT id, 'queued' FROM message
      )
      SELECT (SELECT version FROM message) AS version,
        EXISTS (SELECT FROM smpp_account WHERE id = $1 AND NOT suspended AND removed_at IS NULL) AS open`,
    values: [
      ...[account.id, message.segments, id, `account:${account.id}:${id}`],
      ...[sealer.seal(to, recipientContext(id)), numberIndex(sealer, to)],
      ...[sealer.seal(message.text.reveal(), bodyContext(id)), account.priority, message.expiresAt, message.flash],
      ...[notBefore, sealer.seal(message.from, senderContext(id))],
      ...[part?.reference ?? null, part?.total ?? null, part?.number ?? null],
      ...[numberOf(id), message.registered],
      sealer.seal(JSON.stringify([message.source, message.destination]), addressesContext(id)),
      ...[message.userReference, account.category],
    ],
  })
  const [row] = rows
  if (row === undefined || row.version === null) return { kind: row?.open === true ? 'no_volume' : 'suspended' }
  if (notBefore === null) bell.ring({ id, version: row.version, priority: account.priority })
  return { kind: 'accepted', messageId: messageIdOf(id, account.messageIds) }
}
