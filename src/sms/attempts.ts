import type { Queryable } from '../database/database.ts'
import { gatherByDatabase } from '../database/gather.ts'
import { providerKey } from './provider-ids.ts'

/** Attempts of one statement, and statements of a kind under way. */
const MOST = 100
const AT_ONCE = 2

/** An attempt that is about to be made. */
export type Claim = {
  readonly id: string
  /** Attempts before this one, and the state that the row must still have. */
  readonly attempts: number
  readonly expected: 'queued' | 'sending'
  readonly link: string
  readonly segments: number
  readonly reports: number
  /** Of a segment, in minor units; null: not known. */
  readonly price: bigint | null
  readonly reference: number
}

/** An attempt that the network took. */
export type Acceptance = {
  readonly id: string
  readonly attempt: number
  readonly link: string
  /** By part; empty for a part without an id. */
  readonly providerIds: readonly string[]
  readonly segments: number
  readonly price: bigint | null
}

/** Commits the attempt before its socket is used. False: somebody else has the row. Claims of one moment share a statement. */
export const claimAttempt: (database: Queryable, claim: Claim) => Promise<boolean> = gatherByDatabase(
  claimAll,
  MOST,
  AT_ONCE,
)

/** Commits what the network answered; answers of one moment share a statement. */
export const acceptAttempt: (database: Queryable, acceptance: Acceptance) => Promise<undefined> = gatherByDatabase(
  acceptAll,
  MOST,
  AT_ONCE,
)

async function claimAll(database: Queryable, unsorted: readonly Claim[]): Promise<boolean[]> {
  const claims = inOrder(unsorted)
  const { rows } = await database.query<{ at: number }>({
    name: 'sms-claim',
    text: 'SELECT sms_claim($1, $2, $3, $4, $5, $6, $7, $8) AS at',
    values: [
      claims.map(({ id }) => id),
      claims.map(({ attempts }) => attempts),
      claims.map(({ expected }) => expected),
      claims.map(({ link }) => link),
      claims.map(({ segments }) => segments),
      claims.map(({ reports }) => reports),
      claims.map(({ price }) => price),
      claims.map(({ reference }) => reference),
    ],
  })
  const won = new Set(rows.map(({ at }) => claims[at - 1]))
  return unsorted.map((claim) => won.has(claim))
}

async function acceptAll(database: Queryable, unsorted: readonly Acceptance[]): Promise<undefined[]> {
  const accepted = inOrder(unsorted)
  const parts = accepted.flatMap(({ id, attempt, link, providerIds }) =>
    providerIds.flatMap((providerId, index) =>
      providerId === '' ? [] : { id, attempt, link, number: index + 1, providerId },
    ),
  )
  await database.query({
    name: 'sms-accept',
    text: 'SELECT sms_accept($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)',
    values: [
      accepted.map(({ id }) => id),
      accepted.map(({ attempt }) => attempt),
      accepted.map(({ link }) => link),
      accepted.map(({ providerIds }) => providerIds.length),
      accepted.map(({ segments }) => segments),
      accepted.map(({ price }) => price),
      parts.map(({ id }) => id),
      parts.map(({ attempt }) => attempt),
      parts.map(({ number }) => number),
      parts.map(({ link }) => link),
      parts.map(({ providerId }) => providerId),
      parts.map(({ providerId }) => providerKey(providerId)),
    ],
  })
  return unsorted.map(() => undefined)
}

/** By id: statements that reach their rows in one order never wait for each other. */
function inOrder<Row extends { readonly id: string }>(rows: readonly Row[]): Row[] {
  return rows.toSorted((a, b) => (a.id < b.id ? -1 : 1))
}
