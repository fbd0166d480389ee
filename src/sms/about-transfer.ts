import type { Queryable } from '../database/database.ts'
import type { TransferId } from '../domain/ids.ts'

/** A message that told somebody of a transfer, without number and text. */
export type MessageAbout = {
  readonly id: string
  /** `payer`, `payee`, `delayed`, …: whom, or of what. */
  readonly fact: string
  readonly state: string
  readonly createdAt: Date
}

/** Every message that a transfer brought about, oldest first. */
export async function findMessagesAbout(db: Queryable, id: TransferId): Promise<MessageAbout[]> {
  const { rows } = await db.query<MessageAbout>(
    `SELECT o.id, substr(o.fact_key, length($1) + 2) AS fact, o.state, o.created_at AS "createdAt"
       FROM transfer t JOIN sms_outbox o ON o.subscriber_id IN (t.payer_id, t.payee_id)
      WHERE t.id = $1::uuid AND o.created_at >= t.created_at AND starts_with(o.fact_key, $1 || ':') ORDER BY o.created_at, o.id`,
    [id],
  )
  return rows
}
