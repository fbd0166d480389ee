import type { SmsPriority } from '../aggregators/sms-link.ts'
import type { Queryable } from '../database/database.ts'
import { gatherByDatabase } from '../database/gather.ts'
import { isOpen } from '../ledger/asked.ts'
import type { Unasked } from './withhold.ts'

/** How long a process may take over one attempt; one that took longer died, and what it did is unknown. */
export const ATTEMPT_LEASE_SECONDS = 180
/** Rows of one statement, and statements under way. */
const MOST = 100
const AT_ONCE = 2

/** What the sender must know of a message. */
export type OutboxRow = Unasked & {
  readonly id: string
  readonly state: string
  readonly attempts: number
  readonly recipient_sealed: Buffer
  readonly recipient_index: Buffer
  readonly body_sealed: Buffer
  readonly challenge_id: string | null
  readonly priority: SmsPriority
  readonly flash: boolean
  readonly expires_ms: number
  readonly early: boolean
  /** It asks for an answer that was given, or for which it is too late. */
  readonly answered: boolean
  readonly sender_sealed: Buffer | null
  readonly part_reference: number | null
  readonly part_total: number | null
  readonly part_number: number | null
  readonly attempt_state: string | null
  readonly abandoned: boolean
}

/** Null: there is no such row. Rows that are wanted in one moment are read together. */
export const readOutboxRow: (database: Queryable, id: string) => Promise<OutboxRow | null> = gatherByDatabase(
  readAll,
  MOST,
  AT_ONCE,
)

async function readAll(database: Queryable, ids: readonly string[]): Promise<(OutboxRow | null)[]> {
  const { rows } = await database.query<OutboxRow>({
    name: 'sms-read',
    text: `SELECT message.id, message.state, attempts, recipient_sealed, message.recipient_index, body_sealed, challenge_id, priority, flash,
        sender_sealed, part_reference, part_total, part_number,
        message.category, message.account_id, campaign.state AS campaign_state, campaign.window_from, campaign.window_to,
        (extract(epoch FROM expires_at - now()) * 1000)::float8 AS expires_ms,
        not_before > now() AS early,
        CASE WHEN message.fact_key ~ '^[0-9a-f-]{36}:asked$'
          THEN NOT EXISTS (SELECT FROM money_request r WHERE r.id = left(message.fact_key, 36)::uuid AND ${isOpen})
          ELSE false END AS answered,
        last.state AS attempt_state,
        message.state = 'sending' AND greatest(last.started_at, last.ended_at) < now() - make_interval(secs => $2) AS abandoned
      FROM sms_outbox AS message
      LEFT JOIN sms_attempt AS last ON last.outbox_id = message.id AND last.number = message.attempts
      LEFT JOIN sms_campaign AS campaign ON campaign.id = message.campaign_id
      WHERE message.id = ANY ($1::uuid[])`,
    values: [ids, ATTEMPT_LEASE_SECONDS],
  })
  const byId = new Map(rows.map((row) => [row.id, row]))
  return ids.map((id) => byId.get(id) ?? null)
}
