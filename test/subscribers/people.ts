import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll } from 'vitest'
import type { Database } from '../../src/database/database.ts'
import { type SubscriberId, uuidv7 } from '../../src/domain/ids.ts'
import type { NumberingPlan } from '../../src/domain/market.ts'
import type { Msisdn } from '../../src/domain/msisdn.ts'
import { Secret } from '../../src/domain/secret.ts'
import { type Audit, makeAudit } from '../../src/security/audit.ts'
import { nameContext, numberContext, numberIndex } from '../../src/security/contexts.ts'
import { type Key, makeKey } from '../../src/security/keys.ts'
import { makeSealer, type Sealer } from '../../src/security/sealing.ts'
import { type Hasher, type HasherOptions, makeHasher } from '../../src/subscribers/hasher.ts'
import type { PinServices } from '../../src/subscribers/pin.ts'
import { answerOwner, normalizeAnswer, questionContext } from '../../src/subscribers/question.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

export const KENYA: NumberingPlan = {
  countryCode: '254',
  trunkPrefix: '0',
  nationalLength: 9,
  mobilePrefixes: ['7', '1'],
}

export type TestServices = PinServices & {
  readonly otpKey: Key
  readonly pinKey: Key
  readonly dataKey: Key
  readonly counted: CountedHasher
  readonly audit: Audit
  readonly sealer: Sealer
}

/** Services as app.ts builds them, with fresh keys and a hasher that counts. */
export function makeServices(
  database: Database,
  {
    pinKey = makeKey(randomBytes(32)),
    dataKey = makeKey(randomBytes(32)),
    ...hasher
  }: Partial<Pick<HasherOptions, 'concurrency' | 'queueLimit' | 'cost'> & { pinKey: Key; dataKey: Key }> = {},
): TestServices {
  const otpKey = makeKey(randomBytes(32))
  const sealer = makeSealer(dataKey)
  const counted = countHashes(makeHasher({ key: pinKey, concurrency: 2, queueLimit: 1000, ...hasher }))
  const audit = makeAudit(makeKey(randomBytes(32)), sealer)
  return { database, sealer, hasher: counted, counted, audit, otpKey, pinKey, dataKey, pinDigits: 5, numbering: KENYA }
}

/** A database of the test file's own, and services on it. */
export function usePeople(): { readonly store: TestDatabase; readonly services: TestServices } {
  let opened: { readonly store: TestDatabase; readonly services: TestServices } | null = null
  beforeAll(async () => {
    const store = await createTestDatabase()
    opened = { store, services: makeServices(store.app) }
  })
  afterAll(() => opened?.store.drop())
  const get = () => {
    if (opened === null) throw new Error('nobody is there before the tests run')
    return opened
  }
  return {
    get store() {
      return get().store
    },
    get services() {
      return get().services
    },
  }
}

export type CountedHasher = Hasher & {
  readonly verified: (string | null)[]
  beforeVerdict: (pin: string) => Promise<void>
}

/** Remembers what was evaluated (null: the decoy), and lets a test hold a verdict back after it was computed. */
function countHashes(hasher: Hasher): CountedHasher {
  const verified: (string | null)[] = []
  const counted: CountedHasher = {
    ...hasher,
    verified,
    beforeVerdict: async () => undefined,
    withPlace: (work) =>
      hasher.withPlace((place) =>
        work({
          hash: place.hash,
          keyOf: place.keyOf,
          verify: async (stored, secret, personId) => {
            verified.push(stored === null ? null : secret.reveal())
            const right = await place.verify(stored, secret, personId)
            await counted.beforeVerdict(secret.reveal())
            return right
          },
        }),
      ),
  }
  return counted
}

export type Person = {
  readonly pin?: string
  readonly number?: string
  readonly name?: string
  readonly status?: 'enrolled' | 'active' | 'closed'
  readonly answer?: string
}

let nextNumber = 700_100_000

/** Puts somebody on file; active with a PIN, enrolled without one, unless stated. */
export async function addPerson(services: TestServices, person: Person = {}): Promise<SubscriberId> {
  const { database, sealer, counted } = services
  const id = uuidv7() as SubscriberId
  const number = (person.number ?? `+254${nextNumber++}`) as Msisdn
  const status = person.status ?? (person.pin === undefined ? 'enrolled' : 'active')
  const name = person.name ?? 'Amina Otieno'
  await database.query(
    `INSERT INTO subscriber (id, number_sealed, number_index, name_sealed, language, tier, status, terms_version)
      VALUES ($1, $2, $3, $4, 'en', 'standard', $5, $6)`,
    [
      id,
      sealer.seal(number, numberContext(id)),
      numberIndex(sealer, number),
      sealer.seal(name, nameContext(id)),
      status,
      status === 'active' ? '2026-11' : null,
    ],
  )
  await database.query('INSERT INTO pin_guard (subscriber_id) VALUES ($1)', [id])
  const { pin, answer } = person
  if (pin !== undefined) {
    const hash = await counted.withPlace((place) => place.hash(new Secret(pin), id))
    await database.query('INSERT INTO credential (subscriber_id, pin_hash) VALUES ($1, $2)', [id, hash])
  }
  if (answer !== undefined) {
    const hash = await counted.withPlace((place) => place.hash(normalizeAnswer(new Secret(answer)), answerOwner(id)))
    await database.query(
      'INSERT INTO identity_question (subscriber_id, question_sealed, answer_hash) VALUES ($1, $2, $3)',
      [id, sealer.seal('Which was your first school?', questionContext(id)), hash],
    )
  }
  return id
}

/** Actions on file about this subscriber, oldest first. */
export async function auditTrail(database: Database, id: string): Promise<string[]> {
  const { rows } = await database.query<{ action: string }>(
    'SELECT action FROM audit_event WHERE actor_id = $1 OR subject = $1 ORDER BY at, id',
    [id],
  )
  return rows.map(({ action }) => action)
}
