import { randomInt } from 'node:crypto'
import type { SendOutcome, SmsLink, SmsMessage } from '../aggregators/sms-link.ts'
import type { Database } from '../database/database.ts'
import { type Msisdn, parseE164 } from '../domain/msisdn.ts'
import { segmentSms } from '../domain/segments.ts'
import type { Key } from '../security/keys.ts'
import type { Sealer } from '../security/sealing.ts'
import { deriveCode } from '../subscribers/code.ts'
import type { Events } from '../telemetry/events.ts'
import { acceptUnderWay } from './accepts-under-way.ts'
import { acceptAttempt, claimAttempt } from './attempts.ts'
import type { LinkHealth } from './health.ts'
import type { QuietHours } from './informing.ts'
import { bodyContext, CODE_MARK, recipientContext, senderContext } from './outbox.ts'
import { ATTEMPT_LEASE_SECONDS, type OutboxRow, readOutboxRow } from './outbox-row.ts'
import { isUsableId, providerKey } from './provider-ids.ts'
import { claimStrays } from './record-delivery.ts'
import { routeSms, waitsForLink } from './route.ts'
import { findWithheld } from './withhold.ts'

export type SmsServices = {
  readonly database: Database
  readonly sealer: Sealer
  /** OTP_KEY: codes are derived at the moment they are sent. */
  readonly otpKey: Key
  readonly links: readonly SmsLink[]
  /** Left out: all links are as good. */
  readonly health?: LinkHealth
  /** Sender name or short code on the phone. */
  readonly from: string
  readonly quiet: QuietHours
  readonly events: Pick<Events, 'smsSubmitted' | 'smsFailed' | 'swept' | 'sweepFailed'>
}

/** How long a process may take over one attempt; one that took longer died, and what it did is unknown. */
export const LEASE_SECONDS: number = ATTEMPT_LEASE_SECONDS
/** Pauses after the first, second, … attempt that no link took. */
const PAUSES_SECONDS = [5, 15, 45, 120, 300, 600]
/** While no link is up, nothing is learnt from waiting longer. */
const NO_LINK_PAUSE_SECONDS = 15
const MAX_ATTEMPTS = 20
/** user_message_reference has two octets. */
const REFERENCES = 0x1_0000

/**
 * Sends one message of the outbox, or finds that there is nothing to do: a job may run twice, the row decides. This is the only place
 * that decides on another attempt. A refusal goes to the next link or waits, unless it is about the message itself or no link is left
 * that might take it; an unknown outcome is never tried again.
 */
export async function deliverSms(services: SmsServices, id: string): Promise<void> {
  const { database } = services
  const row = await readOutboxRow(database, id)
  if (row === null || (row.state !== 'queued' && !row.abandoned)) return
  if (row.abandoned && row.attempt_state === 'refused') return postpone(services, id, row.attempts, 'process_died')
  if (row.abandoned) return settleUnknown(services, id, row, row.attempts, 'process_died', [])
  if (row.expires_ms <= 0) return expire(services, id)
  if (row.early) return
  if (row.answered) return stop(services, id, 'answered')
  const message = openMessage(services, id, row)
  const withheld = await findWithheld(services, row, message.to)
  if (withheld?.kind === 'wait') return wait(services, id, row.attempts, withheld.seconds, withheld.reason)
  if (withheld?.kind === 'stop') return stop(services, id, withheld.reason)
  const links = routeSms(services.links, message.to, services.health?.isPreferred)
  let attempts = row.attempts
  let refusal = 'no_link'
  // While some link may take it later, a refusal that is about another link alone is not the end.
  let hope = waitsForLink(services.links, message.to)
  for (const [at, link] of links.entries()) {
    const reference = randomInt(REFERENCES)
    if (!(await claim(database, id, row, attempts, link, message.text, reference))) return
    attempts += 1
    const outcome = await link.send({ ...message, reference })
    services.health?.heard(link.name, outcome)
    if (outcome.kind === 'accepted') return accept(services, id, row, attempts, link, outcome)
    if (outcome.kind === 'unknown')
      return settleUnknown(services, id, row, attempts, outcome.cause, outcome.providerIds)
    refusal = outcome.reason
    hope ||= outcome.retry
    const isFinal = !outcome.retry && (outcome.scope !== 'link' || (at === links.length - 1 && !hope))
    const last = isFinal || attempts >= MAX_ATTEMPTS
    await refuse(services, id, attempts, link, outcome.reason, last)
    if (last) return
  }
  await postpone(services, id, attempts, refusal)
}

function openMessage({ sealer, otpKey, from }: SmsServices, id: string, row: OutboxRow): SmsMessage {
  const to: Msisdn | null = parseE164(sealer.open(row.recipient_sealed, recipientContext(id)))
  if (to === null) throw new Error(`The number of message ${id} is not one.`)
  const body = sealer.open(row.body_sealed, bodyContext(id))
  const text = row.challenge_id === null ? body : body.replace(CODE_MARK, deriveCode(otpKey, row.challenge_id).reveal())
  const { priority, flash } = row
  const message = { id, to, from, text, priority, flash, validForMs: Math.floor(row.expires_ms), ...partOf(row) }
  if (row.sender_sealed === null) return message
  return { ...message, from: sealer.open(row.sender_sealed, senderContext(id)), isOwnSender: true }
}

/** What a client cut itself goes out as it was cut. */
function partOf({
  part_reference: reference,
  part_total: total,
  part_number: number,
}: OutboxRow): Pick<SmsMessage, 'part'> {
  return reference === null || total === null || number === null ? {} : { part: { reference, total, number } }
}

/** Commits the attempt before its socket is used. False: somebody else has the row. */
function claim(
  database: Database,
  id: string,
  row: OutboxRow,
  attempts: number,
  link: SmsLink,
  text: string,
  reference: number,
): Promise<boolean> {
  const segments = link.segments?.(text) ?? segmentSms(text).parts.length
  return claimAttempt(database, {
    ...{ id, attempts, expected: attempts === row.attempts ? 'queued' : 'sending', link: link.name, segments },
    ...{ reports: link.reports === 'per_message' ? 1 : segments, price: link.cost ?? null, reference },
  })
}

async function accept(
  services: SmsServices,
  id: string,
  row: OutboxRow,
  attempt: number,
  link: SmsLink,
  outcome: Extract<SendOutcome, { kind: 'accepted' }>,
): Promise<void> {
  const { segments } = outcome
  const providerIds = usable(outcome.providerIds)
  const taken = { id, attempt, link: link.name, providerIds, segments, price: link.cost ?? null }
  await acceptUnderWay(services.database, providerIds, acceptAttempt(services.database, taken))
  const cost = Number(link.cost ?? 0n) * segments
  services.events.smsSubmitted({ id, link: link.name, outcome: 'accepted', segments, cost, cause: '' })
  await claimStrays(services.database, row.recipient_index, providerIds)
}

/** Nobody knows whether the phone gets it: kept as it is, and a delivery report may still tell. */
async function settleUnknown(
  services: SmsServices,
  id: string,
  row: OutboxRow,
  attempt: number,
  cause: string,
  answeredIds: readonly string[],
): Promise<void> {
  const providerIds = usable(answeredIds)
  const { rows } = await services.database.query<{ link: string }>({
    name: 'sms-unknown',
    text: `WITH message AS (
        UPDATE sms_outbox SET state = 'unknown', ring_at = NULL, settled_at = now(), unknown_at = now()
        WHERE id = $1 AND attempts = $2 AND state = 'sending'
        RETURNING id
      ), attempt AS (
        UPDATE sms_attempt SET state = 'unknown', reason = $3, ended_at = now()
        FROM message WHERE outbox_id = $1 AND number = $2
        RETURNING link, recipient_index
      ), part AS (
        INSERT INTO sms_part (outbox_id, attempt, number, link, provider_id, provider_key, recipient_index)
        SELECT $1, $2, ids.number, link, ids.id, ids.key, recipient_index
        FROM attempt, unnest($4::text[], $5::text[]) WITH ORDINALITY AS ids (id, key, number)
        WHERE ids.id <> ''
      ), event AS (
        INSERT INTO sms_event (outbox_id, kind, attempt, link, reason) SELECT $1, 'unknown', $2, link, $3 FROM attempt
      )
      SELECT link FROM attempt`,
    values: [id, attempt, cause, providerIds, providerIds.map(providerKey)],
  })
  const link = rows[0]?.link
  if (link === undefined) return
  services.events.smsSubmitted({ id, link, outcome: 'unknown', segments: 0, cost: 0, cause })
  await claimStrays(services.database, row.recipient_index, providerIds)
}

async function refuse(
  services: SmsServices,
  id: string,
  attempt: number,
  link: SmsLink,
  reason: string,
  last: boolean,
): Promise<void> {
  await services.database.query({
    name: 'sms-refuse',
    text: `WITH attempt AS (
        UPDATE sms_attempt SET state = 'refused', reason = $4, ended_at = now(), cost = cost * 0
        WHERE outbox_id = $1 AND number = $2
      ), event AS (
        INSERT INTO sms_event (outbox_id, kind, attempt, link, reason) VALUES ($1, 'refused', $2, $3, $4)
      )
      UPDATE sms_outbox SET state = 'refused', ring_at = NULL, settled_at = now()
      WHERE $5 AND id = $1 AND attempts = $2 AND state IN ('sending', 'unknown')`,
    values: [id, attempt, link.name, reason, last],
  })
  services.events.smsSubmitted({ id, link: link.name, outcome: 'refused', segments: 0, cost: 0, cause: reason })
}

/** Waits for a better time; the sweeper rings then. */
async function postpone(services: SmsServices, id: string, attempts: number, reason: string): Promise<void> {
  const seconds =
    reason === 'no_link' ? NO_LINK_PAUSE_SECONDS : (PAUSES_SECONDS[Math.min(attempts, PAUSES_SECONDS.length) - 1] ?? 5)
  await wait(services, id, attempts, seconds, reason)
}

async function wait(
  services: SmsServices,
  id: string,
  attempts: number,
  seconds: number,
  reason: string,
): Promise<void> {
  await services.database.query({
    name: 'sms-postpone',
    text: `WITH message AS (
        UPDATE sms_outbox SET state = 'queued', not_before = now() + make_interval(secs => $3), ring_at = now() + make_interval(secs => $3)
        WHERE id = $1 AND attempts = $2 AND state IN ('queued', 'sending')
        RETURNING id
      ), event AS (
        INSERT INTO sms_event (outbox_id, kind, reason)
        SELECT id, 'postponed', $4 FROM message
        WHERE NOT EXISTS (
          SELECT FROM (SELECT kind, reason FROM sms_event WHERE outbox_id = $1 ORDER BY id DESC LIMIT 1) AS last
          WHERE last.kind = 'postponed' AND last.reason = $4
        )
      )
      SELECT FROM message`,
    values: [id, attempts, seconds, reason],
  })
}

/** It was queued, and is not to be sent any more. */
async function stop(services: SmsServices, id: string, reason: string): Promise<void> {
  await services.database.query({
    name: 'sms-stop',
    text: `WITH message AS (
        UPDATE sms_outbox SET state = 'refused', ring_at = NULL, settled_at = now()
        WHERE id = $1 AND state = 'queued'
        RETURNING id
      ), event AS (
        INSERT INTO sms_event (outbox_id, kind, reason) SELECT id, 'refused', $2 FROM message
      )
      SELECT FROM message`,
    values: [id, reason],
  })
}

async function expire(services: SmsServices, id: string): Promise<void> {
  await services.database.query({
    name: 'sms-expire',
    text: `WITH message AS (
        UPDATE sms_outbox SET state = 'expired', ring_at = NULL, settled_at = now()
        WHERE id = $1 AND state = 'queued' AND expires_at <= now()
        RETURNING id
      ), event AS (
        INSERT INTO sms_event (outbox_id, kind) SELECT id, 'expired' FROM message
      )
      SELECT FROM message`,
    values: [id],
  })
}

/** A part whose id every message has is one without an id. */
function usable(ids: readonly string[]): string[] {
  return ids.map((id) => (isUsableId(id) ? id : ''))
}
