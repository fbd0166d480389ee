import { setTimeout as sleep } from 'node:timers/promises'
import type { UssdReply } from '../aggregators/aggregator.ts'
import type { Database, Queryable } from '../database/database.ts'
import { transferOfSession } from '../ledger/transfer.ts'
import type { Sealer } from '../security/sealing.ts'
import { REPEAT_WINDOW_MS, type SeenInput } from './arrival.ts'

/** A hop with an effect, named by our session and its number in it. */
export type Hop = {
  readonly sessionId: string
  readonly hop: number
  /** The session's key in Redis: how the hop is found again when Redis has lost the session. */
  readonly conversation: string
  /** A keyed hash of the number that typed. */
  readonly callerMac: string
  readonly seen: SeenInput
}

/** A repeat this much later is a fresh session that happens to carry an old name. */
const REMEMBERED = '1 hour'

/** No network keeps a session longer. */
const UNDER_WAY = '5 minutes'

const POLL_MS = 40

/**
 * `claimed`: the one caller that may run the hop's effect. `twin`: the same answer has claimed it; `other`: another answer has. `refused`: a
 * copy of it was told before that nothing moved, in these words.
 */
export type ClaimOutcome =
  | { readonly kind: 'claimed' | 'twin' | 'other' }
  | { readonly kind: 'refused'; readonly reply: UssdReply }

/** `shownAtMs`: when the screen was shown that is answered; what was refused before that was another answer. */
export async function claimHop(
  database: Queryable,
  sealer: Sealer,
  hop: Hop,
  shownAtMs: number,
): Promise<ClaimOutcome> {
  const { sessionId, hop: n, conversation, callerMac, seen } = hop
  const { rows } = await database.query<{ outcome: ClaimOutcome['kind']; reply: Buffer; refused_at: Date }>({
    name: 'claim-hop',
    text: `SELECT outcome, reply, refused_at FROM ussd_claim($1, $2, $3, $4, $5, $6, $7)`,
    values: [sessionId, n, conversation, callerMac, seen.length, seen.mac, new Date(shownAtMs)],
  })
  const [row] = rows
  if (row === undefined) throw new Error('ussd_claim returned nothing')
  if (row.outcome !== 'refused') return { kind: row.outcome }
  const text = sealer.open(row.reply, refusalContext(conversation, row.refused_at))
  return { kind: 'refused', reply: { text, end: true } }
}

/**
 * Puts on record that an answer is told that nothing moved, before it is told: from then on no copy of it has an effect. False where one
 * has claimed it already.
 */
export async function refuseHop(
  database: Queryable,
  sealer: Sealer,
  { conversation, seen }: Pick<Hop, 'conversation' | 'seen'>,
  atMs: number,
  text: string,
): Promise<boolean> {
  const at = new Date(atMs)
  const { rows } = await database.query<{ refused: boolean }>(`SELECT ussd_refuse($1, $2, $3, $4, $5) AS refused`, [
    conversation,
    seen.length,
    seen.mac,
    at,
    sealer.seal(text, refusalContext(conversation, at)),
  ])
  return rows[0]?.refused === true
}

function refusalContext(conversation: string, at: Date): string {
  return `ussd_refusal.reply:${conversation}:${at.getTime()}`
}

/** Whether some hop of the session has been claimed and not answered for less than this: its effect may still come. */
const MAY_STILL_ACT = '5 minutes'

async function hasOpenHop(database: Queryable, sessionId: string): Promise<boolean> {
  const { rowCount } = await database.query({
    name: 'open-hop',
    text: `SELECT FROM ussd_hop WHERE session_id = $1 AND answered_at IS NULL AND claimed_at > now() - interval '${MAY_STILL_ACT}'`,
    values: [sessionId],
  })
  return rowCount > 0
}

/** What a session did that its stored state may not know of: the transfer it confirmed, and whether a hop may still act. */
export async function deedsOf(
  database: Queryable,
  sessionId: string,
): Promise<{ readonly transfer: { readonly reference: string } | null; readonly mayAct: boolean }> {
  // A hop is answered after its transfer is stored: asked the other way round, one that ends in between would show neither.
  const mayAct = await hasOpenHop(database, sessionId)
  return { transfer: await transferOfSession(database, sessionId), mayAct }
}

/** Keeps the bytes that answered the hop, for its repeats. */
export async function answerHop(database: Queryable, sealer: Sealer, hop: Hop, reply: UssdReply): Promise<void> {
  await database.query(
    `UPDATE ussd_hop SET reply = $3, ended = $4, answered_at = now() WHERE session_id = $1 AND hop = $2 AND answered_at IS NULL`,
    [hop.sessionId, hop.hop, sealer.seal(reply.text, contextOf(hop.sessionId, hop.hop)), reply.end],
  )
}

/** Waits for whoever claimed the hop; null when no answer came within `timeoutMs`. */
export async function awaitAnswer(
  database: Database,
  sealer: Sealer,
  sessionId: string,
  hop: number,
  timeoutMs: number,
): Promise<UssdReply | null> {
  for (let waitedMs = 0; ; waitedMs += POLL_MS) {
    const { rows } = await database.query<{ reply: Buffer | null; ended: boolean | null }>(
      'SELECT reply, ended FROM ussd_hop WHERE session_id = $1 AND hop = $2',
      [sessionId, hop],
    )
    const [row] = rows
    if (row?.reply) return { text: sealer.open(row.reply, contextOf(sessionId, hop)), end: row.ended === true }
    if (row === undefined || waitedMs >= timeoutMs) return null
    await sleep(POLL_MS)
  }
}

/** `isOver`: it was answered so long ago that no network repeats it by itself. */
type FoundHop = Hop & { readonly isOver: boolean }

/**
 * The last hop with an effect of a conversation that Redis does not know (any more). `isReused`: the network gives other sessions the same
 * name, so only one that can still be under way is meant.
 */
export async function findHop(database: Queryable, conversation: string, isReused = false): Promise<FoundHop | null> {
  const { rows } = await database.query<{
    session_id: string
    hop: number
    caller_mac: string
    input_length: number
    input_mac: string
    is_over: boolean
  }>(
    `SELECT session_id, hop, caller_mac, input_length, input_mac,
            coalesce(answered_at < now() - $2 * interval '1 millisecond', false) AS is_over FROM ussd_hop
     WHERE conversation = $1 AND claimed_at > now() - interval '${isReused ? UNDER_WAY : REMEMBERED}' ORDER BY claimed_at DESC, hop DESC LIMIT 1`,
    [conversation, REPEAT_WINDOW_MS],
  )
  const [row] = rows
  if (row === undefined) return null
  return {
    sessionId: row.session_id,
    hop: row.hop,
    conversation,
    callerMac: row.caller_mac,
    seen: { length: row.input_length, mac: row.input_mac },
    isOver: row.is_over,
  }
}

/** So many at a time that one statement stays short, also after weeks without anybody forgetting. */
const FORGET_AT_ONCE = 5_000

/** Hops are only asked for within the hour; a week is for people who look into a complaint. */
export async function forgetOldHops(database: Queryable): Promise<void> {
  for (const [table, dated] of [
    ['ussd_hop', 'claimed_at'],
    ['ussd_refusal', 'at'],
  ]) {
    for (let forgotten = FORGET_AT_ONCE; forgotten === FORGET_AT_ONCE; ) {
      const { rowCount } = await database.query(
        `DELETE FROM ${table} WHERE ctid IN (
           SELECT ctid FROM ${table} WHERE ${dated} < now() - interval '7 days' ORDER BY ${dated} LIMIT ${FORGET_AT_ONCE})`,
      )
      forgotten = rowCount
    }
  }
}

function contextOf(sessionId: string, hop: number): string {
  return `ussd_hop.reply:${sessionId}:${hop}`
}
