import type { Database, Queryable } from '../database/database.ts'
import type { SubscriberId } from '../domain/ids.ts'
import type { Audit } from '../security/audit.ts'

/** Remembers the language for every later session and message. Choosing the same one again leaves no trace. */
export function rememberLanguage(
  database: Database,
  audit: Audit,
  subscriberId: SubscriberId,
  language: string,
): Promise<void> {
  return database.transaction((tx) => recordLanguage(tx, audit, subscriberId, language))
}

/** The same in the caller's transaction. */
export async function recordLanguage(
  tx: Queryable,
  audit: Audit,
  subscriberId: SubscriberId,
  language: string,
): Promise<void> {
  const { rowCount } = await tx.query('UPDATE subscriber SET language = $2 WHERE id = $1 AND language <> $2', [
    subscriberId,
    language,
  ])
  if (rowCount === 0) return
  await audit.record(tx, {
    actor: { kind: 'subscriber', id: subscriberId },
    action: 'language.chosen',
    subject: subscriberId,
    payload: { language },
  })
}
