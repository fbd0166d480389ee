import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest'
import { asAdmin, inDatabase } from '../../scripts/dialogues/template.ts'
import { openDatabase } from '../../src/database/database.ts'
import { migrate, pendingMigrations, roleOf } from '../../src/database/migrate.ts'
import { createTestDatabase } from '../support/database.ts'

const applicationRole = roleOf(inject('databaseUrl'))
const admin = <T>(work: (client: pg.Client) => Promise<T>): Promise<T> => asAdmin(inject('adminUrl'), work)

let name: string
let ownerUrl: string
let directory: string

beforeEach(async () => {
  name = `test_${randomBytes(8).toString('hex')}`
  ownerUrl = inDatabase(inject('ownerUrl'), name)
  directory = await mkdtemp(join(tmpdir(), 'nyota-migrations-'))
  const owner = pg.escapeIdentifier(roleOf(ownerUrl))
  await admin((client) => client.query(`CREATE DATABASE ${name} OWNER ${owner}`))
})
afterEach(async () => {
  await rm(directory, { recursive: true })
  await admin((client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`))
})

/** Writes migrations and runs those that are new. */
async function migrateWith(files: Record<string, string>, role: string = applicationRole): Promise<string[]> {
  for (const [file, sql] of Object.entries(files)) await writeFile(join(directory, `${file}.sql`), sql)
  return (await migrate(ownerUrl, { applicationRole: role, directory })).applied
}

async function queryAs<T>(url: string, text: string): Promise<T[]> {
  const db = openDatabase(url, { maxConnections: 1, applicationName: 'test' })
  try {
    return (await db.query(text)).rows as T[]
  } finally {
    await db.close()
  }
}

describe('migrating', () => {
  test('runs what is new, in order, once', async () => {
    expect(await migrateWith({ '0002_b': 'ALTER TABLE a ADD text text', '0001_a': 'CREATE TABLE a (id int)' })).toEqual(
      ['0001_a', '0002_b'],
    )
    expect(await migrateWith({ '0003_c': 'CREATE TABLE c (id int)' })).toEqual(['0003_c'])
    expect(await migrateWith({})).toEqual([])
  })

  test('gives the application what a migration grants, under whatever name it goes', async () => {
    await migrateWith({ '0001_a': 'CREATE TABLE a (id int); GRANT SELECT ON a TO :"application"' })
    const url = inDatabase(inject('databaseUrl'), name)
    expect(await queryAs(url, 'SELECT * FROM a')).toEqual([])
    await expect(queryAs(url, 'INSERT INTO a VALUES (1)')).rejects.toMatchObject({ code: '42501' })
  })

  test('by several processes at once runs everything once', async () => {
    const files = { '0001_a': 'CREATE TABLE a (id int); SELECT pg_sleep(0.1)', '0002_b': 'CREATE TABLE b (id int)' }
    const applied = await Promise.all([1, 2, 3].map(() => migrateWith(files)))
    expect(applied.flat()).toEqual(['0001_a', '0002_b'])
  })

  test('that fails half way leaves nothing of that migration, and says which it was', async () => {
    await expect(
      migrateWith({ '0001_a': 'CREATE TABLE a (id int)', '0002_b': 'CREATE TABLE b (id int); SELECT 1/0' }),
    ).rejects.toThrow('Migration 0002_b failed and was undone: division by zero')
    expect(await queryAs(ownerUrl, `SELECT to_regclass('a')::text AS a, to_regclass('b')::text AS b`)).toEqual([
      { a: 'a', b: null },
    ])
    expect(await migrateWith({ '0002_b': 'CREATE TABLE b (id int)' })).toEqual(['0002_b'])
  })

  test.each<[string, Record<string, string>, RegExp]>([
    [
      'a migration that was edited after it ran',
      { '0001_a': 'CREATE TABLE other (id int)' },
      /0001_a was changed after it ran/,
    ],
    ['a migration with a number before the last', { '0001_b': 'SELECT 1' }, /0001_b is older than 0002_a/],
    ['a file with another name', { notes: 'SELECT 1' }, /notes\.sql is not named like/],
  ])('refuses %s', async (_, files, sentence) => {
    await migrateWith({ '0001_a': 'SELECT 1', '0002_a': 'SELECT 1' })
    await expect(migrateWith(files)).rejects.toThrow(sentence)
  })

  test('refuses a database that a newer version has migrated', async () => {
    await migrateWith({ '0001_a': 'SELECT 1', '0002_b': 'SELECT 1' })
    await rm(join(directory, '0002_b.sql'))
    await expect(migrateWith({})).rejects.toThrow(/has migration 0002_b, which this version does not know/)
  })

  test('refuses an application role that could rewrite history, or does not exist', async () => {
    await expect(migrateWith({}, roleOf(ownerUrl))).rejects.toThrow(/superuser or \(a member of\) the owner/)
    await expect(migrateWith({}, roleOf(inject('adminUrl')))).rejects.toThrow(/superuser or \(a member of\) the owner/)
    await expect(migrateWith({}, 'nobody_by_that_name')).rejects.toThrow(/does not exist; create it/)
  })
})

describe('pending migrations', () => {
  test('are all before the first, those that are new after, and none that a newer version has run', async () => {
    const db = openDatabase(inDatabase(inject('databaseUrl'), name), { maxConnections: 1, applicationName: 'test' })
    await writeFile(join(directory, '0001_a.sql'), 'SELECT 1')
    expect(await pendingMigrations(db, directory)).toEqual(['0001_a'])
    await migrateWith({ '0002_b': 'SELECT 1' })
    expect(await pendingMigrations(db, directory)).toEqual([])
    await rm(join(directory, '0002_b.sql'))
    await writeFile(join(directory, '0003_c.sql'), 'SELECT 1')
    expect(await pendingMigrations(db, directory)).toEqual(['0003_c'])
    await db.close()
  })

  test("are none of the product's own in a database for tests", async () => {
    const database = await createTestDatabase()
    expect(await pendingMigrations(database.app)).toEqual([])
    await database.drop()
  })
})
