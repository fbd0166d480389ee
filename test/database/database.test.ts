import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDatabase } from '../../src/database/database.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
  await database.owner.query('CREATE TABLE note (id bigint PRIMARY KEY, text text NOT NULL)')
})
afterAll(() => database.drop())

async function notes(): Promise<string[]> {
  const { rows } = await database.owner.query<{ text: string }>('SELECT text FROM note ORDER BY id')
  return rows.map((row) => row.text)
}

describe('a query', () => {
  test('returns int8 as bigint, alone and in arrays, and takes bigint', async () => {
    const { rows } = await database.app.query<{ one: bigint; many: bigint[] }>(
      'SELECT $1::bigint AS one, ARRAY[$1::bigint, NULL] AS many',
      [9_007_199_254_740_993n],
    )
    expect(rows).toEqual([{ one: 9_007_199_254_740_993n, many: [9_007_199_254_740_993n, null] }])
  })

  test('with a name is prepared once and takes other values each time', async () => {
    const prepared = { name: 'double', text: 'SELECT $1::int * 2 AS twice' }
    const db = openDatabase(database.url, { maxConnections: 1, applicationName: 'test' })
    for (const value of [1, 2])
      expect((await db.query({ ...prepared, values: [value] })).rows).toEqual([{ twice: value * 2 }])
    expect((await db.query('SELECT name FROM pg_prepared_statements')).rows).toEqual([{ name: 'double' }])
    await db.close()
  })

  test('that takes too long is cancelled', async () => {
    const db = openDatabase(database.url, { maxConnections: 1, applicationName: 'test', statementTimeoutMs: 50 })
    await expect(db.query('SELECT pg_sleep(5)')).rejects.toMatchObject({ code: '57014' })
    await db.close()
  })

  test('as the application cannot make or change tables', async () => {
    await expect(database.app.query('CREATE TABLE mine (id int)')).rejects.toMatchObject({ code: '42501' })
    await expect(database.app.query('SELECT * FROM note')).rejects.toMatchObject({ code: '42501' })
    await expect(database.app.query('DELETE FROM schema_migration')).rejects.toMatchObject({ code: '42501' })
  })
})

describe('a transaction', () => {
  test('commits when its work is done, and hands on the result', async () => {
    const result = await database.owner.transaction(async (tx) => {
      await tx.query(`INSERT INTO note VALUES (1, 'kept')`)
      return 'done'
    })
    expect([result, await notes()]).toEqual(['done', ['kept']])
  })

  test('leaves nothing when its work throws, and throws the same', async () => {
    const failing = database.owner.transaction(async (tx) => {
      await tx.query(`INSERT INTO note VALUES (2, 'lost')`)
      throw new Error('on purpose')
    })
    await expect(failing).rejects.toThrow('on purpose')
    expect(await notes()).toEqual(['kept'])
  })

  test('whose connection breaks throws, and the pool goes on', async () => {
    const failing = database.owner.transaction(async (tx) => {
      const { rows } = await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
      await database.owner.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid])
      await tx.query(`INSERT INTO note VALUES (3, 'lost')`)
    })
    await expect(failing).rejects.toThrow()
    expect(await notes()).toEqual(['kept'])
  })
})

describe('the pool', () => {
  test('tells when an idle connection breaks, and replaces it', async () => {
    const lost: Error[] = []
    const onConnectionLost = (error: Error): void => void lost.push(error)
    const db = openDatabase(database.ownerUrl, { maxConnections: 1, applicationName: 'idle', onConnectionLost })
    const { rows } = await db.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    await database.owner.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid])
    await expect.poll(() => lost.length).toBe(1)
    expect((await db.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
    await db.close()
  })

  test('may be closed twice', async () => {
    const db = openDatabase(database.url, { maxConnections: 1, applicationName: 'test' })
    await Promise.all([db.close(), db.close()])
  })
})
