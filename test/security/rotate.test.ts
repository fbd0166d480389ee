import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type SubscriberId, uuidv7 } from '../../src/domain/ids.ts'
import type { Msisdn } from '../../src/domain/msisdn.ts'
import { makeAudit } from '../../src/security/audit.ts'
import { countCarriers } from '../../src/security/carriers.ts'
import { type Key, makeKey } from '../../src/security/keys.ts'
import { rotateDataKey } from '../../src/security/rotate.ts'
import { fixedColumns, followingIndexes, sealedTables } from '../../src/security/sealed-columns.ts'
import { makeSealer } from '../../src/security/sealing.ts'
import { hasOptedOut, recordConsent } from '../../src/sms/consent.ts'
import { readTexts } from '../../src/sms/history.ts'
import { enrol } from '../../src/subscribers/enrol.ts'
import { findByNumber } from '../../src/subscribers/find.ts'
import { questionOf } from '../../src/subscribers/question.ts'
import { addPerson, makeServices } from '../subscribers/people.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

let store: TestDatabase
beforeAll(async () => {
  store = await createTestDatabase()
})
afterAll(() => store.drop())

test('every column of bytes is moved by a rotation, follows one that is, or stays for a reason that is written down', async () => {
  const { rows } = await store.owner.query<{ place: string }>(
    `SELECT table_name || '.' || column_name AS place FROM information_schema.columns
      WHERE table_schema = 'public' AND udt_name IN ('bytea', '_bytea') ORDER BY 1`,
  )
  const listed = [
    ...sealedTables.flatMap(({ table, columns, copies = [] }) => [
      ...columns.flatMap(({ column, index }) => [
        `${table}.${column}`,
        ...(index === undefined ? [] : [`${table}.${index}`]),
      ]),
      ...copies.map((copy) => `${copy.table}.${copy.column}`),
    ]),
    ...followingIndexes.map(({ table, column }) => `${table}.${column}`),
    ...Object.keys(fixedColumns),
  ]
  expect(listed.sort()).toEqual(rows.map(({ place }) => place))
})

const PEOPLE = 450
const numberOf = (at: number) => `+2547001${String(at).padStart(5, '0')}` as Msisdn
const oldKey = makeKey(randomBytes(32))
const bothKeys = makeKey(randomBytes(32), [oldKey])
const newKey = makeKey(bothKeys.bytes)
const under = (dataKey: Key) => makeServices(store.app, { dataKey })

async function enrolUnder(dataKey: Key, number: Msisdn): Promise<string> {
  const services = under(dataKey)
  const by = { kind: 'staff', id: 'wanjiru' } as const
  const outcome = await store.app.transaction((tx) =>
    enrol(tx, services, { number, name: 'Juma Kamau', language: 'en', tier: 'standard', question: null, by }),
  )
  return outcome.kind
}

/** A message of ours to this number, the attempt and the part included. */
async function addMessage(sealer: ReturnType<typeof makeSealer>, number: Msisdn, text: string): Promise<string> {
  const id = uuidv7()
  const index = sealer.index(number, 'subscriber.number')
  await store.owner.query(
    `INSERT INTO sms_outbox (id, fact_key, recipient_sealed, recipient_index, body_sealed, priority, expires_at, state, ring_at)
      VALUES ($1::uuid, $1::uuid::text, $2, $3, $4, 'receipt', now(), 'sent', NULL)`,
    [id, sealer.seal(number, `sms_outbox.recipient:${id}`), index, sealer.seal(text, `sms_outbox.body:${id}`)],
  )
  await store.owner.query(
    `INSERT INTO sms_attempt (outbox_id, number, link, segments, reports, recipient_index) VALUES ($1, 1, 'mno', 1, 1, $2)`,
    [id, index],
  )
  return id
}

const underOld = async () => (await countCarriers(store.app)).filter(({ keyId }) => keyId === oldKey.id)

describe('replacing DATA_KEY', () => {
  const old = makeSealer(oldKey)
  let people: SubscriberId[]
  let message: string

  beforeAll(async () => {
    const services = under(oldKey)
    people = await Promise.all(Array.from({ length: PEOPLE }, (_, at) => addPerson(services, { number: numberOf(at) })))
    await addPerson(services, { number: numberOf(PEOPLE), pin: '73915', answer: 'Moi Primary' })
    message = await addMessage(old, numberOf(3), 'Juma sent you KES 100')
    await recordConsent(store.app, old, { number: numberOf(7), kind: 'stop', via: 'sms', link: 'mno', messageId: null })
    await makeAudit(makeKey(randomBytes(32)), old).record(store.app, {
      actor: { kind: 'system', id: 'test' },
      action: 'test.done',
      subject: null,
      payload: { number: numberOf(1) },
    })
  })

  test('with both keys all is found and read before anything has moved, and nobody is enrolled twice', async () => {
    const both = makeSealer(bothKeys)
    expect((await findByNumber(store.app, both, numberOf(5)))?.id).toBe(people[5])
    expect(await hasOptedOut(store.app, both, numberOf(7))).toBe(true)
    expect(await enrolUnder(bothKeys, numberOf(5))).toBe('already')
    expect(await findByNumber(store.app, makeSealer(newKey), numberOf(5))).toBe(null)
  })

  test('a rotation that was cut off is taken up again, while people are found and enrolled, and leaves nothing under the old key', async () => {
    const both = makeSealer(bothKeys)
    const cutOff = rotateDataKey({
      ...{ owner: store.owner, dataKey: bothKeys },
      onProgress: () => {
        throw new Error('killed')
      },
    })
    await expect(cutOff).rejects.toThrow('killed')
    expect((await underOld()).find(({ table }) => table === 'subscriber')?.rows).toBe(PEOPLE + 1 - 200)

    let running = true
    const seen: boolean[] = []
    const load = (async () => {
      for (let at = 0; running; at = (at + 37) % PEOPLE) {
        const found = await findByNumber(store.app, both, numberOf(at))
        seen.push(found?.id === people[at] && (await hasOptedOut(store.app, both, numberOf(7))))
        if (at % 5 === 0) seen.push((await enrolUnder(bothKeys, numberOf(at))) === 'already')
      }
    })()
    const rotated = await rotateDataKey({ owner: store.owner, dataKey: bothKeys, onProgress: () => undefined })
    running = false
    await load
    expect(seen.length).toBeGreaterThan(0)
    expect(seen).not.toContain(false)
    expect(rotated.moved).toMatchObject({
      subscriber: PEOPLE + 1 - 200,
      sms_outbox: 1,
      audit_value: 1,
      identity_question: 1,
    })
    expect(Object.values(rotated.unreadable).filter((rows) => rows > 0)).toEqual([])
    expect(await underOld()).toEqual([])
    const again = await rotateDataKey({ owner: store.owner, dataKey: bothKeys, onProgress: () => undefined })
    expect(Object.values(again.moved).filter((rows) => rows > 0)).toEqual([])
  })

  test('afterwards the new key alone finds and opens everything, a STOP and a message included', async () => {
    const sealer = makeSealer(newKey)
    for (const at of [0, 1, 199, 200, 201, PEOPLE - 1]) {
      expect((await findByNumber(store.app, sealer, numberOf(at)))?.id).toBe(people[at])
    }
    expect(await hasOptedOut(store.app, sealer, numberOf(7))).toBe(true)
    expect(await hasOptedOut(store.app, sealer, numberOf(8))).toBe(false)
    const owner = await findByNumber(store.app, sealer, numberOf(PEOPLE))
    expect(owner && (await questionOf(store.app, sealer, owner.id))).toBe('Which was your first school?')
    expect((await readTexts(store.app, sealer, 'outbox', [message])).get(message)).toBe('Juma sent you KES 100')
    const { rows } = await store.owner.query<{ same: boolean }>(
      'SELECT o.recipient_index = a.recipient_index AS same FROM sms_outbox o JOIN sms_attempt a ON a.outbox_id = o.id',
    )
    expect(rows).toEqual([{ same: true }])
  })

  test('a value that was moved from another row stays where it is and is counted, and all others move', async () => {
    const [one, other] = [people[10], people[11]]
    const before = makeSealer(newKey)
    await store.owner.query(
      'UPDATE subscriber SET name_sealed = (SELECT name_sealed FROM subscriber WHERE id = $2) WHERE id = $1',
      [one, other],
    )
    const third = makeKey(randomBytes(32), [newKey])
    const rotated = await rotateDataKey({ owner: store.owner, dataKey: third, onProgress: () => undefined })
    expect(rotated.unreadable.subscriber).toBe(1)
    expect(rotated.moved.subscriber).toBe(PEOPLE)
    const { rows } = await store.owner.query<{ id: string; number_sealed: Buffer }>(
      `SELECT id, number_sealed FROM subscriber WHERE substring(number_sealed FROM 2 FOR 4) = decode($1, 'hex')`,
      [newKey.id],
    )
    expect(rows.map(({ id }) => id)).toEqual([one])
    expect(before.open(rows[0]?.number_sealed ?? Buffer.alloc(0), `subscriber.number:${one}`)).toBe(numberOf(10))
  })
})

test('outside of a rotation a number is hashed once; while one goes on, once for each key, and sealing is the same work as ever', () => {
  expect(makeSealer(newKey).indexes('+254700000001', 'subscriber.number')).toHaveLength(1)
  const both = makeSealer(bothKeys)
  expect(both.indexes('+254700000001', 'subscriber.number')).toHaveLength(2)
  expect(makeSealer(newKey).open(both.seal('text', 'a'), 'a')).toBe('text')
})
