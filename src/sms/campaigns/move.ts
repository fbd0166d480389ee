import type { Database, Queryable } from '../../database/database.ts'
import { nextOutside } from '../../domain/day-span.ts'
import type { SubscriberId } from '../../domain/ids.ts'
import { type Msisdn, parseE164 } from '../../domain/msisdn.ts'
import type { Sealer } from '../../security/sealing.ts'
import { findById } from '../../subscribers/find.ts'
import type { Events } from '../../telemetry/events.ts'
import { hasOptedOut } from '../consent.ts'
import { closedSpans, type QuietHours, type SmsCategory } from '../informing.ts'
import { enqueueSms, type QueuedSms } from '../outbox.ts'
import type { SmsBell } from '../queue.ts'
import { fieldsContext, numberContext, textsContext } from './contexts.ts'
import { personalValues } from './draft.ts'
import { textLanguage } from './plan.ts'
import { type CampaignText, fillCampaignText, readCampaignText } from './text.ts'

export type MoveServices = {
  readonly database: Database
  readonly sealer: Sealer
  readonly bell: Pick<SmsBell, 'ring'>
  readonly quiet: Pick<QuietHours, 'hours' | 'timeZone'>
  /** Null: PostgreSQL's, so that the workers' clocks may differ. */
  readonly clock: (() => Date) | null
  readonly events: Pick<Events, 'campaignMoved' | 'campaignDone'>
}

type Campaign = {
  id: string
  category: Exclude<SmsCategory, 'transactional'>
  texts_sealed: Buffer
  otherwise: string | null
  per_minute: number
  window_from: number | null
  window_to: number | null
  next_at: Date
  at: Date
}

type Recipient = {
  position: number
  subscriber_id: SubscriberId | null
  number_sealed: Buffer | null
  language: string | null
  fields_sealed: Buffer | null
}

type Moved = {
  readonly campaign: string | null
  readonly queued: readonly QueuedSms[]
  readonly skipped: number
  readonly done: boolean
}

const SECOND_MS = 1_000
/** A pace of so many a minute becomes a batch about every second, or single messages. */
const BATCHES_A_MINUTE = 60
/** A worker that was held up makes up for that much, and not for more. */
const CATCH_UP_MS = 5 * SECOND_MS
/** How soon a campaign is looked at again that waits for the outbox. */
const LOOK_AGAIN_MS = SECOND_MS
const AFTER_FAILURE_MS = 30 * SECOND_MS
/** Longer than a pause over a weekend, after which what was in the outbox goes on. */
const VALID_MS = 4 * 86_400_000

/**
 * Moves the next batch of one running campaign into the outbox, and rings. The campaign's row is locked meanwhile, and people, messages and
 * pace are one commit: two workers never take the same turn, and whoever dies has done all of it or nothing. False: nothing is due.
 */
export async function moveNextBatch(services: MoveServices): Promise<boolean> {
  const locked: Campaign[] = []
  const moved = services.database.transaction((tx) => move(services, tx, (campaign) => void locked.push(campaign)))
  const { campaign, queued, skipped, done } = await moved.catch(async (error: unknown) => {
    for (const each of locked) await putBack(services.database, each)
    throw error
  })
  for (const message of queued) services.bell.ring(message)
  if (campaign === null) return false
  if (queued.length + skipped > 0) services.events.campaignMoved({ id: campaign, queued: queued.length, skipped })
  if (done) services.events.campaignDone({ id: campaign })
  return true
}

/** Whatever is wrong with one campaign must not keep the others waiting. */
async function putBack(database: Database, { id, at }: Campaign): Promise<void> {
  await setNext(database, id, at.getTime() + AFTER_FAILURE_MS).catch(() => undefined)
}

async function move(services: MoveServices, tx: Queryable, note: (campaign: Campaign) => void): Promise<Moved> {
  const nothing = { queued: [], skipped: 0, done: false }
  const campaign = await lockDue(services, tx)
  if (campaign === null) return { ...nothing, campaign: null }
  note(campaign)
  const { id, at, per_minute: perMinute } = campaign
  const openAt = openFrom(services, campaign)
  if (openAt > at.getTime()) {
    await setNext(tx, id, openAt)
    return { ...nothing, campaign: id }
  }
  const { recent, open } = await countMoved(tx, campaign)
  const batch = Math.min(Math.ceil(perMinute / BATCHES_A_MINUTE), perMinute - Math.max(recent, open))
  const people = batch > 0 ? await readWaiting(tx, id, batch) : []
  if (people.length === 0) {
    const done = batch > 0 && open === 0 && (await finish(tx, id, at))
    if (!done) await setNext(tx, id, at.getTime() + LOOK_AGAIN_MS)
    return { ...nothing, campaign: id, done }
  }
  const turns = await takeTurns(services, tx, campaign, people)
  const queued = turns.flatMap(({ message }) => (message === null ? [] : [message]))
  const from = Math.max(campaign.next_at.getTime(), at.getTime() - CATCH_UP_MS)
  await storeTurns(tx, campaign, turns, from + (queued.length * 60 * SECOND_MS) / perMinute)
  return { campaign: id, queued, skipped: turns.length - queued.length, done: false }
}

async function lockDue({ clock }: MoveServices, tx: Queryable): Promise<Campaign | null> {
  const { rows } = await tx.query<Campaign>({
    name: 'campaign-due',
    text: `SELECT id, category, texts_sealed, otherwise, per_minute, window_from, window_to, next_at,
        coalesce($1::timestamptz, clock_timestamp()) AS at
      FROM sms_campaign WHERE state = 'running' AND next_at <= coalesce($1::timestamptz, clock_timestamp())
      ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED`,
    values: [clock?.() ?? null],
  })
  return rows[0] ?? null
}

/** From when on it may send, in Unix milliseconds: now, or the end of the hours in which it may not. */
function openFrom({ quiet }: MoveServices, { at, window_from: from, window_to: to }: Campaign): number {
  const window = from === null || to === null ? null : { from, to }
  const atMs = at.getTime()
  return nextOutside(atMs, closedSpans(quiet.hours, window), quiet.timeZone) ?? atMs + 3_600 * SECOND_MS
}

/** `recent`: within the last minute, which the pace bounds; `open`: not sent yet, so that a link that is down piles nothing up. */
async function countMoved(tx: Queryable, { id, at }: Campaign): Promise<{ recent: number; open: number }> {
  const { rows } = await tx.query<{ recent: number; open: number }>({
    name: 'campaign-pace',
    text: `SELECT
        (SELECT count(*)::int FROM sms_campaign_recipient
          WHERE campaign_id = $1 AND state = 'queued' AND moved_at > $2::timestamptz - interval '60 seconds') AS recent,
        (SELECT count(*)::int FROM sms_outbox WHERE campaign_id = $1 AND ring_at IS NOT NULL) AS open`,
    values: [id, at],
  })
  return rows[0] ?? { recent: 0, open: 0 }
}

async function readWaiting(tx: Queryable, id: string, count: number): Promise<readonly Recipient[]> {
  const { rows } = await tx.query<Recipient>({
    name: 'campaign-waiting',
    text: `SELECT position, subscriber_id, number_sealed, language, fields_sealed
      FROM sms_campaign_recipient WHERE campaign_id = $1 AND state = 'waiting' ORDER BY position LIMIT $2`,
    values: [id, count],
  })
  return rows
}

type Turn = {
  readonly position: number
  readonly message: QueuedSms | null
  /** Why there is none. */
  readonly reason: 'opted_out' | 'closed' | 'no_text' | null
}

async function takeTurns(
  services: MoveServices,
  tx: Queryable,
  campaign: Campaign,
  people: readonly Recipient[],
): Promise<readonly Turn[]> {
  const texts = openTexts(services.sealer, campaign)
  const turns: Turn[] = []
  for (const recipient of people) turns.push(await takeTurn(services, tx, campaign, texts, recipient))
  return turns
}

async function takeTurn(
  { sealer }: MoveServices,
  tx: Queryable,
  campaign: Campaign,
  texts: ReadonlyMap<string, CampaignText>,
  recipient: Recipient,
): Promise<Turn> {
  const { position } = recipient
  const skipped = (reason: Turn['reason']): Turn => ({ position, message: null, reason })
  const person = await openRecipient(tx, sealer, campaign.id, recipient)
  if (person === null) return skipped('closed')
  const language = textLanguage(texts, campaign.otherwise, person.language)
  const text = language === null ? undefined : texts.get(language)
  if (text === undefined) return skipped('no_text')
  if (await hasOptedOut(tx, sealer, person.number)) return skipped('opted_out')
  const message = await enqueueSms(tx, sealer, {
    factKey: `campaign:${campaign.id}:${position}`,
    subscriberId: recipient.subscriber_id,
    to: person.number,
    body: { kind: 'text', text: fillCampaignText(text, person.fields) },
    priority: 'bulk',
    category: campaign.category,
    campaignId: campaign.id,
    expiresAt: new Date(campaign.at.getTime() + VALID_MS),
  })
  if (message === null) throw new Error(`Recipient ${position} of campaign ${campaign.id} waits and was written to.`)
  return { position, message, reason: null }
}

function openTexts(sealer: Sealer, { id, texts_sealed: sealed }: Campaign): ReadonlyMap<string, CampaignText> {
  const words = Object.entries(JSON.parse(sealer.open(sealed, textsContext(id))) as Record<string, string>)
  return new Map(
    words.flatMap(([language, each]) => {
      const read = readCampaignText(each)
      return read.kind === 'text' ? [[language, read.text]] : []
    }),
  )
}

type Person = {
  readonly number: Msisdn
  readonly language: string
  readonly fields: Readonly<Record<string, string>>
}

/** Somebody of a segment as they are on file at this moment; null for a closed account. */
async function openRecipient(
  tx: Queryable,
  sealer: Sealer,
  campaignId: string,
  { position, subscriber_id: subscriberId, number_sealed: sealed, language, fields_sealed: fields }: Recipient,
): Promise<Person | null> {
  if (subscriberId !== null) {
    const found = await findById(tx, sealer, subscriberId)
    if (found === null || found.status === 'closed') return null
    return { number: found.number, language: found.language, fields: personalValues(found.name) }
  }
  const number = sealed === null ? null : parseE164(sealer.open(sealed, numberContext(campaignId, position)))
  if (number === null || language === null || fields === null)
    throw new Error(`Recipient ${position} of campaign ${campaignId} is nobody.`)
  return { number, language, fields: JSON.parse(sealer.open(fields, fieldsContext(campaignId, position))) }
}

async function storeTurns(tx: Queryable, { id, at }: Campaign, turns: readonly Turn[], nextMs: number): Promise<void> {
  await tx.query({
    name: 'campaign-turns',
    text: `WITH turn AS (
        UPDATE sms_campaign_recipient AS recipient
        SET state = CASE WHEN turn.outbox_id IS NULL THEN 'skipped' ELSE 'queued' END, reason = turn.reason,
          outbox_id = turn.outbox_id, moved_at = $2
        FROM unnest($3::int[], $4::uuid[], $5::text[]) AS turn (position, outbox_id, reason)
        WHERE recipient.campaign_id = $1 AND recipient.position = turn.position AND recipient.state = 'waiting'
        RETURNING recipient.position
      )
      UPDATE sms_campaign SET waiting = waiting - (SELECT count(*) FROM turn), next_at = $6 WHERE id = $1`,
    values: [
      id,
      at,
      turns.map(({ position }) => position),
      turns.map(({ message }) => message?.id ?? null),
      turns.map(({ reason }) => reason),
      new Date(nextMs),
    ],
  })
}

async function setNext(tx: Queryable, id: string, nextMs: number): Promise<void> {
  await tx.query('UPDATE sms_campaign SET next_at = $2 WHERE id = $1', [id, new Date(nextMs)])
}

async function finish(tx: Queryable, id: string, at: Date): Promise<boolean> {
  const { rowCount } = await tx.query(
    `UPDATE sms_campaign SET state = 'done', ended_at = $2 WHERE id = $1 AND waiting = 0`,
    [id, at],
  )
  return rowCount === 1
}
