import type { IncomingSms } from '../aggregators/aggregator.ts'
import type { Queryable } from '../database/database.ts'
import { uuidv7 } from '../domain/ids.ts'
import type { Secret } from '../domain/secret.ts'
import { numberIndex } from '../security/contexts.ts'
import type { Sealer } from '../security/sealing.ts'

/** `whole`: its text as it came; `part`: more of it is to come; `repeated`: the network sent it before. */
export type StoreOutcome =
  | { readonly kind: 'whole'; readonly id: string; readonly text: Secret }
  | { readonly kind: 'part' }
  | { readonly kind: 'repeated' }

/** Keeps a message from a phone, sealed, with every digit blanked, since it may be of a PIN or a code. */
export async function storeIncomingSms(
  database: Queryable,
  sealer: Sealer,
  message: IncomingSms,
): Promise<StoreOutcome> {
  const id = uuidv7()
  const { rowCount } = await database.query({
    name: 'sms-store',
    text: `INSERT INTO sms_inbox
        (id, link, provider_id, sender_sealed, sender_index, recipient, body_sealed, part_reference, part_total, part_number)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
      ON CONFLICT (link, provider_id) DO NOTHING`,
    values: [
      id,
      message.link,
      message.id,
      sealer.seal(message.from, `sms_inbox.sender:${id}`),
      numberIndex(sealer, message.from),
      message.to,
      sealer.seal(blankSecrets(message.text.reveal()), `sms_inbox.body:${id}`),
      message.part?.reference ?? null,
      message.part?.total ?? null,
      message.part?.number ?? null,
    ],
  })
  if (rowCount === 0) return { kind: 'repeated' }
  return message.part === undefined ? { kind: 'whole', id, text: message.text } : { kind: 'part' }
}

/**
 * Every digit becomes an asterisk: people write a PIN in more ways than a pattern knows, over two messages too. Numbers and
 * amounts are read from the text in memory.
 */
export function blankSecrets(text: string): string {
  return text.replace(/\p{Nd}/gu, '*')
}
