import { createHmac } from 'node:crypto'
import type { Database, Queryable } from '../database/database.ts'
import { type SubscriberId, uuidv7 } from '../domain/ids.ts'
import type { Msisdn } from '../domain/msisdn.ts'
import { Secret } from '../domain/secret.ts'
import type { Audit } from '../security/audit.ts'
import { deriveKey, type Key, ringOf } from '../security/keys.ts'
import { sameSecret } from '../security/same-secret.ts'
import { type CodeBudget, type CodesHeld, codePrefix, countCode, holdsCodes } from './code-budget.ts'
import { typedDigits } from './pin-rules.ts'

export type CodePurpose = 'activation' | 'reset'

const CODE_DIGITS = 6
const CODE_TRIES = 3
/** Codes for one subscriber in 24 hours, all purposes together: each costs an SMS and gives three guesses in a million. */
const CODES_PER_DAY = 5

/** The six digits for a challenge: an HMAC of its id cut to 48 bits, so that a code is known without ever being stored. */
export function deriveCode(key: Key, challengeId: string): Secret {
  const digest = createHmac('sha256', deriveKey(key, 'one-time code')).update(challengeId).digest()
  return new Secret(String(digest.readUIntBE(0, 6) % 10 ** CODE_DIGITS).padStart(CODE_DIGITS, '0'))
}

/**
 * `alive`: a code sent earlier can still be used, so no second one is. `limited`: five were sent to this number within a day, or a budget of
 * all codes is used up.
 */
export type IssueOutcome =
  | { readonly kind: 'issued'; readonly challengeId: string; readonly expiresAt: Date }
  | {
      readonly kind: 'alive'
      readonly challengeId: string
      readonly expiresAt: Date
      readonly sameConversation: boolean
    }
  | CodesHeld

export type IssueRequest = {
  readonly subscriberId: SubscriberId
  readonly purpose: CodePurpose
  /** What the code will authorise, in words for the auditor; no names, no numbers. */
  readonly subject: string
  /** A name for the conversation that asks, the same for every copy of its requests. */
  readonly conversation: string
  /** Where the code goes. */
  readonly to: Msisdn
  readonly budget: CodeBudget
}

/** Begins a challenge of ten minutes, in the transaction that also puts its SMS into the outbox. */
export async function issueCode(tx: Queryable, audit: Audit, request: IssueRequest): Promise<IssueOutcome> {
  const { subscriberId, purpose, subject, conversation, to, budget } = request
  // Two dials at the same moment must not send two codes.
  await tx.query('SELECT FROM subscriber WHERE id = $1 FOR NO KEY UPDATE', [subscriberId])
  const alive = await tx.query<{ id: string; expires_at: Date; asked_in: string }>(
    `SELECT id, expires_at, asked_in FROM code_challenge
      WHERE subscriber_id = $1 AND purpose = $2 AND expires_at > clock_timestamp() AND used_at IS NULL AND tries < ${CODE_TRIES}
      ORDER BY issued_at DESC LIMIT 1`,
    [subscriberId, purpose],
  )
  const current = alive.rows[0]
  if (current !== undefined) {
    const sameConversation = current.asked_in === conversation
    return { kind: 'alive', challengeId: current.id, expiresAt: current.expires_at, sameConversation }
  }
  const prefix = codePrefix(to)
  const held = await holdsCodes(tx, audit, prefix, budget)
  if (held !== null) return held
  const issued = await tx.query<{ id: string; expires_at: Date }>(
    `INSERT INTO code_challenge (id, subscriber_id, purpose, subject, asked_in, prefix, issued_at, expires_at)
      SELECT $2, $1, $3, $4, $5, $6, clock_timestamp(), clock_timestamp() + interval '10 minutes'
      WHERE (SELECT count(*) FROM code_challenge WHERE subscriber_id = $1 AND issued_at > now() - interval '24 hours') < ${CODES_PER_DAY}
      RETURNING id, expires_at`,
    [subscriberId, uuidv7(), purpose, subject, conversation, prefix],
  )
  const challenge = issued.rows[0]
  if (challenge === undefined) return { kind: 'limited', by: 'number', prefix, opened: false }
  await countCode(tx, prefix, 'sent')
  await audit.record(tx, {
    actor: { kind: 'subscriber', id: subscriberId },
    action: 'code.issued',
    subject: challenge.id,
    payload: { purpose, subject },
  })
  return { kind: 'issued', challengeId: challenge.id, expiresAt: challenge.expires_at }
}

export type CodeServices = { readonly database: Database; readonly otpKey: Key; readonly audit: Audit }

/** `expired`: there is no code to compare with; it ran out, was used, or was guessed at three times. */
export type CodeCheck =
  | { readonly kind: 'right' }
  | { readonly kind: 'wrong'; readonly left: number }
  | { readonly kind: 'expired' }

/** Compares with the code alive for this purpose. The try is counted before the comparison; a right code works once. */
export async function checkCode(
  { database, otpKey, audit }: CodeServices,
  subscriberId: SubscriberId,
  purpose: CodePurpose,
  code: Secret,
): Promise<CodeCheck> {
  const { rows } = await database.query<{ id: string; tries: number; prefix: string | null }>(
    `UPDATE code_challenge SET tries = tries + 1
      WHERE id = (SELECT id FROM code_challenge WHERE subscriber_id = $1 AND purpose = $2 ORDER BY issued_at DESC LIMIT 1)
        AND expires_at > now() AND used_at IS NULL AND tries < ${CODE_TRIES}
      RETURNING id, tries, prefix`,
    [subscriberId, purpose],
  )
  const challenge = rows[0]
  if (challenge === undefined) return { kind: 'expired' }
  const typed = typedDigits(code).reveal()
  // All are compared, so that the time does not tell under which key a code was sent.
  const matches = ringOf(otpKey).map((key) => sameSecret(typed, deriveCode(key, challenge.id).reveal()))
  const right = matches.includes(true)
  const event = { actor: { kind: 'subscriber', id: subscriberId }, subject: challenge.id } as const
  return await database.transaction<CodeCheck>(async (tx) => {
    if (!right) {
      const left = CODE_TRIES - challenge.tries
      await audit.record(tx, { ...event, action: 'code.wrong', payload: { purpose, left: String(left) } })
      return { kind: 'wrong', left }
    }
    const used = await tx.query(
      'UPDATE code_challenge SET used_at = now() WHERE id = $1 AND used_at IS NULL AND expires_at > now()',
      [challenge.id],
    )
    if (used.rowCount === 0) return { kind: 'expired' }
    if (challenge.prefix !== null) await countCode(tx, challenge.prefix, 'used')
    await audit.record(tx, { ...event, action: 'code.used', payload: { purpose } })
    return { kind: 'right' }
  })
}

/** Whether the subscriber has just typed the right code for this purpose: what it authorises must follow within ten minutes. */
export async function codeWasUsed(db: Queryable, subscriberId: SubscriberId, purpose: CodePurpose): Promise<boolean> {
  const { rowCount } = await db.query(
    `SELECT FROM code_challenge
     WHERE subscriber_id = $1 AND purpose = $2 AND used_at > now() - interval '10 minutes' LIMIT 1`,
    [subscriberId, purpose],
  )
  return rowCount === 1
}
