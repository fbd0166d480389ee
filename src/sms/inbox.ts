import type { IncomingSms } from '../aggregators/aggregator.ts'
import type { Queryable } from '../database/database.ts'
import { uuidv7 } from '../domain/ids.ts'
import { Secret } from '../domain/secret.ts'
import { numberIndex } from '../security/contexts.ts'
import type { Sealer } from '../security/sealing.ts'
import { blankSecrets } from './blank-secrets.ts'
import { insertMessage } from './inbox-message.ts'
import { storePart } from './long-messages.ts'

/**
 * `whole`: a message of the inbox, to act on once; `text` is as it came where it came in one piece, and has its digits blanked where it was put
 * together from parts, since no digit of a part is ever kept. `part`: others are missing. `repeated`: the network sent it before.
 */
export type StoreOutcome =
  | { readonly kind: 'whole'; readonly id: string; readonly text: Secret }
  | { readonly kind: 'part' }
  | { readonly kind: 'repeated' }

/**
 * A message without an id that says the same as an earlier one of the same phone is the network's copy of it for so long after the earlier one
 * was acknowledged: phones and networks that heard nothing try again within seconds. A person who asks the same again later means it.
 */
const COPIES_FOR_SECONDS = 30
/**
 * And for so long where the network may never have heard the acknowledgement, since the process or the connection died at that moment: networks
 * send such a message again when a link is back.
 */
const UNHEARD_FOR_SECONDS = 600

/**
 * Keeps a message from a phone, sealed, with every digit blanked, since it may be of a PIN or a code. Parts are put together, in whatever order
 * and over whatever links and processes they come. Call it in a transaction and acknowledge the message after the commit; what is
 * written in the same transaction happens once, however often the network sends the message.
 */
export async function storeIncomingSms(tx: Queryable, sealer: Sealer, message: IncomingSms): Promise<StoreOutcome> {
  const { part, text } = message
  if (part !== undefined) return storePart(tx, sealer, { ...message, part })
  if (message.id === null && !(await isNew(tx, sealer, message))) return { kind: 'repeated' }
  const id = uuidv7()
  const stored = await insertMessage(tx, {
    ...{ id, link: message.link, providerId: message.id, recipient: message.to, part: null, missing: 0 },
    senderSealed: sealer.seal(message.from, `sms_inbox.sender:${id}`),
    senderIndex: numberIndex(sealer, message.from),
    bodySealed: sealer.seal(blankSecrets(text.reveal()), `sms_inbox.body:${id}`),
  })
  return stored ? { kind: 'whole', id, text: new Secret(text.reveal()) } : { kind: 'repeated' }
}

/** The network has been told that it may forget a message: what says the same later is a new message. */
export async function acknowledgeIncomingSms(database: Queryable, sealer: Sealer, message: IncomingSms): Promise<void> {
  if (message.id !== null || message.part !== undefined) return
  await database.query({
    name: 'sms-acknowledge',
    text: 'UPDATE sms_arrival SET acknowledged_at = clock_timestamp() WHERE digest = $1 AND acknowledged_at IS NULL',
    values: [digestOf(sealer, message)],
  })
}

/** Copies of these are no longer recognised. */
export async function forgetArrivals(database: Queryable): Promise<void> {
  await database.query('DELETE FROM sms_arrival WHERE stored_at < now() - make_interval(secs => $1)', [
    UNHEARD_FOR_SECONDS,
  ])
}

/** Of two copies at the same moment the second waits for the first to commit. */
async function isNew(tx: Queryable, sealer: Sealer, message: IncomingSms): Promise<boolean> {
  const { rowCount } = await tx.query({
    name: 'sms-arrive',
    text: `INSERT INTO sms_arrival AS earlier (digest) VALUES ($1)
      ON CONFLICT (digest) DO UPDATE SET stored_at = excluded.stored_at, acknowledged_at = NULL
      WHERE earlier.acknowledged_at < clock_timestamp() - make_interval(secs => $2)
        OR earlier.stored_at < clock_timestamp() - make_interval(secs => $3)`,
    values: [digestOf(sealer, message), COPIES_FOR_SECONDS, UNHEARD_FOR_SECONDS],
  })
  return rowCount === 1
}

/** Not of the link: a network may send a copy over another bind. The row is deleted within minutes, since a short text can be guessed by who has the key. */
function digestOf(sealer: Sealer, { from, to, text }: IncomingSms): Buffer {
  return sealer.index(JSON.stringify([from, to, text.reveal()]), 'sms_arrival')
}
