import { createHash } from 'node:crypto'
import type { Queryable } from '../database/database.ts'
import { addDays, type IsoDate } from '../domain/dates.ts'
import type { DaySigner } from './day-signature.ts'

/** What is signed when a day is closed, as JSON; amounts are minor units in decimal digits. */
export type DayContent = {
  readonly version: 1
  readonly day: IsoDate
  /** Hexadecimal SHA-256 of the content of the day before; null for the first. */
  readonly previous: string | null
  readonly currencies: Readonly<Record<string, DayFigures>>
}

export type DayFigures = {
  /** Of the day, or for the first closed one of all days up to it. */
  readonly journals: string
  readonly entries: string
  /** Everything ever posted up to the end of the day, by the kind of account. */
  readonly kinds: Readonly<Record<string, { readonly debits: string; readonly credits: string }>>
  /** Debits and credits of all kinds: the same number. */
  readonly trialBalance: { readonly debits: string; readonly credits: string }
  readonly eMoney: string
  readonly inTransit: string
  readonly house: string
  readonly trust: string
  readonly bank: { readonly asOf: IsoDate; readonly balance: string; readonly booked: string } | null
  /** Transfers without an end at the moment of the close. */
  readonly open: readonly {
    readonly state: string
    readonly count: string
    readonly amount: string
    readonly oldestS: string
  }[]
}

/**
 * `changed`: content and digest differ. `not_signed`: the signature is not of this content. `other_key`: signed with another key than the
 * one at hand, so nothing can be said of it. `broken_chain`: it does not name the closed day before it, or that day is missing.
 */
export type DayVerdict = 'sound' | 'changed' | 'not_signed' | 'other_key' | 'broken_chain'

export type ClosedDay = {
  readonly day: IsoDate
  readonly closedAt: Date
  readonly closedBy: string
  /** Hexadecimal SHA-256 of the content: hand it to somebody else, and this day and all before it can no longer be rewritten. */
  readonly digest: string
  readonly keyId: string
  readonly content: string
  readonly verdict: DayVerdict
}

type Row = Omit<ClosedDay, 'verdict' | 'digest'> & { digest: Buffer; signature: Buffer }

/** All closed days, oldest first, each looked at. */
export async function readClosedDays(db: Queryable, signer: DaySigner): Promise<ClosedDay[]> {
  const { rows } = await db.query<Row>(
    `SELECT business_day::text AS day, closed_at AS "closedAt", closed_by AS "closedBy", digest, key_id AS "keyId", content, signature
       FROM day_close ORDER BY business_day`,
  )
  return rows.map(({ digest, signature, ...row }, n) => ({
    ...row,
    digest: digest.toString('hex'),
    verdict: verdictOf(signer, { ...row, digest, signature }, rows[n - 1] ?? null),
  }))
}

function verdictOf(signer: DaySigner, row: Row, before: Row | null): DayVerdict {
  const digest = createHash('sha256').update(row.content).digest()
  if (!digest.equals(row.digest)) return 'changed'
  if (row.keyId !== signer.keyId) return 'other_key'
  if (!signer.verify(row.content, row.signature)) return 'not_signed'
  const { day, previous } = JSON.parse(row.content) as DayContent
  if (day !== row.day) return 'changed'
  const follows = before === null || addDays(before.day, 1) === row.day
  return follows && previous === (before?.digest.toString('hex') ?? null) ? 'sound' : 'broken_chain'
}
