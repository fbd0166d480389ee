import type { SmsPriority } from '../aggregators/sms-link.ts'
import type { Queryable } from '../database/database.ts'
import { type SubscriberId, uuidv7 } from '../domain/ids.ts'
import type { Msisdn } from '../domain/msisdn.ts'
import { numberIndex } from '../security/contexts.ts'
import type { Sealer } from '../security/sealing.ts'
import type { SmsCategory } from './informing.ts'

/** A message to write down with the fact that it reports. */
export type OutgoingSms = {
  /** Names the fact, `<transfer id>:payer`, so that it is told once however often it is reported. */
  readonly factKey: string
  readonly subscriberId: SubscriberId | null
  readonly to: Msisdn
  /** The text of a `code` has the mark `{code}` where the sender puts the code; the code itself is never stored. */
  readonly body:
    | { readonly kind: 'text'; readonly text: string }
    | { readonly kind: 'code'; readonly challengeId: string; readonly text: string }
  readonly priority: SmsPriority
  /** `transactional` unless said otherwise. */
  readonly category?: SmsCategory
  /** The campaign that it is part of. */
  readonly campaignId?: string
  /** Nothing is tried before; at once unless set. */
  readonly notBefore?: Date
  /** Shown at once and kept by no phone, where the network can; ordinary unless set. */
  readonly flash?: boolean
  /** Not worth sending after that; null: for a day. */
  readonly expiresAt: Date | null
}

/** What the queue is told about a row, after the commit. */
export type QueuedSms = { readonly id: string; readonly version: number; readonly priority: SmsPriority }

/** Where the code goes in a `code` message's text. */
export const CODE_MARK = '{code}'

/**
 * Writes a message in the caller's transaction, so that it commits with its fact or not at all. Null: this fact is in the outbox
 * already. Ring the bell with the result once the transaction has committed; if nobody does, the sweeper will.
 */
export async function enqueueSms(tx: Queryable, sealer: Sealer, sms: OutgoingSms): Promise<QueuedSms | null> {
  const [queued] = await enqueueAllSms(tx, sealer, [sms])
  return queued ?? null
}

/** `enqueueSms` for many in one statement, in their order; those whose fact is in the outbox already are left out of the result. */
export async function enqueueAllSms(
  tx: Queryable,
  sealer: Sealer,
  messages: readonly OutgoingSms[],
): Promise<QueuedSms[]> {
  if (messages.length === 0) return []
  const all = messages.map((sms) => {
    const challengeId = sms.body.kind === 'code' ? sms.body.challengeId : null
    if (challengeId !== null && !sms.body.text.includes(CODE_MARK))
      throw new Error(`A code's text needs the mark ${CODE_MARK}.`)
    return { sms, id: uuidv7(), challengeId, priority: challengeId === null ? sms.priority : ('code' as const) }
  })
  const { rows } = await tx.query<QueuedSms>({
    name: 'sms-enqueue',
    text: `WITH message AS (
        INSERT INTO sms_outbox (id, fact_key, subscriber_id, recipient_sealed, recipient_index, body_sealed, challenge_id, priority, expires_at, flash,
          category, campaign_id, not_before, ring_at)
        SELECT id, fact_key, subscriber_id, recipient_sealed, recipient_index, body_sealed, challenge_id, priority,
               coalesce(expires_at, greatest(not_before, now()) + interval '1 day'), flash, category, campaign_id,
               coalesce(not_before, now()), greatest(not_before, now() + interval '10 seconds')
          FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::bytea[], $5::bytea[], $6::bytea[], $7::text[], $8::text[], $9::timestamptz[], $10::boolean[],
                      $11::text[], $12::uuid[], $13::timestamptz[])
               AS m (id, fact_key, subscriber_id, recipient_sealed, recipient_index, body_sealed, challenge_id, priority, expires_at, flash,
                     category, campaign_id, not_before)
         ORDER BY fact_key
        ON CONFLICT (fact_key) DO NOTHING
        RETURNING id, version, priority
      ), event AS (
        INSERT INTO sms_event (outbox_id, kind) SELECT id, 'queued' FROM message ORDER BY id
      )
      SELECT id, version, priority FROM message ORDER BY id`,
    values: [
      all.map(({ id }) => id),
      all.map(({ sms }) => sms.factKey),
      all.map(({ sms }) => sms.subscriberId),
      all.map(({ sms, id }) => sealer.seal(sms.to, recipientContext(id))),
      all.map(({ sms }) => numberIndex(sealer, sms.to)),
      all.map(({ sms, id }) => sealer.seal(sms.body.text, bodyContext(id))),
      all.map(({ challengeId }) => challengeId),
      all.map(({ priority }) => priority),
      all.map(({ sms }) => sms.expiresAt),
      all.map(({ sms }) => sms.flash ?? false),
      all.map(({ sms }) => sms.category ?? 'transactional'),
      all.map(({ sms }) => sms.campaignId ?? null),
      all.map(({ sms }) => sms.notBefore ?? null),
    ],
  })
  return rows
}

export function recipientContext(id: string): string {
  return `sms_outbox.recipient:${id}`
}

/** Of a client's message; our own have none in the row. */
export function senderContext(id: string): string {
  return `sms_outbox.sender:${id}`
}

export function bodyContext(id: string): string {
  return `sms_outbox.body:${id}`
}
