import type { Queryable } from '../database/database.ts'

/** The transfer that a session confirmed, if it confirmed one; a session confirms at most one. */
export async function transferOfSession(
  db: Queryable,
  sessionId: string,
): Promise<{ readonly reference: string } | null> {
  // The bound on age keeps the search to a few rows: it is asked within minutes of the session.
  const { rows } = await db.query<{ reference: string }>(
    `SELECT reference FROM transfer WHERE session_id = $1 AND created_at > now() - interval '2 hours'
     ORDER BY created_at DESC LIMIT 1`,
    [sessionId],
  )
  return rows[0] ?? null
}
