import { inject } from 'vitest'
import { inDatabase } from '../../../scripts/dialogues/template.ts'
import { type Database, openDatabase, type Queryable } from '../../../src/database/database.ts'
import type { TestDatabase } from '../../support/database.ts'

/** The server's superuser, who may put every trigger and foreign key to sleep, as no role of ours can. */
export function openAsSuperuser({ url }: Pick<TestDatabase, 'url'>): Database {
  const name = new URL(url).pathname.slice(1)
  return openDatabase(inDatabase(inject('adminUrl'), name), { maxConnections: 1, applicationName: 'test-superuser' })
}

/** What comes of work that is rolled back. */
export async function undone<T>(database: Database, work: (tx: Queryable) => Promise<T>): Promise<T> {
  const results: T[] = []
  const enough = new Error('undone on purpose')
  await database
    .transaction(async (tx) => {
      results.push(await work(tx))
      throw enough
    })
    .catch((error: unknown) => {
      if (error !== enough) throw error
    })
  return results[0] as T
}

/** Edits rows for good. */
export async function tamper(at: Pick<TestDatabase, 'url'>, ...statements: readonly string[]): Promise<void> {
  const superuser = openAsSuperuser(at)
  try {
    await superuser.transaction(async (tx) => {
      await tx.query('SET LOCAL session_replication_role = replica')
      for (const statement of statements) await tx.query(statement)
    })
  } finally {
    await superuser.close()
  }
}

/** As if everything had happened that many days earlier, and so on days that are over. */
export function backdate(at: Pick<TestDatabase, 'url'>, days: number): Promise<void> {
  return tamper(
    at,
    `UPDATE journal SET business_day = business_day - ${days}, recorded_at = recorded_at - ${days} * interval '1 day'`,
    `UPDATE transfer SET business_day = business_day - ${days}`,
    `UPDATE account SET day = day - ${days}, month = date_trunc('month', day - ${days}) WHERE day > '-infinity'`,
    `UPDATE pair_counter SET day = day - ${days}, month = date_trunc('month', day - ${days})`,
  )
}

/** A time zone in which it is about noon, so that no midnight falls into a test. The sign is the other way round than elsewhere. */
export const NOON: string = zoneAtNoon(new Date().getUTCHours())

/** Moves the markets of a ledger there. */
export function standAtNoon(at: Pick<TestDatabase, 'url'>): Promise<void> {
  return tamper(at, `UPDATE market SET time_zone = '${NOON}'`)
}

function zoneAtNoon(hour: number): string {
  return `Etc/GMT${hour < 12 ? '-' : '+'}${Math.abs(12 - hour)}`
}
