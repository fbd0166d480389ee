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
import type { SeenInput } from './arrival.ts'
import { COUNT_LIVE, liveKey } from './live-sessions.ts'

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
  /** The network has ended the session: repeats are answered, nothing is stepped any more. */
  readonly closed?: true
}

export type StoredSession = { readonly revision: number; readonly session: UssdSession }

export type Sessions = {
  /** The key under which (aggregator, its session id) is stored; holds neither. */
  readonly keyOf: (aggregator: string, sessionId: string) => string
  /** A keyed hash of cumulative input, bound to the session's key and the number that typed it. */
  readonly macOf: (key: string, msisdn: Msisdn, text: string) => string
  readonly read: (key: string) => Promise<StoredSession | null>
  /** Stores the session if what is there is still at `revision`, or nothing is there; otherwise returns what is there. */
  readonly write: (key: string, revision: number, session: UssdSession) => Promise<StoredSession | 'written'>
}

/** Longer than any network keeps a session (180 s), so that late repeats of the last hop still find its tombstone. */
const TTL_MS = 10 * 60_000

/** Sessions written by this process that it keeps at hand, opened; some four kilobytes each. */
const MOST_RECENT = 1024

/** Eight bytes of revision in front of the sealed session: Redis compares them without opening it. */
const REVISION_BYTES = 8

/**
 * For each key: its bytes where they are not at the expected revision, nothing where the new ones were stored; these are then counted
 * among the live sessions of their program, or not any more.
 */
const COMPARE_AND_SET = `
local found = {}
local ttl, now = ARGV[1], ARGV[2]
for n, key in ipairs(KEYS) do
  local expected, value, live, ended = unpack(ARGV, 4 * n - 1, 4 * n + 2)
  local revision = redis.call('GETRANGE', key, 0, ${REVISION_BYTES - 1})
  if revision ~= '' and revision ~= expected then
    found[n] = redis.call('GET', key)
  else
    redis.call('SET', key, value, 'PX', ttl)
    ${COUNT_LIVE}
    found[n] = false
  end
end
return found`

/** Few enough that nobody else waits for Redis longer than a fraction of a millisecond. */
const MOST_AT_ONCE = 64

type Write = {
  readonly name: string
  readonly expected: Buffer
  readonly value: Buffer
  /** The key of the live sessions of its program. */
  readonly live: string
  readonly ended: boolean
}

type WithScript = Redis & {
  nyotaCompareAndSetBuffer(keys: number, ...arguments_: (string | number | Buffer)[]): Promise<(Buffer | null)[]>
}

/** Sessions in Redis: one read and one compare-and-set a hop; those of one moment share a command, which is most of their cost. */
export function makeSessions(redis: Redis, prefix: string, key: Key): Sessions {
  const sealer = makeSealer(key)
  const nameMac = makeMac(deriveKey(key, 'session name'))
  const inputMac = makeMac(deriveKey(key, 'session input'))
  redis.defineCommand('nyotaCompareAndSet', { lua: COMPARE_AND_SET })
  const scripted = redis as WithScript
  const get = gather((names: readonly string[]) => redis.mgetBuffer(...names), MOST_AT_ONCE)
  const compareAndSet = gather((writes: readonly Write[]) => {
    const names = writes.map(({ name }) => name)
    const values = writes.flatMap(({ expected, value, live, ended }) => [expected, value, live, ended ? '1' : ''])
    return scripted.nyotaCompareAndSetBuffer(names.length, ...names, TTL_MS, Date.now(), ...values)
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
      session: fromJson(JSON.parse(sealer.open(stored.subarray(REVISION_BYTES), name))),
    }
  }

  return {
    keyOf: (aggregator, sessionId) => `${prefix}ussd:${nameMac(`${aggregator}\0${sessionId}`)}`,
    macOf: (name, msisdn, text) => inputMac(`${name}\0${msisdn}\0${text}`).slice(0, 22),
    read: async (name) => {
      const stored = await get(name)
      return stored === null ? null : open(name, stored)
    },
    write: async (name, revision, session) => {
      const value = Buffer.concat([revisionBytes(revision + 1), sealer.seal(JSON.stringify(toJson(session)), name)])
      const ended = session.reply.end || session.closed === true
      const live = liveKey(prefix, session.program)
      const found = await compareAndSet({ name, expected: revisionBytes(revision), value, live, ended })
      // What was tried again after a lost answer may find its own bytes there.
      if (found !== null && !found.equals(value)) return open(name, found)
      remember(name, value, session)
      return 'written'
    },
  }
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
]

function toJson({ id, program, callerId, menu, hop, seen, reply, closed }: UssdSession): UssdSessionJson {
  const input = [seen.length, seen.mac] as const
  return [id, program, callerId, sessionToJson(menu), hop, input, [reply.text, reply.end], closed === true]
}

function fromJson([id, program, callerId, menu, hop, seen, reply, closed]: UssdSessionJson): UssdSession {
  const session = {
    ...{ id, program, callerId, menu: sessionFromJson(menu), hop },
    seen: { length: seen[0], mac: seen[1] },
    reply: { text: reply[0], end: reply[1] },
  }
  return closed ? { ...session, closed } : session
}

function revisionBytes(revision: number): Buffer {
  const bytes = Buffer.alloc(REVISION_BYTES)
  bytes.writeBigUInt64BE(BigInt(revision))
  return bytes
}
