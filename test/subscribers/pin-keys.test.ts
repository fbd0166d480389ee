import { createHmac, randomBytes } from 'node:crypto'
import { verify } from 'argon2'
import { describe, expect, test } from 'vitest'
import type { SubscriberId } from '../../src/domain/ids.ts'
import { Secret } from '../../src/domain/secret.ts'
import { type Key, makeKey } from '../../src/security/keys.ts'
import { authorisePinChange, checkPin, proposePin, setPin } from '../../src/subscribers/pin.ts'
import { checkAnswer } from '../../src/subscribers/question.ts'
import { addPerson, makeServices, type TestServices, usePeople } from './people.ts'

const world = usePeople()
const CHEAP = { memoryCost: 8, timeCost: 2 }
const oldKey = makeKey(randomBytes(32))
const newKey = makeKey(randomBytes(32), [oldKey])
const under = (pinKey: Key) => makeServices(world.store.app, { pinKey, dataKey: world.services.dataKey, cost: CHEAP })

async function change(services: TestServices, id: SubscriberId, pin: string): Promise<string> {
  const session = randomBytes(8).toString('hex')
  expect(await authorisePinChange(world.store.app, id, session, 'pin')).toBe(true)
  const proposed = await proposePin(services, id, session, new Secret(pin))
  return proposed === 'proposed' ? await setPin(services, id, session, new Secret(pin)) : proposed
}

async function keysOf(id: SubscriberId): Promise<Record<string, string[]>> {
  const { rows } = await world.store.owner.query<{ place: string; key: string }>(
    `SELECT 'pin' AS place, left(pin_hash::text, 8) AS key FROM credential WHERE subscriber_id = $1
      UNION ALL SELECT 'earlier', left(pin_hash::text, 8) FROM pin_history WHERE subscriber_id = $1
      UNION ALL SELECT 'answer', left(answer_hash::text, 8) FROM identity_question WHERE subscriber_id = $1`,
    [id],
  )
  const of = (place: string) => rows.filter((row) => row.place === place).map(({ key }) => key)
  return { pin: of('pin'), earlier: of('earlier'), answer: of('answer') }
}

describe('replacing PIN_KEY', () => {
  test('a right PIN goes on being right, moves to the new key and leaves nothing under the old one', async () => {
    const before = under(oldKey)
    const id = await addPerson(before, { pin: '73915' })
    expect(await change(before, id, '28461')).toBe('set')
    expect(await keysOf(id)).toEqual({ pin: [oldKey.id], earlier: [oldKey.id], answer: [] })

    const both = under(newKey)
    expect(await checkPin(both, id, new Secret('73915'))).toEqual({ kind: 'wrong', left: 2 })
    expect((await keysOf(id)).pin).toEqual([oldKey.id])
    expect(await checkPin(both, id, new Secret('28461'))).toEqual({ kind: 'right' })
    expect(await keysOf(id)).toEqual({ pin: [newKey.id], earlier: [], answer: [] })

    const after = under(makeKey(newKey.bytes))
    expect(await checkPin(after, id, new Secret('73915'))).toEqual({ kind: 'wrong', left: 2 })
    expect(await checkPin(after, id, new Secret('28461'))).toEqual({ kind: 'right' })
  })

  test('a right answer moves to the new key, a wrong one moves nothing', async () => {
    const id = await addPerson(under(oldKey), { pin: '73915', answer: 'Moi Primary' })
    const both = under(newKey)
    expect((await checkAnswer(both, id, new Secret('Alliance'))).kind).toBe('wrong')
    expect((await keysOf(id)).answer).toEqual([oldKey.id])
    expect((await checkAnswer(both, id, new Secret('moi primary'))).kind).toBe('right')
    expect((await keysOf(id)).answer).toEqual([newKey.id])
    expect((await checkAnswer(under(makeKey(newKey.bytes)), id, new Secret('moi primary'))).kind).toBe('right')
  })
})

test('neither the PIN nor any of the four before it can be chosen again, the fifth can', async () => {
  const services = under(oldKey)
  const pins = ['73915', '28461', '50927', '81640', '37294', '60582']
  const id = await addPerson(services, { pin: pins[0] ?? '' })
  for (const pin of pins.slice(1)) expect(await change(services, id, pin)).toBe('set')
  const outcomes: string[] = []
  for (const pin of [...pins].reverse()) outcomes.push(await change(services, id, pin))
  expect(outcomes).toEqual(['weak', 'weak', 'weak', 'weak', 'weak', 'set'])
  expect((await keysOf(id)).earlier).toHaveLength(4)
})

/** Everything in every table, as text. */
async function dump(): Promise<string> {
  const { rows: tables } = await world.store.owner.query<{ name: string }>(
    `SELECT quote_ident(table_name) AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`,
  )
  const texts = await Promise.all(
    tables.map(
      async ({ name }) => (await world.store.owner.query<{ row: string }>(`SELECT t::text AS row FROM ${name} t`)).rows,
    ),
  )
  return texts
    .flat()
    .map(({ row }) => row)
    .join('\n')
}

/** What turns a person's PIN into what may have been hashed. */
type Guess = (pin: string, personId: string) => string | Buffer
const peppered =
  (key: Buffer): Guess =>
  (pin, id) =>
    createHmac('sha256', key).update(id).update(pin).digest()

/** PINs of a person that any hash in the dump answers to. */
async function crack(text: string, id: string, candidates: readonly string[], guess: Guess): Promise<string[]> {
  const hashes = new Set(text.match(/\$argon2id\$v=19\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+/g))
  const found: string[] = []
  for (const hash of hashes) {
    for (const pin of candidates) if (await verify(hash, guess(pin, id))) found.push(pin)
  }
  return found
}

test('a dump of the database finds a PIN among a thousand for whoever has the key, and none for anybody else', async () => {
  const own = makeKey(randomBytes(32))
  await world.store.owner.query('TRUNCATE pin_history, credential, identity_question')
  const services = under(own)
  const id = await addPerson(services, { pin: '73915' })
  expect(await change(services, id, '28461')).toBe('set')
  expect((await checkPin(services, id, new Secret('28999'))).kind).toBe('wrong')
  expect(await authorisePinChange(world.store.app, id, 'waiting', 'pin')).toBe(true)
  expect(await proposePin(services, id, 'waiting', new Secret('28733'))).toBe('proposed')
  const text = await dump()
  const candidates = [...Array.from({ length: 999 }, (_, at) => String(28_000 + at)), '73915']

  // Of the key everything but the key: its id, and what else is in the dump.
  const without: [string, Guess][] = [
    ['the PIN alone', (pin) => pin],
    ['the person and the PIN', (pin, person) => person + pin],
    ['no key', peppered(Buffer.alloc(0))],
    ['a key of zeros', peppered(Buffer.alloc(32))],
    ["the key's id", peppered(Buffer.from(own.id, 'hex'))],
    ['the person as the key', (pin, person) => createHmac('sha256', person).update(pin).digest()],
    ['another key', peppered(randomBytes(32))],
  ]
  for (const [by, guess] of without) expect([by, await crack(text, id, candidates, guess)]).toEqual([by, []])
  expect((await crack(text, id, candidates, peppered(own.bytes))).sort()).toEqual(['28461', '28733', '73915'])
  // Bound to the person: the key alone does not make one table for all.
  expect(await crack(text, 'somebody else', candidates, peppered(own.bytes))).toEqual([])
}, 60_000)
