import type { Queryable } from '../database/database.ts'
import { type SubscriberId, uuidv7 } from '../domain/ids.ts'
import type { Msisdn } from '../domain/msisdn.ts'
import type { Secret } from '../domain/secret.ts'
import { openWallet } from '../ledger/accounts.ts'
import type { Audit, AuditEvent } from '../security/audit.ts'
import { nameContext, numberContext, numberIndexes } from '../security/contexts.ts'
import type { Sealer } from '../security/sealing.ts'
import type { Hasher } from './hasher.ts'
import { answerOwner, answerWeakness, normalizeAnswer, questionContext } from './question.ts'

export type EnrolServices = { readonly sealer: Sealer; readonly hasher: Hasher; readonly audit: Audit }

export type EnrolRequest = {
  readonly number: Msisdn
  readonly name: string
  readonly language: string
  readonly tier: string
  /** Without one the subscriber cannot replace a forgotten PIN by phone. */
  readonly question: { readonly text: string; readonly answer: Secret } | null
  /** Who enrols. */
  readonly by: AuditEvent['actor']
}

export type EnrolOutcome =
  | { readonly kind: 'enrolled'; readonly subscriberId: SubscriberId }
  /** Somebody who is not closed has this number. */
  | { readonly kind: 'already' }
  /** One sentence per problem, without the answer in it. */
  | { readonly kind: 'bad'; readonly problems: readonly string[] }
  | { readonly kind: 'busy' }

const LONGEST_NAME = 60
/** It must fit a screen together with the words around it. */
const LONGEST_QUESTION = 60

/** Puts a person on file, without a PIN, and opens the wallet; all in the caller's transaction. */
export async function enrol(tx: Queryable, services: EnrolServices, request: EnrolRequest): Promise<EnrolOutcome> {
  const { sealer, hasher, audit } = services
  const name = request.name.trim().replace(/\s+/g, ' ')
  const problems = problemsOf({ ...request, name })
  if (problems.length > 0) return { kind: 'bad', problems }

  const id = uuidv7() as SubscriberId
  const answerHash = request.question === null ? null : await hashAnswer(hasher, id, request.question.answer)
  if (answerHash === 'busy') return { kind: 'busy' }
  const [index, ...olderIndexes] = numberIndexes(sealer, request.number)
  const inserted = await tx.query(
    `INSERT INTO subscriber (id, number_sealed, number_index, name_sealed, language, tier) SELECT $1, $2, $3, $4, $5, $6
      WHERE NOT EXISTS (SELECT FROM subscriber WHERE number_index = ANY ($7::bytea[]) AND status <> 'closed')
      ON CONFLICT (number_index) WHERE status <> 'closed' DO NOTHING`,
    [
      id,
      sealer.seal(request.number, numberContext(id)),
      index,
      sealer.seal(name, nameContext(id)),
      request.language,
      request.tier,
      olderIndexes,
    ],
  )
  if (inserted.rowCount === 0) return { kind: 'already' }
  await tx.query('INSERT INTO pin_guard (subscriber_id) VALUES ($1)', [id])
  if (request.question !== null) {
    await tx.query('INSERT INTO identity_question (subscriber_id, question_sealed, answer_hash) VALUES ($1, $2, $3)', [
      id,
      sealer.seal(request.question.text.trim(), questionContext(id)),
      answerHash,
    ])
  }
  await openWallet(tx, id, request.tier)
  const { language, tier } = request
  await audit.record(tx, {
    actor: request.by,
    action: 'subscriber.enrolled',
    subject: id,
    payload: { number: request.number, name, language, tier, question: request.question?.text.trim() ?? '' },
  })
  return { kind: 'enrolled', subscriberId: id }
}

async function hashAnswer(hasher: Hasher, id: SubscriberId, answer: Secret): Promise<string | 'busy'> {
  return await hasher.withPlace((place) => place.hash(normalizeAnswer(answer), answerOwner(id)))
}

function problemsOf({ name, language, tier, question, number }: EnrolRequest): string[] {
  const problems: string[] = []
  if ([...name].length > LONGEST_NAME) problems.push(`The name is longer than ${LONGEST_NAME} characters.`)
  if (!/^\p{L}[\p{L}\p{M}\p{N} .,'’-]*$/u.test(name)) {
    problems.push("The name must begin with a letter and hold only letters, digits, spaces and . , ' -")
  }
  if (!/^[a-z]{2,3}$/.test(language)) problems.push('The language must be a code such as en, sw, fr or am.')
  if (!/^[a-z0-9][a-z0-9_-]{0,31}$/.test(tier)) problems.push('The tier must be the id of one, in small letters.')
  if (question === null) return problems
  const text = question.text.trim()
  if (text === '' || [...text].length > LONGEST_QUESTION || /\p{C}/u.test(text)) {
    problems.push(`The question must be one line of 1 to ${LONGEST_QUESTION} characters.`)
  }
  const weakness = answerWeakness(question.answer, { question: text, name, number })
  if (weakness !== null) problems.push(`The answer ${weakness}; choose another question or answer.`)
  return problems
}
