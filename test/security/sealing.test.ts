import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Msisdn } from '../../src/domain/msisdn.ts'
import { makeKey } from '../../src/security/keys.ts'
import { makeSealer } from '../../src/security/sealing.ts'
import { findById, findByNumber } from '../../src/subscribers/find.ts'
import { addPerson, makeServices } from '../subscribers/people.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

const sealer = makeSealer(makeKey(randomBytes(32)))

describe('sealed values', () => {
  test('open to what was sealed, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (text, context) => {
        expect(sealer.open(sealer.seal(text, context), context)).toBe(text)
      }),
    )
  })

  test('do not open under another context, another key, or with any bit changed', () => {
    const sealed = sealer.seal('+254700000001', 'subscriber.number:1')
    expect(() => sealer.open(sealed, 'subscriber.number:2')).toThrow()
    expect(() => sealer.open(sealed, 'subscriber.name:1')).toThrow()
    expect(() => makeSealer(makeKey(randomBytes(32))).open(sealed, 'subscriber.number:1')).toThrow(/under key/)
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const changed = Buffer.from(sealed)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(() => sealer.open(changed, 'subscriber.number:1')).toThrow()
    }
    for (let length = 0; length < sealed.length; length += 1) {
      expect(() => sealer.open(sealed.subarray(0, length), 'subscriber.number:1')).toThrow()
    }
  })

  test('differ each time and show nothing of the text', () => {
    const [one, two] = [sealer.seal('+254700000001', 'x'), sealer.seal('+254700000001', 'x')]
    expect(one.equals(two)).toBe(false)
    expect(one.includes('700000001')).toBe(false)
    expect(one).toHaveLength(1 + 4 + 12 + 13 + 16)
  })
})

describe('look-up hashes', () => {
  test('are the same for the same value and purpose only', () => {
    const index = sealer.index('+254700000001', 'subscriber.number')
    expect(index).toHaveLength(36)
    expect(sealer.index('+254700000001', 'subscriber.number')).toEqual(index)
    expect(sealer.index('+254700000002', 'subscriber.number')).not.toEqual(index)
    expect(sealer.index('+254700000001', 'device')).not.toEqual(index)
    expect(makeSealer(makeKey(randomBytes(32))).index('+254700000001', 'subscriber.number')).not.toEqual(index)
  })
})

describe('in the table of subscribers', () => {
  let store: TestDatabase
  beforeAll(async () => {
    store = await createTestDatabase()
  })
  afterAll(() => store.drop())

  const [AMINA, JUMA] = ['+254700000001' as Msisdn, '+254700000002' as Msisdn]

  test('people are found by number and id, closed ones by id only, and a closed number can be enrolled again', async () => {
    const services = makeServices(store.app)
    const amina = await addPerson(services, { number: AMINA, name: 'Amina Otieno' })
    expect(await findByNumber(store.app, services.sealer, AMINA)).toEqual({
      id: amina,
      number: AMINA,
      name: 'Amina Otieno',
      language: 'en',
      status: 'enrolled',
      tier: 'standard',
      termsVersion: null,
      restrictedUntil: null,
      isAsked: false,
    })
    await expect(addPerson(services, { number: AMINA })).rejects.toThrow(/subscriber_number/)
    await store.owner.query(`UPDATE subscriber SET status = 'closed' WHERE id = $1`, [amina])
    expect(await findByNumber(store.app, services.sealer, AMINA)).toBe(null)
    expect((await findById(store.app, services.sealer, amina))?.status).toBe('closed')
    const successor = await addPerson(services, { number: AMINA, name: 'Zawadi Achieng' })
    expect((await findByNumber(store.app, services.sealer, AMINA))?.id).toBe(successor)
    await store.owner.query(`UPDATE subscriber SET status = 'closed' WHERE id = $1`, [successor])
  })

  test('values copied to another row, or to another column, are refused', async () => {
    const services = makeServices(store.app)
    const amina = await addPerson(services, { number: AMINA })
    const juma = await addPerson(services, { number: JUMA })
    await store.owner.query(
      'UPDATE subscriber a SET name_sealed = b.name_sealed FROM subscriber b WHERE a.id = $1 AND b.id = $2',
      [amina, juma],
    )
    await expect(findById(store.app, services.sealer, amina)).rejects.toThrow()
    await store.owner.query('UPDATE subscriber SET name_sealed = number_sealed WHERE id = $1', [juma])
    await expect(findByNumber(store.app, services.sealer, JUMA)).rejects.toThrow()
  })

  test('an index copied to another row does not make its owner somebody else', async () => {
    const services = makeServices(store.app)
    const victim = await addPerson(services, { number: '+254700000005' })
    const thief = await addPerson(services, { number: '+254700000006' })
    const { rows } = await store.owner.query<{ number_index: Buffer }>(
      'SELECT number_index FROM subscriber WHERE id = $1',
      [victim],
    )
    await store.owner.query(`UPDATE subscriber SET status = 'closed' WHERE id = $1`, [victim])
    await store.owner.query('UPDATE subscriber SET number_index = $2 WHERE id = $1', [thief, rows[0]?.number_index])
    await expect(findByNumber(store.app, services.sealer, '+254700000005' as Msisdn)).rejects.toThrow('another number')
  })

  test('the application cannot change a number or a name', async () => {
    const services = makeServices(store.app)
    const id = await addPerson(services)
    for (const column of ['number_sealed', 'number_index', 'name_sealed']) {
      await expect(store.app.query(`UPDATE subscriber SET ${column} = ${column} WHERE id = $1`, [id])).rejects.toThrow(
        /permission denied/,
      )
    }
  })
})
