import type { Queryable } from '../database/database.ts'
import type { Keys } from '../security/keys.ts'

/**
 * Which keys are not those that the stored data was made with, one sentence each; empty when all fit. A gateway that started with a wrong
 * DATA_KEY would find nobody, and one with a wrong PIN_KEY would lock everybody out. Looks at the ends of two indexes, whatever the number of rows.
 */
export async function keyProblems(
  db: Queryable,
  keys: Pick<Keys, 'data'> & Partial<Pick<Keys, 'pin'>>,
): Promise<string[]> {
  const { rows } = await db.query<{ pins: (string | null)[]; numbers: (string | null)[] }>(
    `SELECT
      ARRAY[(SELECT min(left(pin_hash::text, 8)) FROM credential), (SELECT max(left(pin_hash::text, 8)) FROM credential)] AS pins,
      ARRAY[
        (SELECT encode(substring(number_index FOR 4), 'hex') FROM subscriber WHERE status <> 'closed' ORDER BY number_index LIMIT 1),
        (SELECT encode(substring(number_index FOR 4), 'hex') FROM subscriber WHERE status <> 'closed' ORDER BY number_index DESC LIMIT 1)
      ] AS numbers`,
  )
  const found = rows[0] ?? { pins: [], numbers: [] }
  return [
    ...foreign(found.pins, keys.pin?.id).map(
      (id) => `PIN_KEY is ${keys.pin?.id}, but PINs on file were made with ${id}.`,
    ),
    ...foreign(found.numbers, keys.data.id).map(
      (id) => `DATA_KEY is ${keys.data.id}, but numbers on file are sealed under ${id}.`,
    ),
  ]
}

function foreign(found: readonly (string | null)[], id: string | undefined): string[] {
  if (id === undefined) return []
  return [...new Set(found.filter((other) => other !== null && other !== id))].map(String)
}
