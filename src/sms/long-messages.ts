import type { IncomingSms, MessagePart } from '../aggregators/aggregator.ts'
import type { Database, Queryable } from '../database/database.ts'
import { uuidv7 } from '../domain/ids.ts'
import { Secret } from '../domain/secret.ts'
import { numberIndex } from '../security/contexts.ts'
import type { Sealer } from '../security/sealing.ts'
import { blankSecrets } from './blank-secrets.ts'
import { insertMessage } from './inbox-message.ts'

/**
 * How long the parts of a message are waited for, from the first that came. Networks send the parts within seconds and try again for
 * minutes; and a phone that counts its references in one octet uses the same one again after 256 long messages.
 */
const PARTS_FOR_SECONDS = 3_600
/** How long a copy of a part is recognised once the message is whole; some phones give every long message the same reference. */
const COPIES_FOR_SECONDS = 600
/**
 * And for how long while parts of a next message with the same reference are there, whose words may be the same at that place: nobody writes
 * two long messages within that time.
 */
const COPIES_BESIDE_NEXT_SECONDS = 120
/** Stands in the text for each part that never came. */
const GAP = '[…]'
/** Messages closed in one sweep. */
const BATCH = 200

type PartOutcome =
  | { readonly kind: 'whole'; readonly id: string; readonly text: Secret }
  | { readonly kind: 'part' }
  | { readonly kind: 'repeated' }

/** A part that came before; `message_id` where its message was put together since. */
type KnownPart = {
  readonly number: number
  readonly digest: Buffer
  readonly message_id: string | null
  /** The wait for the others is over. */
  readonly late: boolean
  /** A copy of it may still come; also beside parts of a next message. */
  readonly fresh: boolean
  readonly recent: boolean
}

type Row = KnownPart & {
  readonly id: string
  readonly total: number
  readonly reference: number
  readonly link: string
  readonly sender_sealed: Buffer
  readonly sender_index: Buffer
  readonly recipient: string
  readonly body_sealed: Buffer
}

/**
 * What a part means beside those with the same sender, destination, reference and total. `next_message`: the earlier ones belong to a message
 * that was never whole, since this part's place is taken by other words or the wait was over.
 */
function placePart(
  known: readonly KnownPart[],
  part: { readonly number: number; readonly digest: Buffer },
): 'repeated' | 'same_message' | 'next_message' {
  const open = known.filter(({ message_id }) => message_id === null)
  const used = known.filter(
    ({ message_id, fresh, recent }) => message_id !== null && (open.length > 0 ? recent : fresh),
  )
  const candidates = [...open, ...used]
  if (candidates.some(({ number, digest }) => number === part.number && digest.equals(part.digest))) return 'repeated'
  const over = open.some(({ number, late }) => late || number === part.number)
  return over ? 'next_message' : 'same_message'
}

/** Keeps one part, and the message once it is the last. Needs a transaction: parts of one message wait for each other, in any process. */
export async function storePart(
  tx: Queryable,
  sealer: Sealer,
  message: IncomingSms & { readonly part: MessagePart },
): Promise<PartOutcome> {
  const { part, text } = message
  const key = sealer.index(JSON.stringify([message.from, message.to, part.reference, part.total]), 'sms_inbox_part')
  const digest = sealer.index(text.reveal(), 'sms_inbox_part.text')
  const known = await lockParts(tx, key)
  const place = placePart(known, { number: part.number, digest })
  if (place === 'repeated') return { kind: 'repeated' }
  const open = known.filter(({ message_id }) => message_id === null)
  if (place === 'next_message') await putTogether(tx, sealer, open)
  const added = await insertPart(tx, sealer, message, key, digest)
  const parts = place === 'next_message' ? [added] : [...open, added]
  return parts.length < part.total ? { kind: 'part' } : { kind: 'whole', ...(await putTogether(tx, sealer, parts)) }
}

/** Makes messages of parts whose others are waited for no longer, and forgets parts that are in a message. Returns how many stay incomplete. */
export async function closeLateMessages(database: Database, sealer: Sealer): Promise<number> {
  const { rows } = await database.query<{ part_key: Buffer }>(
    `SELECT DISTINCT part_key FROM sms_inbox_part
      WHERE message_id IS NULL AND received_at < now() - make_interval(secs => $1) LIMIT ${BATCH}`,
    [PARTS_FOR_SECONDS],
  )
  let closed = 0
  for (const { part_key: key } of rows) {
    closed += await database.transaction(async (tx) => {
      const open = (await lockParts(tx, key)).filter(({ message_id }) => message_id === null)
      if (!open.some(({ late }) => late)) return 0
      await putTogether(tx, sealer, open)
      return 1
    })
  }
  await database.query(
    'DELETE FROM sms_inbox_part WHERE message_id IS NOT NULL AND received_at < now() - make_interval(secs => $1)',
    [PARTS_FOR_SECONDS],
  )
  return closed
}

/** The parts with this key, while nobody else in any process adds one. */
async function lockParts(tx: Queryable, key: Buffer): Promise<Row[]> {
  await tx.query({
    name: 'sms-lock-parts',
    text: 'SELECT pg_advisory_xact_lock($1)',
    values: [key.readBigInt64BE(key.length - 8)],
  })
  // A statement of its own, so that it sees what the one before us committed.
  const { rows } = await tx.query<Row>({
    name: 'sms-known-parts',
    text: `SELECT id, number, total, reference, digest, link, sender_sealed, sender_index, recipient, body_sealed, message_id,
        received_at < clock_timestamp() - make_interval(secs => $2) AS late,
        received_at > clock_timestamp() - make_interval(secs => $3) AS fresh,
        received_at > clock_timestamp() - make_interval(secs => $4) AS recent
      FROM sms_inbox_part WHERE part_key = $1 ORDER BY received_at`,
    values: [key, PARTS_FOR_SECONDS, COPIES_FOR_SECONDS, COPIES_BESIDE_NEXT_SECONDS],
  })
  return rows
}

async function insertPart(
  tx: Queryable,
  sealer: Sealer,
  { link, from, to, text, part }: IncomingSms & { readonly part: MessagePart },
  key: Buffer,
  digest: Buffer,
): Promise<Row> {
  const id = uuidv7()
  const row: Row = {
    ...{ id, link, digest, recipient: to, message_id: null, late: false, fresh: true, recent: true },
    ...{ number: part.number, total: part.total, reference: part.reference },
    sender_sealed: sealer.seal(from, `sms_inbox_part.sender:${id}`),
    sender_index: numberIndex(sealer, from),
    // As JSON, which keeps half a character where a phone cut a pair in two.
    body_sealed: sealer.seal(JSON.stringify(blankSecrets(text.reveal())), `sms_inbox_part.body:${id}`),
  }
  await tx.query({
    name: 'sms-store-part',
    text: `INSERT INTO sms_inbox_part
        (id, part_key, number, total, reference, digest, link, sender_sealed, sender_index, recipient, body_sealed)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    values: [
      ...[id, key, row.number, row.total, row.reference, digest, link],
      ...[row.sender_sealed, row.sender_index, to, row.body_sealed],
    ],
  })
  return row
}

/** One message of the inbox from these parts, with a mark for each that is missing. */
async function putTogether(
  tx: Queryable,
  sealer: Sealer,
  parts: readonly Row[],
): Promise<{ id: string; text: Secret }> {
  const first = parts[0]
  if (first === undefined) throw new Error('a message needs a part')
  const texts = new Map(
    parts.map(({ id, number, body_sealed }) => [
      number,
      String(JSON.parse(sealer.open(body_sealed, `sms_inbox_part.body:${id}`))),
    ]),
  )
  const numbers = Array.from({ length: first.total }, (_, index) => index + 1)
  // Blanked again: a digit of two halves is one only now.
  const text = blankSecrets(numbers.map((number) => texts.get(number) ?? GAP).join(''))
  const id = uuidv7()
  await insertMessage(tx, {
    ...{ id, link: first.link, providerId: null, recipient: first.recipient, senderIndex: first.sender_index },
    ...{ part: { reference: first.reference, total: first.total }, missing: first.total - parts.length },
    senderSealed: sealer.seal(
      sealer.open(first.sender_sealed, `sms_inbox_part.sender:${first.id}`),
      `sms_inbox.sender:${id}`,
    ),
    bodySealed: sealer.seal(text, `sms_inbox.body:${id}`),
  })
  await tx.query({
    name: 'sms-parts-used',
    text: 'UPDATE sms_inbox_part SET message_id = $2 WHERE id = ANY ($1::uuid[])',
    values: [parts.map((part) => part.id), id],
  })
  return { id, text: new Secret(text) }
}
