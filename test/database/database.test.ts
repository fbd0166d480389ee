import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { createTestRedis } from '../support/redis.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
  await createTestRedis()
  await database.owner.query('CREATE TABLE note (id bigint PRIMARY KEY, text text NOT NULL)')
})
afterAll(() => database.drop())

describe('the database', () => {
  test('returns int8 as bigint, alone and in arrays', async () => {
    const { rows } = await database.app.query<{ one: bigint; many: bigint[] }>(
      'SELECT $1::bigint AS one, ARRAY[$1::bigint, NULL] AS many',
      [9_007_199_254_740_993n],
    )
    expect(rows).toEqual([{ one: 9_007_199_254_740_993n, many: [9_007_199_254_740_993n, null] }])
  })
})
