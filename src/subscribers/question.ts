import type { Queryable } from '../database/database.ts'
import type { SubscriberId } from '../domain/ids.ts'
import { Secret } from '../domain/secret.ts'
import type { Sealer } from '../security/sealing.ts'
import type { PinServices } from './pin.ts'

const ANSWER_TRIES = 3

/** The identity question on file, or null. */
export async function questionOf(db: Queryable, sealer: Sealer, subscriberId: SubscriberId): Promise<string | null> {
  const { rows } = await db.query<{ question_sealed: Buffer }>(
    'SELECT question_sealed FROM identity_question WHERE subscriber_id = $1',
    [subscriberId],
  )
  return rows[0] === undefined ? null : sealer.open(rows[0].question_sealed, questionContext(subscriberId))
}

export type AnswerCheck =
  | { readonly kind: 'right' }
  | { readonly kind: 'wrong'; readonly left: number }
  | { readonly kind: 'locked'; readonly until: Date }
  | { readonly kind: 'busy' }

/**
 * Whether this answers the question on file; three wrong answers in a day, each counted before it is looked at, and the third locks. A
 * right answer gives its own try back and no others. Someone without a question costs the same work and is never right.
 */
export async function checkAnswer(
  services: PinServices,
  subscriberId: SubscriberId,
  answer: Secret,
): Promise<AnswerCheck> {
  const { database, hasher, audit } = services
  const result = await hasher.withPlace<AnswerCheck>(async (place) => {
    const { rows } = await database.query<{ answer_hash: string; tries: number; since: string; until: Date }>(
      `UPDATE identity_question SET
          tries = CASE WHEN tries_since > now() - interval '24 hours' THEN tries + 1 ELSE 1 END,
          tries_since = CASE WHEN tries_since > now() - interval '24 hours' THEN tries_since ELSE now() END
        WHERE subscriber_id = $1 AND (tries < ${ANSWER_TRIES} OR tries_since <= now() - interval '24 hours')
        RETURNING answer_hash, tries, tries_since::text AS since, tries_since + interval '24 hours' AS until`,
      [subscriberId],
    )
    const question = rows[0]
    if (question === undefined) {
      const until = await lockedUntil(database, subscriberId)
      if (until !== null) return { kind: 'locked', until }
    }
    const right = await place.verify(question?.answer_hash ?? null, normalizeAnswer(answer), answerOwner(subscriberId))
    if (question === undefined) return { kind: 'wrong', left: ANSWER_TRIES - 1 }
    const isOlder = right && place.keyOf(question.answer_hash) === 'older'
    const renewed = isOlder ? await place.hash(normalizeAnswer(answer), answerOwner(subscriberId)) : null
    const event = { actor: { kind: 'subscriber', id: subscriberId }, subject: subscriberId } as const
    return await database.transaction<AnswerCheck>(async (tx) => {
      if (!right) {
        const left = ANSWER_TRIES - question.tries
        await audit.record(tx, { ...event, action: 'answer.wrong', payload: { left: String(left) } })
        return left > 0 ? { kind: 'wrong', left } : { kind: 'locked', until: question.until }
      }
      await tx.query(
        'UPDATE identity_question SET tries = tries - 1 WHERE subscriber_id = $1 AND tries_since = $2::timestamptz AND tries > 0',
        [subscriberId, question.since],
      )
      if (renewed !== null) {
        await tx.query('UPDATE identity_question SET answer_hash = $2 WHERE subscriber_id = $1 AND answer_hash = $3', [
          ...[subscriberId, renewed, question.answer_hash],
        ])
      }
      await audit.record(tx, { ...event, action: 'answer.right', payload: {} })
      return { kind: 'right' }
    })
  })
  return result === 'busy' ? { kind: 'busy' } : result
}

async function lockedUntil(db: Queryable, subscriberId: SubscriberId): Promise<Date | null> {
  const { rows } = await db.query<{ until: Date }>(
    `SELECT tries_since + interval '24 hours' AS until FROM identity_question WHERE subscriber_id = $1`,
    [subscriberId],
  )
  return rows[0]?.until ?? null
}

/** Small letters and digits only, accents dropped: `St. Mary's, Nakuru` and `st marys nakuru` are the same answer. */
export function normalizeAnswer(answer: Secret): Secret {
  return new Secret(
    answer
      .reveal()
      .normalize('NFKD')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]/gu, ''),
  )
}

/** Shortest answer, in letters and digits; below that it is guessed. */
const SHORTEST_ANSWER = 3
const COMMON_ANSWERS = new Set([
  'yes',
  'no',
  'none',
  'nothing',
  'unknown',
  'idontknow',
  'dontknow',
  'answer',
  'test',
  'school',
  'password',
  'ndiyo',
  'hapana',
  'sijui',
  'oui',
  'non',
])

/** Why an answer would be guessed by a stranger who has the question, the name and the number in hand; null when it is good enough. */
export function answerWeakness(
  answer: Secret,
  known: { question: string; name: string; number: string },
): string | null {
  const text = normalizeAnswer(answer).reveal()
  if ([...text].length < SHORTEST_ANSWER) return `has fewer than ${SHORTEST_ANSWER} letters or digits`
  if (new Set(text).size < 2) return 'is one character repeated'
  if (COMMON_ANSWERS.has(text)) return 'is one that many people give'
  const words = (part: string) => part.split(/\s+/).map((word) => normalizeAnswer(new Secret(word)).reveal())
  if (words(known.question).includes(text)) return 'is a word of the question'
  if (words(known.name).includes(text) || text === words(known.name).join('')) return "is the subscriber's name"
  if (/^\d+$/.test(text) && known.number.includes(text)) return "is part of the subscriber's number"
  return null
}

export function questionContext(subscriberId: SubscriberId): string {
  return `identity_question.question:${subscriberId}`
}

/** Keeps answers and PINs of one person apart under the same key. */
export function answerOwner(subscriberId: SubscriberId): string {
  return `answer:${subscriberId}`
}
