import type { Queryable } from '../database/database.ts'
import type { Msisdn } from '../domain/msisdn.ts'
import { numberIndex, numberIndexes } from '../security/contexts.ts'
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
  /** The client's account that owns the number it was said to, and whose messages alone it is about; left out: the service's own. */
  readonly account?: string
}

/**
 * Writes it to the history, which is only added to; true where it changes what holds. What is written last holds, so call it in the
 * transaction that holds the number's lock (`lockNumber`).
 */
export async function recordConsent(tx: Queryable, sealer: Sealer, consent: Consent): Promise<boolean> {
  const index = numberIndex(sealer, consent.number)
  const account = consent.account ?? null
  const before = (await lastWords(tx, numberIndexes(sealer, consent.number), account)).some(
    (word) => word.account_id === account && word.kind === 'stop',
  )
  await tx.query({
    name: 'sms-consent',
    text: 'INSERT INTO sms_consent (number_index, kind, via, link, message_id, account_id) VALUES ($1, $2, $3, $4, $5, $6)',
    values: [index, consent.kind, consent.via, consent.link, consent.messageId, account],
  })
  return before !== (consent.kind === 'stop')
}

/**
 * Whether this number wants nothing that is not about its own account. What is (receipts, codes, security) is sent all the same. A client's
 * messages (`account`) are unwanted after a STOP to the service, which speaks for all that goes through it, and after one to that client.
 */
export async function hasOptedOut(
  queryable: Queryable,
  sealer: Sealer,
  number: Msisdn,
  account: string | null = null,
): Promise<boolean> {
  const words = await lastWords(queryable, numberIndexes(sealer, number), account)
  return words.some(({ kind }) => kind === 'stop')
}

/** What was said last to the service, and to the account where one is named. */
async function lastWords(
  queryable: Queryable,
  indexes: readonly Buffer[],
  account: string | null,
): Promise<readonly { readonly kind: string; readonly account_id: string | null }[]> {
  const { rows } = await queryable.query<{ kind: string; account_id: string | null }>({
    name: 'sms-last-words',
    text: `SELECT DISTINCT ON (account_id) kind, account_id FROM sms_consent
      WHERE number_index = ANY ($1) AND (account_id IS NULL OR account_id = $2) ORDER BY account_id, id DESC`,
    values: [indexes, account],
  })
  return rows
}
