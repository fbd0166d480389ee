import type { Redis } from 'ioredis'
import type { UssdReply } from '../aggregators/aggregator.ts'
import { gather } from '../database/gather.ts'
import type { SubscriberId } from '../domain/ids.ts'
import type { Msisdn } from '../domain/msisdn.ts'
import type { MenuSession } from '../menu/session.ts'
import { type SessionJson, sessionFromJson, sessionToJson } from '../menu/session-json.ts'
import { deriveKey, type Key } from '../security/keys.ts'
import { makeMac } from '../security/mac.ts'
import { makeSealer } from '../security/sealing.ts'
import type { EarlierInput, SeenInput } from './arrival.ts'
import { countLive, MARK_BYTES, markOf } from './live-sessions.ts'
import type { Pace } from './pace.ts'

/** A live dialogue, or the tombstone of one that ended, as it is kept in Redis (sealed). */
export type UssdSession = {
  /** Our own name for the session; the aggregator's may come again some day. */
  readonly id: string
  /** Hash of the menu program that the session began with and keeps. */
  readonly program: string
  /** Null for somebody who is not enrolled; the number and the name are among the menu's facts. */
  readonly callerId: SubscriberId | null
  readonly menu: MenuSession
  /** Hops answered so far. */
  readonly hop: number
  readonly seen: SeenInput
  readonly reply: UssdReply
  /** When the last hop was answered. */
  readonly atMs: number
  /** The most that was done behind a confirmation: nothing, something behind a secret, or something that wrote. */
  readonly past: 'open' | 'secret' | 'write'
  /** The network has ended the session: repeats are answered, nothing is stepped any more. */
  readonly closed?: true
  /** Where inputs come alone: those before `seen`, newest first. */
  readonly earlier?: readonly EarlierInput[]
  /** Nobody knows whether the last screen arrived. */
  readonly unsure?: true
  /** The message that goes instead of a dialogue that we began, until its first answer. */
  readonly offer?: string
  /** How fast its last answers came; left out before the first. */
  readonly pace?: Pace
}

export type StoredSession = { readonly revision: number; readonly session: UssdSession }

export type Sessions = {
  /** The key under which (aggregator, its session id) is stored; holds neither. */
  readonly keyOf: (aggregator: string, sessionId: string) => string
  /** A keyed hash of cumulative input, bound to the session's key and the number that typed it. */
  readonly macOf: (key: string, msisdn: Msisdn, text: string) => string
  readonly read: (key: string) => Promise<StoredSession | null>
  /**
   * Stores the session if what is there is still at `revision`, or nothing is there; otherwise returns what is there. `begins`: it is its
   * subscriber's last from now on, as every session at revision 0 is.
   */
  readonly write: (
    key: string,
    revision: number,
    session: UssdSession,
    begins?: boolean,
  ) => Promise<StoredSession | 'written'>
  /** The key of the session that this subscriber began last; null for none within some minutes. Travels with a `read` of the moment. */
  readonly lastOf: (msisdn: Msisdn) => Promise<string | null>
}

/** Longer than any network keeps a session (180 s), so that late repeats of the last hop still find its tombstone. */
const TTL_MS = 10 * 60_000

/** Which session a subscriber began last is remembered for as long as one may go on, and then for as long as it is kept. */
const LAST_TTL_MS = 2 * TTL_MS

/** Sessions written by this process that it keeps at hand, opened; some four kilobytes each. */
const MOST_RECENT = 1024

/** Eight bytes of revision in front of the sealed session: Redis compares them without opening it. */
const REVISION_BYTES = 8
const BEGINS = Buffer.of(1)

/**
 * For each session: its bytes where they are not at the expected revision, nothing where the new ones were stored. One that begins, told
 * by a byte behind that revision, also becomes its owner's last: after the keys of all sessions come those of the owners, in the order of
 * the sessions that begin. Who is nobody's names itself.
 */
const COMPARE_AND_SET = `
local found = {}
local ttl, named = ARGV[1], ARGV[2]
local sessions = (#ARGV - 2) / 2
local owners = sessions
for n = 1, sessions do
  local key, owner = KEYS[n], nil
  local expected, value = ARGV[2 * n + 1], ARGV[2 * n + 2]
  if #expected > ${REVISION_BYTES} then
    expected = string.sub(expected, 1, ${REVISION_BYTES})
    owners = owners + 1
    if KEYS[owners] ~= key then owner = KEYS[owners] end
  end
  local revision = redis.call('GETRANGE', key, 0, ${REVISION_BYTES - 1})
  if revision ~= '' and revision ~= expected then
    found[n] = redis.call('GET', key)
  else
    redis.call('SET', key, value, 'PX', ttl)
    if owner then redis.call('SET', owner, string.sub(key, named + 1), 'PX', ${LAST_TTL_MS}) end
    found[n] = false
  end
end
return found`

/** Few enough that nobody else waits for Redis longer than a fraction of a millisecond. */
const MOST_AT_ONCE = 64

type Write = {
  readonly name: string
  /** Null for a session that goes on. */
  readonly owner: string | null
  readonly expected: Buffer
  readonly value: Buffer
}

type WithScript = Redis & {
  nyotaCompareAndSetBuffer(keys: number, ...arguments_: (string | number | Buffer)[]): Promise<(Buffer | null)[]>
}

/** Sessions in Redis: one read and one compare-and-set a hop; those of one moment share a command, which is most of their cost. */
export function makeSessions(redis: Redis, prefix: string, key: Key): Sessions {
  const sealer = makeSealer(key)
  const nameMac = makeMac(deriveKey(key, 'session name'))
  const inputMac = makeMac(deriveKey(key, 'session input'))
  const ownerMac = makeMac(deriveKey(key, 'session owner'))
  const names = namesOf(prefix)
  const ownerOf = (msisdn: Msisdn): string => `${prefix}last:${ownerMac(msisdn).slice(0, 22)}`
  redis.defineCommand('nyotaCompareAndSet', { lua: COMPARE_AND_SET })
  const scripted = redis as WithScript
  const get = gather((names: readonly string[]) => redis.mgetBuffer(...names), MOST_AT_ONCE)
  const compareAndSet = gather((writes: readonly Write[]) => {
    const keys = [...writes.map(({ name }) => name), ...writes.flatMap(({ owner }) => owner ?? [])]
    const values = writes.flatMap(({ expected, value }) => [expected, value])
    return scripted.nyotaCompareAndSetBuffer(keys.length, ...keys, TTL_MS, names.length, ...values)
  }, MOST_AT_ONCE)

  /** The bytes of a session and what they open to: while Redis still has those very bytes, they need not be opened again. */
  const recent = new Map<string, { readonly value: Buffer; readonly session: UssdSession }>()

  function remember(name: string, value: Buffer, session: UssdSession): void {
    recent.delete(name)
    recent.set(name, { value, session })
    if (recent.size > MOST_RECENT) for (const oldest of recent.keys()) return void recent.delete(oldest)
  }

  function open(name: string, stored: Buffer): StoredSession {
    const known = recent.get(name)
    if (known?.value.equals(stored)) return { revision: Number(stored.readBigUInt64BE(0)), session: known.session }
    return {
      revision: Number(stored.readBigUInt64BE(0)),
      session: fromJson(JSON.parse(sealer.open(stored.subarray(REVISION_BYTES + MARK_BYTES), name))),
    }
  }

  return {
    keyOf: (aggregator, sessionId) => `${names}${nameMac(`${aggregator}\0${sessionId}`).slice(0, 22)}`,
    macOf: (name, msisdn, text) => inputMac(`${name}\0${msisdn}\0${text}`).slice(0, 22),
    read: async (name) => {
      const stored = await get(name)
      return stored === null ? null : open(name, stored)
    },
    write: async (name, revision, session, begins = revision === 0) => {
      const mark = markOf(session.program, session.reply.end || session.closed === true)
      const sealed = sealer.seal(JSON.stringify(toJson(session)), name)
      const value = Buffer.concat([revisionBytes(revision + 1), mark, sealed])
      const ofCaller = (): string => (session.callerId === null ? name : ownerOf(session.menu.facts.number))
      const owner = begins ? ofCaller() : null
      const expected = begins ? Buffer.concat([revisionBytes(revision), BEGINS]) : revisionBytes(revision)
      const found = await compareAndSet({ name, owner, expected, value })
      // What was tried again after a lost answer may find its own bytes there.
      if (found !== null && !found.equals(value)) return open(name, found)
      remember(name, value, session)
      return 'written'
    },
    lastOf: async (msisdn) => {
      const name = await get(ownerOf(msisdn))
      return name === null ? null : `${names}${name.toString()}`
    },
  }
}

/** How many sessions can still be continued, for each of these programs; a session is forgotten ten minutes after its last answer. */
export function countSessions(redis: Redis, prefix: string, programs: readonly string[]): Promise<readonly number[]> {
  return countLive(redis, namesOf(prefix), REVISION_BYTES, programs)
}

function namesOf(prefix: string): string {
  return `${prefix}ussd:`
}

type UssdSessionJson = readonly [
  id: string,
  program: string,
  callerId: SubscriberId | null,
  menu: SessionJson,
  hop: number,
  seen: readonly [length: number, mac: string],
  reply: readonly [text: string, end: boolean],
  closed: boolean,
  atMs: number,
  past: UssdSession['past'],
  /** Only where inputs come alone. */
  singles?:
    | readonly [earlier: readonly (readonly [mac: string, atMs: number])[], unsure: boolean, offer?: string]
    | null,
  pace?: Pace,
]

function toJson(session: UssdSession): UssdSessionJson {
  const { id, program, callerId, menu, hop, seen, reply, atMs, past, closed, earlier, unsure, offer, pace } = session
  const input = [seen.length, seen.mac] as const
  const shown = [reply.text, reply.end] as const
  const all = [id, program, callerId, sessionToJson(menu), hop, input, shown, closed === true, atMs, past] as const
  if (earlier === undefined && unsure === undefined) return pace === undefined ? all : [...all, null, pace]
  const known = (earlier ?? []).map((each) => [each.mac, each.atMs] as const)
  const singles = offer === undefined ? ([known, unsure === true] as const) : ([known, unsure === true, offer] as const)
  return pace === undefined ? [...all, singles] : [...all, singles, pace]
}

function fromJson([
  ...[id, program, callerId, menu, hop, seen, reply, closed, atMs, past, singles, pace]
]: UssdSessionJson): UssdSession {
  return {
    ...{ id, program, callerId, menu: sessionFromJson(menu), hop },
    seen: { length: seen[0], mac: seen[1] },
    reply: { text: reply[0], end: reply[1] },
    ...{ atMs, past },
    ...(closed ? { closed } : {}),
    ...(singles === undefined || singles === null
      ? {}
      : { earlier: singles[0].map(([mac, at]) => ({ mac, atMs: at })) }),
    ...(singles?.[1] === true ? { unsure: true } : {}),
    ...(singles?.[2] === undefined ? {} : { offer: singles[2] }),
    ...(pace === undefined ? {} : { pace }),
  }
}

function revisionBytes(revision: number): Buffer {
  const bytes = Buffer.alloc(REVISION_BYTES)
  bytes.writeBigUInt64BE(BigInt(revision))
  return bytes
}
