import type { Queryable } from '../database/database.ts'
import type { Msisdn } from '../domain/msisdn.ts'
import { numberIndex } from '../security/contexts.ts'
import type { Sealer } from '../security/sealing.ts'

/** Somebody's word on messages that are not about their own account. */
export type Consent = {
  readonly kind: 'stop' | 'start'
  readonly number: Msisdn
  /** `network`: by the callback of an aggregator that took the STOP itself. */
  readonly via: 'sms' | 'network'
  readonly link: string
  /** The stored message that said it; null where there is none. */
  readonly messageId: string | null
}

/**
 * Writes it to the history, which is only added to; true where it changes what holds. What is written last holds, so call it in the
 * transaction that holds the number's lock (`lockNumber`).
 */
export async function recordConsent(tx: Queryable, sealer: Sealer, consent: Consent): Promise<boolean> {
  const before = await hasOptedOut(tx, sealer, consent.number)
  await tx.query({
    name: 'sms-consent',
    text: 'INSERT INTO sms_consent (number_index, kind, via, link, message_id) VALUES ($1, $2, $3, $4, $5)',
    values: [numberIndex(sealer, consent.number), consent.kind, consent.via, consent.link, consent.messageId],
  })
  return before !== (consent.kind === 'stop')
}

/** Whether this number wants nothing that is not about its own account. What is (receipts, codes, security) is sent all the same. */
export async function hasOptedOut(queryable: Queryable, sealer: Sealer, number: Msisdn): Promise<boolean> {
  const { rows } = await queryable.query<{ kind: string }>({
    name: 'sms-opted-out',
    text: 'SELECT kind FROM sms_consent WHERE number_index = $1 ORDER BY id DESC LIMIT 1',
    values: [numberIndex(sealer, number)],
  })
  return rows[0]?.kind === 'stop'
}
