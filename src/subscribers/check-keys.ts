import type { Queryable } from '../database/database.ts'
import { type Carrier, countCarriers } from '../security/carriers.ts'
import { accountPasswordKey } from '../security/contexts.ts'
import { type Key, type Keys, ringOf } from '../security/keys.ts'

/**
 * Why the stored data cannot be served with these keys, one sentence each; empty when it can. A gateway that started with a wrong DATA_KEY
 * would find nobody, and one with a wrong PIN_KEY would lock everybody out; one that lost an older key could not read what still carries
 * it. Remembers which keys are in use, so that a start counts rows only when one of them is missing.
 */
export async function keyProblems(
  db: Queryable,
  keys: Pick<Keys, 'data'> & Partial<Pick<Keys, 'pin'>>,
): Promise<string[]> {
  const held = { data: ringOf(keys.data), pin: keys.pin === undefined ? null : ringOf(keys.pin) }
  const missing = await missingKeys(db, held)
  const carriers = missing.length === 0 ? [] : await countCarriers(db)
  const problems: string[] = []
  for (const { kind, id } of missing) {
    const carried = carriers.filter((carrier) => carrier.kind === kind && carrier.keyId === id)
    if (carried.length > 0) problems.push(sentenceOf(kind, id, held[kind] ?? [], carried))
    else await db.query('UPDATE key_in_use SET retired_at = now() WHERE kind = $1 AND key_id = $2', [kind, id])
  }
  problems.push(...(await passwordProblems(db, keys.data)))
  // Only what will be worked with: a tool that was refused leaves no trace.
  if (problems.length === 0) await noteKeys(db, held)
  return problems
}

type Held = Readonly<Record<Carrier['kind'], readonly Key[] | null>>

/** Keys that were in use, or that the ends of two indexes name, and that are not held. */
async function missingKeys(db: Queryable, held: Held): Promise<{ kind: Carrier['kind']; id: string }[]> {
  const { rows } = await db.query<{ kind: Carrier['kind']; id: string | null }>(
    `SELECT kind, key_id AS id FROM key_in_use WHERE retired_at IS NULL
      UNION SELECT 'pin', min(left(pin_hash::text, 8)) FROM credential
      UNION SELECT 'pin', max(left(pin_hash::text, 8)) FROM credential
      UNION SELECT 'data', encode(substring(number_index FOR 4), 'hex') FROM
        ((SELECT number_index FROM subscriber WHERE status <> 'closed' ORDER BY number_index LIMIT 1)
          UNION ALL (SELECT number_index FROM subscriber WHERE status <> 'closed' ORDER BY number_index DESC LIMIT 1)) AS ends
      ORDER BY 1 DESC, 2`,
  )
  return rows.flatMap(({ kind, id }) =>
    id === null || held[kind] === null || held[kind].some((key) => key.id === id) ? [] : [{ kind, id }],
  )
}

function sentenceOf(kind: Carrier['kind'], id: string, held: readonly Key[], carried: readonly Carrier[]): string {
  const name = `${kind.toUpperCase()}_KEY`
  const has = held.map((key) => key.id).join(' and ')
  const rows = carried.map(({ table, rows }) => `${rows} of ${table}`).join(', ')
  const then =
    kind === 'pin'
      ? 'each moves at its next right PIN or answer'
      : carried.some(({ stays }) => !stays)
        ? 'run npm run security -- rotate'
        : 'what is left is history, which is read with it'
  return `${name} is ${has}, but rows were made with ${id}: ${rows}. Put that key back, behind the new one; ${then}.`
}

/** An account's password is hashed under a key derived from DATA_KEY, which has an id of its own. */
async function passwordProblems(db: Queryable, dataKey: Key): Promise<string[]> {
  const held = ringOf(accountPasswordKey(dataKey)).map(({ id }) => id)
  const { rows } = await db.query<{ accounts: number }>(
    `SELECT count(*)::int AS accounts FROM smpp_account WHERE removed_at IS NULL AND NOT left(password_hash, 8) = ANY ($1)`,
    [held],
  )
  const accounts = rows[0]?.accounts ?? 0
  return accounts === 0
    ? []
    : [
        `The passwords of ${accounts} SMPP accounts were hashed under another DATA_KEY. Put that key back, behind the new one, until each has bound once; or give those accounts new passwords.`,
      ]
}

async function noteKeys(db: Queryable, held: Held): Promise<void> {
  const all = (['data', 'pin'] as const).flatMap((kind) => (held[kind] ?? []).map(({ id }) => [kind, id] as const))
  await db.query(
    `INSERT INTO key_in_use (kind, key_id) SELECT * FROM unnest($1::text[], $2::text[])
      ON CONFLICT (kind, key_id) DO UPDATE SET retired_at = NULL WHERE key_in_use.retired_at IS NOT NULL`,
    [all.map(([kind]) => kind), all.map(([, id]) => id)],
  )
}
