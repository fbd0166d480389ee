import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDatabase, type Queryable } from '../../src/database/database.ts'
import { uuidv7 } from '../../src/domain/ids.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

const PERSON = uuidv7()

let db: TestDatabase
beforeAll(async () => {
  db = await createTestDatabase()
  await db.owner.query(
    `INSERT INTO subscriber (id, number_sealed, number_index, name_sealed, language, tier) VALUES ($1, '\\x00', '\\x00', '\\x00', 'en', 'standard')`,
    [PERSON],
  )
  await record(PERSON, 'thing.done')
  await record('grace', 'thing.done')
})
afterAll(() => db?.drop())

/** The application's role, whose temporary tables are gone with this connection. */
async function alone<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
  const app = openDatabase(db.url, { maxConnections: 1, applicationName: 'test-shadow' })
  try {
    return await app.transaction(work)
  } finally {
    await app.close()
  }
}

/** Somebody's deed, with a value that can be erased. */
async function record(who: string, action: string, on: Queryable = db.app): Promise<void> {
  const id = uuidv7()
  await on.query(
    `INSERT INTO audit_event (id, actor_kind, actor_id, action, subject, payload, seal) VALUES ($1, 'staff', $2, $3, $2, '{}', '\\x00')`,
    [id, who, action],
  )
  await on.query(
    `INSERT INTO audit_value (event_id, name, salt, value_sealed) VALUES ($1, 'reason', decode(repeat('00', 32), 'hex'), '\\x00')`,
    [id],
  )
}

async function count(table: string): Promise<bigint | undefined> {
  const { rows } = await db.owner.query<{ n: bigint }>(`SELECT count(*) AS n FROM ${table}`)
  return rows[0]?.n
}

describe('a table of the same name that the application makes for itself', () => {
  test('does not catch what is put on record of operators', async () => {
    const before = await count('operator_event')
    await alone(async (tx) => {
      await tx.query('CREATE TEMP TABLE operator_event (LIKE public.operator_event)')
      await tx.query('GRANT ALL ON operator_event TO PUBLIC')
      await tx.query(`INSERT INTO sms_link_order (link, mode, by) VALUES ('mno1', 'suspended', 'nobody')`)
    })
    expect(await count('operator_event')).toBe((before ?? 0n) + 1n)
  })

  test('does not stand in for the record of an erasure', async () => {
    const before = await count('audit_value')
    const erased = alone(async (tx) => {
      await tx.query('CREATE TEMP TABLE audit_event AS SELECT * FROM public.audit_event')
      await tx.query(
        `INSERT INTO audit_event SELECT gen_random_uuid(), at, actor_kind, actor_id, 'values.erased', subject, payload, seal, pg_current_xact_id()::text::bigint
           FROM public.audit_event WHERE subject = $1`,
        [PERSON],
      )
      await tx.query('GRANT ALL ON audit_event TO PUBLIC')
      await tx.query('SELECT audit_erase($1)', [PERSON])
    })
    await expect(erased).rejects.toMatchObject({ code: 'LG001' })
    expect(await count('audit_value')).toBe(before)
  })

  test('does not make a transfer wait for officers', async () => {
    const id = uuidv7()
    const said = alone(async (tx) => {
      await tx.query('CREATE TEMP TABLE transfer AS SELECT $1::uuid AS id, $2::text AS state, $3::text AS kind', [
        ...[id, 'REVIEW', 'bill'],
      ])
      await tx.query(
        `INSERT INTO transfer_decision (transfer_id, officer, settle, reason) VALUES ($1, 'o.ne', true, 'because')`,
        [id],
      )
    })
    await expect(said).rejects.toMatchObject({ code: 'LG003' })
  })
})

test('whatever runs as the owner looks for tables in the schema first, and only who may call it is let', async () => {
  const { rows } = await db.owner.query<{ name: string; config: string; open: boolean }>(
    `SELECT p.proname AS name, coalesce(array_to_string(p.proconfig, ' '), '') AS config,
            has_function_privilege('public', p.oid, 'EXECUTE') AS open
       FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef`,
  )
  expect(rows.length).toBeGreaterThan(20)
  expect(rows.filter(({ config }) => !/search_path=public, pg_temp(?: |$)/.test(config))).toEqual([])
  expect(rows.filter(({ open }) => open)).toEqual([])
})

test('so does whatever lets the application write a row only after a look at other tables', async () => {
  const { rows } = await db.owner.query<{ name: string; config: string }>(
    `SELECT DISTINCT p.proname AS name, coalesce(array_to_string(p.proconfig, ' '), '') AS config
       FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
      WHERE NOT t.tgisinternal AND t.tgtype & 2 = 2 AND p.prosrc ~ '\\mFROM\\s+[a-z]' AND has_any_column_privilege($1, t.tgrelid, 'INSERT, UPDATE')`,
    [new URL(db.url).username],
  )
  expect(rows.map(({ name }) => name)).toContain('standing_run_guard')
  expect(rows.filter(({ config }) => !config.includes('search_path=public, pg_temp'))).toEqual([])
})

test.each([
  ['at', `'2020-01-01'`],
  ['xid', '0'],
])('the application does not choose %s of what it puts on record', async (column, value) => {
  const insert = db.app.query(
    `INSERT INTO audit_event (id, actor_kind, actor_id, action, subject, payload, seal, ${column})
     VALUES (gen_random_uuid(), 'staff', 'somebody', 'thing.done', 'somebody', '{}', '\\x00', ${value})`,
  )
  await expect(insert).rejects.toThrow('permission denied')
})

test('an erasure is of a subscriber’s values: what an officer gave as reasons stays', async () => {
  const before = await count('audit_value')
  const erase = (who: string) =>
    db.app.transaction(async (tx) => {
      await record(who, 'values.erased', tx)
      await tx.query('SELECT audit_erase($1)', [who])
    })
  await expect(erase('grace')).rejects.toMatchObject({ code: 'LG001' })
  await expect(erase(uuidv7())).rejects.toMatchObject({ code: 'LG001' })
  expect(await count('audit_value')).toBe(before)
  await erase(PERSON)
  expect(await count('audit_value')).toBe((before ?? 0n) - 1n)
})
