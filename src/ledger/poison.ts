import type { Queryable } from '../database/database.ts'
import { sqlstateOf } from '../database/outage.ts'
import type { TransferId } from '../domain/ids.ts'

/**
 * Puts on record, for people, that a transfer could not be held or posted even by itself. It is tried again, and counted. The message is
 * the database's or the program's own: ids and rules, never what belongs to a person.
 */
export async function recordPoison(
  db: Queryable,
  what: 'hold' | 'post',
  id: TransferId,
  error: unknown,
): Promise<void> {
  const message = error instanceof Error ? error.message : 'no error was given'
  await db.query(`SELECT ledger_record_poison($1, $2, $3, $4)`, [what, id, sqlstateOf(error), message])
}
