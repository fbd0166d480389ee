import { expect, test } from 'vitest'
import { findPayee } from '../../src/actions/find-payee.ts'
import type { Queryable } from '../../src/database/database.ts'
import type { Msisdn } from '../../src/domain/msisdn.ts'
import { Secret } from '../../src/domain/secret.ts'
import { makeAccountBook } from '../../src/sms/accounts/book.ts'
import { makeFindByNumber } from '../../src/subscribers/find.ts'
import { addPerson, usePeople } from '../subscribers/people.ts'

const people = usePeople()

/** The database, and how many statements were run on it. */
function counting(db: Queryable): { readonly db: Queryable; readonly statements: () => number } {
  let count = 0
  const query = ((...all: Parameters<Queryable['query']>) => {
    count += 1
    return db.query(...all)
  }) as Queryable['query']
  return { db: { ...db, query }, statements: () => count }
}

const numberOf = async (status: 'active' | 'enrolled' | 'closed', number: string): Promise<string> => {
  await addPerson(people.services, { number, status })
  return number
}

test('a number that nobody has, one not yet opened and one that was closed are looked up by the same work and answered alike', async () => {
  const caller = { id: await addPerson(people.services), number: '+254700000123' as Msisdn, name: 'Amina' }
  const asked: readonly [string, string][] = [
    ['found', await numberOf('active', '+254711000001')],
    ['unknown', '+254711000009'],
    ['unknown', await numberOf('enrolled', '+254711000002')],
    ['unknown', await numberOf('closed', '+254711000003')],
  ]
  const seen: unknown[] = []
  for (const [expected, number] of asked) {
    const { db, statements } = counting(people.store.app)
    let lookups = 0
    const services = {
      findByNumber: makeFindByNumber(db, people.services.sealer),
      lookupLimit: async () => {
        lookups += 1
        return true
      },
    } as unknown as Parameters<typeof findPayee.run>[0]
    const context = { caller } as unknown as Parameters<typeof findPayee.run>[1]
    const result = await findPayee.run(services, context, { number }, null)
    expect(result.outcome).toBe(expected)
    if (expected === 'unknown') expect(result.values).toEqual({})
    seen.push({ statements: statements(), lookups })
  }
  expect(new Set(seen.map((each) => JSON.stringify(each))).size).toBe(1)
  expect(seen[0]).toEqual({ statements: 1, lookups: 1 })
})

test('who signs in to our SMPP server by a name that nobody has costs the one hash of a wrong password and hears the same', async () => {
  const { services, store } = people
  const { counted, sealer } = services
  const hash = await counted.withPlace((place) =>
    place.hash(new Secret('rightpwd'), '0192f1a0-0000-7000-8000-000000000001'),
  )
  await store.owner.query(
    `INSERT INTO smpp_account (id, system_id, password_hash, bind_types, max_binds, window_size, tps, senders, category, priority, message_ids)
     VALUES ('0192f1a0-0000-7000-8000-000000000001', 'client', $1, '{transceiver}', 1, 10, 10, '{*}', 'transactional', 'bulk', 'uuid')`,
    [hash],
  )
  const book = makeAccountBook({
    database: store.app,
    sealer,
    hasher: counted,
    bell: { ring: () => undefined } as never,
  })
  const results: unknown[] = []
  for (const name of ['client', 'nobody']) {
    const before = counted.verified.length
    results.push([await book.authenticate(name, new Secret('wrongpwd')), counted.verified.length - before])
  }
  expect(results).toEqual([
    ['refused', 1],
    ['refused', 1],
  ])
})
