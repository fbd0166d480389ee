import type { Queryable } from '../database/database.ts'
import { gather } from '../database/gather.ts'
import type { SubscriberId } from '../domain/ids.ts'
import { type Msisdn, parseE164 } from '../domain/msisdn.ts'
import { isAsked } from '../ledger/asked.ts'
import { nameContext, numberContext, numberIndexes } from '../security/contexts.ts'
import type { Sealer } from '../security/sealing.ts'

/** A person with an account. `enrolled`: on file, but without a PIN yet. */
export type Subscriber = {
  readonly id: SubscriberId
  readonly number: Msisdn
  readonly name: string
  readonly language: string
  readonly status: 'enrolled' | 'active' | 'closed'
  readonly tier: string
  /** Null until terms were agreed to. */
  readonly termsVersion: string | null
  /** Lower limits apply until then. */
  readonly restrictedUntil: Date | null
  /** Whether something may wait for this person's answer. */
  readonly isAsked: boolean
}

type Row = {
  id: SubscriberId
  number_index: Buffer
  number_sealed: Buffer
  name_sealed: Buffer
  language: string
  status: Subscriber['status']
  tier: string
  terms_version: string | null
  restricted_until: Date | null
  is_asked: boolean
}

/** Finds people by number; look-ups of one moment share a query, since every dial begins with one. */
export type FindByNumber = (number: Msisdn) => Promise<Subscriber | null>

const MOST_AT_ONCE = 100

/** `findByNumber` for the hot path. */
export function makeFindByNumber(db: Queryable, sealer: Sealer): FindByNumber {
  return gather((numbers) => findByNumbers(db, sealer, numbers), MOST_AT_ONCE)
}

/**
 * Who holds this number now. A closed account is not found by its number, which may be somebody else's by now. Throws when the index of
 * one number was put on the row of another.
 */
export async function findByNumber(db: Queryable, sealer: Sealer, number: Msisdn): Promise<Subscriber | null> {
  const [found] = await findByNumbers(db, sealer, [number])
  return found ?? null
}

async function findByNumbers(
  db: Queryable,
  sealer: Sealer,
  numbers: readonly Msisdn[],
): Promise<(Subscriber | null)[]> {
  const indexes = numbers.map((number) => numberIndexes(sealer, number))
  const { rows } = await db.query<Row>({
    name: 'subscribers-by-number',
    text: `SELECT id, number_index, number_sealed, name_sealed, language, status, tier, terms_version, restricted_until,
             ${isAsked} AS is_asked
      FROM subscriber s WHERE number_index = ANY ($1) AND status <> 'closed'`,
    values: [indexes.flat()],
  })
  return numbers.map((number, n) => {
    const row = rows.find(({ number_index }) => indexes[n]?.some((index) => index.equals(number_index)))
    if (row === undefined) return null
    const subscriber = readSubscriber(row, sealer)
    if (subscriber.number !== number) throw new Error(`Subscriber ${subscriber.id} is indexed under another number.`)
    return subscriber
  })
}

/** The subscriber with this id, closed ones too. */
export async function findById(db: Queryable, sealer: Sealer, id: SubscriberId): Promise<Subscriber | null> {
  return (await findByIds(db, sealer, [id])).get(id) ?? null
}

/** `findById` for many; those that are not on file are missing. */
export async function findByIds(
  db: Queryable,
  sealer: Sealer,
  ids: readonly SubscriberId[],
): Promise<ReadonlyMap<SubscriberId, Subscriber>> {
  const { rows } = await db.query<Row>({
    name: 'subscribers-by-id',
    text: `SELECT id, number_index, number_sealed, name_sealed, language, status, tier, terms_version, restricted_until,
             ${isAsked} AS is_asked
      FROM subscriber s WHERE id = ANY ($1)`,
    values: [[...new Set(ids)]],
  })
  return new Map(rows.map((row) => [row.id, readSubscriber(row, sealer)]))
}

function readSubscriber(row: Row, sealer: Sealer): Subscriber {
  const number = parseE164(sealer.open(row.number_sealed, numberContext(row.id)))
  if (number === null) throw new Error(`The number of subscriber ${row.id} is not one.`)
  return {
    id: row.id,
    number,
    name: sealer.open(row.name_sealed, nameContext(row.id)),
    language: row.language,
    status: row.status,
    tier: row.tier,
    termsVersion: row.terms_version,
    restrictedUntil: row.restricted_until,
    isAsked: row.is_asked,
  }
}
