import type { Queryable } from '../../database/database.ts'
import type { DaySpan } from '../../domain/day-span.ts'
import { isUuid } from '../../domain/ids.ts'
import type { Currency } from '../../domain/money.ts'
import type { Sealer } from '../../security/sealing.ts'
import type { SmsCategory } from '../informing.ts'
import { textsContext } from './contexts.ts'
import type { Segment } from './draft.ts'
import type { CampaignState } from './steer.ts'

/** A campaign without its people. */
export type CampaignSummary = {
  readonly id: string
  readonly name: string
  readonly category: Exclude<SmsCategory, 'transactional'>
  readonly state: CampaignState
  readonly recipients: number
  /** Whose turn has not come. */
  readonly waiting: number
  readonly perMinute: number
  readonly createdAt: Date
  readonly startedAt: Date | null
  readonly endedAt: Date | null
}

export type CampaignDetails = CampaignSummary & {
  readonly texts: Readonly<Record<string, string>>
  readonly otherwise: string | null
  /** `rows`: of the list's file. */
  readonly audience:
    | { readonly kind: 'segment'; readonly segment: Segment }
    | { readonly kind: 'list'; readonly rows: number }
  readonly window: DaySpan | null
  /** Of one segment, in minor units. */
  readonly segmentPrice: bigint
  readonly currency: Currency
}

/** What became of a campaign's people; each is counted in one of the first twelve. */
export type CampaignResults = {
  /** Their turn has not come. */
  readonly waiting: number
  /** In the outbox, or being handed to a link. */
  readonly queued: number
  /** Taken by a network that has not reported yet. */
  readonly sent: number
  readonly delivered: number
  /** Reported as not delivered. */
  readonly failed: number
  /** No link took it. */
  readonly refused: number
  /** Not sent in time. */
  readonly expired: number
  /** A network may have taken it. */
  readonly unknown: number
  /** They had opted out before their turn, or before it was sent. */
  readonly optedOut: number
  /** In the outbox when the campaign was cancelled. */
  readonly cancelled: number
  readonly closed: number
  readonly withoutText: number
  /** Of those written to, who opted out within three days. */
  readonly stops: number
  /** Short messages that networks took. */
  readonly segments: number
  /** These at the campaign's price, in minor units. */
  readonly cost: bigint
  readonly currency: Currency
}

const SUMMARY = `id, name, category, state, recipients, waiting, per_minute AS "perMinute", created_at AS "createdAt",
  started_at AS "startedAt", ended_at AS "endedAt"`
/** Campaigns that are listed. */
const MOST = 200

/** Newest first. */
export async function listCampaigns(db: Queryable): Promise<readonly CampaignSummary[]> {
  const { rows } = await db.query<CampaignSummary>(
    `SELECT ${SUMMARY} FROM sms_campaign ORDER BY created_at DESC, id DESC LIMIT ${MOST}`,
  )
  return rows
}

type DetailRow = CampaignSummary &
  Pick<CampaignDetails, 'otherwise' | 'audience' | 'segmentPrice' | 'currency'> & {
    texts_sealed: Buffer
    window_from: number | null
    window_to: number | null
  }

/** The campaign with this name or id; null where there is none. */
export async function findCampaign(db: Queryable, sealer: Sealer, nameOrId: string): Promise<CampaignDetails | null> {
  const { rows } = await db.query<DetailRow>(
    `SELECT ${SUMMARY}, texts_sealed, otherwise, audience, window_from, window_to, segment_price AS "segmentPrice", currency
      FROM sms_campaign WHERE name = $1 OR id = $2`,
    [nameOrId, isUuid(nameOrId) ? nameOrId : null],
  )
  const row = rows[0]
  if (row === undefined) return null
  const { texts_sealed: sealed, window_from: from, window_to: to, ...rest } = row
  const texts = JSON.parse(sealer.open(sealed, textsContext(row.id))) as Record<string, string>
  return { ...rest, texts, window: from === null || to === null ? null : { from, to } }
}

type OutcomeRow = { outcome: string; people: number; segments: number }

/** Counts what became of everybody; may be asked at any time, and changes while delivery reports come in. */
export async function readResults(
  db: Queryable,
  { id, segmentPrice, currency }: Pick<CampaignDetails, 'id' | 'segmentPrice' | 'currency'>,
): Promise<CampaignResults> {
  const { rows } = await db.query<OutcomeRow>(
    `SELECT coalesce(recipient.reason, stopped.reason, message.state, recipient.state) AS outcome, count(*)::int AS people,
        coalesce(sum(taken.segments), 0)::int AS segments
      FROM sms_campaign_recipient AS recipient
      LEFT JOIN sms_outbox AS message ON message.id = recipient.outbox_id
      LEFT JOIN LATERAL (
        SELECT reason FROM sms_event
        WHERE outbox_id = message.id AND message.state = 'refused' AND kind = 'refused' AND attempt IS NULL
        ORDER BY id DESC LIMIT 1
      ) AS stopped ON true
      LEFT JOIN LATERAL (
        SELECT sum(segments) AS segments FROM sms_attempt WHERE outbox_id = message.id AND state = 'accepted'
      ) AS taken ON true
      WHERE recipient.campaign_id = $1 GROUP BY outcome`,
    [id],
  )
  const people = (...outcomes: string[]): number =>
    rows.reduce((sum, row) => sum + (outcomes.includes(row.outcome) ? row.people : 0), 0)
  const segments = rows.reduce((sum, row) => sum + row.segments, 0)
  return {
    waiting: people('waiting'),
    queued: people('queued', 'sending'),
    sent: people('sent'),
    delivered: people('delivered'),
    failed: people('failed'),
    refused: people('refused'),
    expired: people('expired'),
    unknown: people('unknown'),
    optedOut: people('opted_out'),
    cancelled: people('cancelled'),
    closed: people('closed'),
    withoutText: people('no_text'),
    stops: await countStops(db, id),
    segments,
    cost: BigInt(segments) * segmentPrice,
    currency,
  }
}

/** Later ones are hardly about this campaign. */
async function countStops(db: Queryable, id: string): Promise<number> {
  const { rows } = await db.query<{ stops: number }>(
    `SELECT count(DISTINCT message.recipient_index)::int AS stops
      FROM sms_campaign_recipient AS recipient
      JOIN sms_outbox AS message ON message.id = recipient.outbox_id AND message.state NOT IN ('queued', 'sending', 'refused', 'expired')
      JOIN sms_consent AS choice ON choice.kind = 'stop' AND choice.account_id IS NULL AND choice.number_index = message.recipient_index
        AND choice.at BETWEEN message.created_at AND message.settled_at + interval '3 days'
      WHERE recipient.campaign_id = $1`,
    [id],
  )
  return rows[0]?.stops ?? 0
}
