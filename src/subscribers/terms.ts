import type { Database } from '../database/database.ts'
import type { SubscriberId } from '../domain/ids.ts'
import type { Audit } from '../security/audit.ts'

/** Records that the subscriber agreed to this version of the terms; agreeing again changes nothing. */
export async function acceptTerms(
  database: Database,
  audit: Audit,
  subscriberId: SubscriberId,
  version: string,
): Promise<void> {
  await database.transaction(async (tx) => {
    const { rowCount } = await tx.query(
      'INSERT INTO terms_acceptance (subscriber_id, version) VALUES ($1, $2) ON CONFLICT DO NOTHING',
      [subscriberId, version],
    )
    if (rowCount === 0) return
    await tx.query('UPDATE subscriber SET terms_version = $2 WHERE id = $1', [subscriberId, version])
    await audit.record(tx, {
      actor: { kind: 'subscriber', id: subscriberId },
      action: 'terms.accepted',
      subject: subscriberId,
      payload: { version },
    })
  })
}
