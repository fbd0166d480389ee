import type { MessagePart } from '../aggregators/aggregator.ts'
import type { Queryable } from '../database/database.ts'

/** One row of the inbox; what is sealed is sealed to `sms_inbox.sender:<id>` and `sms_inbox.body:<id>`. */
export type InboxMessage = {
  readonly id: string
  readonly link: string
  readonly providerId: string | null
  readonly senderSealed: Buffer
  readonly senderIndex: Buffer
  readonly recipient: string
  readonly bodySealed: Buffer
  /** What the parts shared; null for a message in one piece. */
  readonly part: Pick<MessagePart, 'reference' | 'total'> | null
  /** Parts that never came. */
  readonly missing: number
}

/** False: the network's id for it is in the inbox already. */
export async function insertMessage(tx: Queryable, message: InboxMessage): Promise<boolean> {
  const { rowCount } = await tx.query({
    name: 'sms-store',
    text: `INSERT INTO sms_inbox
        (id, link, provider_id, sender_sealed, sender_index, recipient, body_sealed, part_reference, part_total, parts_missing)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
      ON CONFLICT (link, provider_id) DO NOTHING`,
    values: [
      message.id,
      message.link,
      message.providerId,
      message.senderSealed,
      message.senderIndex,
      message.recipient,
      message.bodySealed,
      message.part?.reference ?? null,
      message.part?.total ?? null,
      message.missing,
    ],
  })
  return rowCount === 1
}
