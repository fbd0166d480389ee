import type { Queryable } from '../database/database.ts'
import type { Msisdn } from '../domain/msisdn.ts'
import { numberIndexes } from '../security/contexts.ts'
import type { Sealer } from '../security/sealing.ts'
import { bodyContext, CODE_MARK } from './outbox.ts'

/** One thing that happened to a message; `part` counts from 1. */
export type HistoryEvent = {
  readonly at: Date
  readonly kind: string
  readonly attempt: number | null
  readonly part: number | null
  readonly link: string | null
  readonly reason: string | null
}

/** One part as the network knows it; `state` is `sent`, `delivered` or `failed`. */
export type HistoryPart = {
  readonly number: number
  readonly providerId: string
  readonly state: string
  readonly reason: string | null
}

/** One time a link was asked; `segments` is what the network counts and charges. */
export type HistoryAttempt = {
  readonly number: number
  readonly link: string
  readonly state: string
  readonly reason: string | null
  readonly segments: number
  readonly startedAt: Date
  readonly endedAt: Date | null
  readonly parts: readonly HistoryPart[]
}

/** A message of the outbox with all that became of it, oldest first; without number and text. */
export type MessageHistory = {
  readonly id: string
  /** What it reported, `<transfer id>:payer`. */
  readonly factKey: string
  readonly subscriberId: string | null
  readonly priority: string
  readonly state: string
  readonly createdAt: Date
  readonly settledAt: Date | null
  readonly expiresAt: Date
  readonly attempts: readonly HistoryAttempt[]
  readonly events: readonly HistoryEvent[]
}

/** A delivery report that no message was found for. */
export type UnmatchedReport = {
  readonly receivedAt: Date
  readonly link: string
  readonly providerId: string
  readonly state: string
  readonly reason: string | null
  /** Whether it said which phone it is about. */
  readonly phoneKnown: boolean
  /** No longer compared with messages. */
  readonly expired: boolean
}

/** A message from a phone, without its text; `parts` is 1 for one in one piece. */
export type InboxEntry = {
  readonly id: string
  readonly receivedAt: Date
  readonly link: string
  readonly recipient: string
  readonly parts: number
  readonly partsMissing: number
}

/** Everything that happened to a message of the outbox; null where there is none with this id. */
export async function readMessageHistory(database: Queryable, id: string): Promise<MessageHistory | null> {
  const { rows } = await database.query<Omit<MessageHistory, 'attempts' | 'events'>>(
    `SELECT id, fact_key AS "factKey", subscriber_id AS "subscriberId", priority, state, created_at AS "createdAt",
        settled_at AS "settledAt", expires_at AS "expiresAt"
      FROM sms_outbox WHERE id = $1`,
    [id],
  )
  const message = rows[0]
  if (message === undefined) return null
  const parts = await readParts(database, id)
  const attempts = (await readAttempts(database, id)).map((attempt) => ({
    ...attempt,
    parts: parts.filter((part) => part.attempt === attempt.number).map(({ attempt: _, ...part }) => part),
  }))
  return { ...message, attempts, events: await readEvents(database, id) }
}

/** Ids of the latest messages to a phone, newest first. */
export async function findMessagesTo(
  database: Queryable,
  sealer: Sealer,
  number: Msisdn,
  limit: number,
): Promise<string[]> {
  const { rows } = await database.query<{ id: string }>(
    'SELECT id FROM sms_outbox WHERE recipient_index = ANY ($1) ORDER BY created_at DESC, id DESC LIMIT $2',
    [numberIndexes(sealer, number), limit],
  )
  return rows.map(({ id }) => id)
}

/** The latest delivery reports without a message, newest first. */
export async function findUnmatched(database: Queryable, limit: number): Promise<UnmatchedReport[]> {
  const { rows } = await database.query<UnmatchedReport>(
    `SELECT received_at AS "receivedAt", link, provider_id AS "providerId", state, reason,
        recipient_index IS NOT NULL AS "phoneKnown", expired_at IS NOT NULL AS expired
      FROM sms_stray_report WHERE claimed_by IS NULL ORDER BY received_at DESC, id DESC LIMIT $1`,
    [limit],
  )
  return rows
}

/** The latest messages from a phone, newest first. */
export async function findMessagesFrom(
  database: Queryable,
  sealer: Sealer,
  number: Msisdn,
  limit: number,
): Promise<InboxEntry[]> {
  const { rows } = await database.query<InboxEntry>(
    `SELECT id, received_at AS "receivedAt", link, recipient, coalesce(part_total, 1)::integer AS parts, parts_missing AS "partsMissing"
      FROM sms_inbox WHERE sender_index = ANY ($1) ORDER BY received_at DESC, id DESC LIMIT $2`,
    [numberIndexes(sealer, number), limit],
  )
  return rows
}

/**
 * Texts by message id. What is read is somebody's letter: record who reads it in the same transaction. A code is not in the outbox, and
 * stands as asterisks; the digits of incoming messages were never stored.
 */
export async function readTexts(
  tx: Queryable,
  sealer: Sealer,
  from: 'outbox' | 'inbox',
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const { rows } = await tx.query<{ id: string; body_sealed: Buffer }>(
    `SELECT id, body_sealed FROM sms_${from} WHERE id = ANY ($1::uuid[])`,
    [ids],
  )
  return new Map(
    rows.map(({ id, body_sealed }) => {
      const context = from === 'outbox' ? bodyContext(id) : `sms_inbox.body:${id}`
      return [id, sealer.open(body_sealed, context).replace(CODE_MARK, '******')]
    }),
  )
}

async function readAttempts(database: Queryable, id: string): Promise<Omit<HistoryAttempt, 'parts'>[]> {
  const { rows } = await database.query<Omit<HistoryAttempt, 'parts'>>(
    `SELECT number, link, state, reason, segments, started_at AS "startedAt", ended_at AS "endedAt"
      FROM sms_attempt WHERE outbox_id = $1 ORDER BY number`,
    [id],
  )
  return rows
}

async function readParts(database: Queryable, id: string): Promise<(HistoryPart & { readonly attempt: number })[]> {
  const { rows } = await database.query<HistoryPart & { readonly attempt: number }>(
    `SELECT attempt, number, provider_id AS "providerId", state, reason FROM sms_part WHERE outbox_id = $1 ORDER BY attempt, number`,
    [id],
  )
  return rows
}

async function readEvents(database: Queryable, id: string): Promise<HistoryEvent[]> {
  const { rows } = await database.query<HistoryEvent>(
    'SELECT at, kind, attempt, part, link, reason FROM sms_event WHERE outbox_id = $1 ORDER BY id',
    [id],
  )
  return rows
}
