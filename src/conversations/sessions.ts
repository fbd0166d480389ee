import { createHmac } from 'node:crypto'
import type { Redis } from 'ioredis'
import type { UssdReply } from '../aggregators/aggregator.ts'
import type { SubscriberId } from '../domain/ids.ts'
import type { Msisdn } from '../domain/msisdn.ts'
import type { MenuSession } from '../menu/session.ts'
import { deriveKey, type Key } from '../security/keys.ts'
import { makeSealer } from '../security/sealing.ts'
import type { SeenInput } from './arrival.ts'

/** A live dialogue, or the tombstone of one that ended, as it is kept in Redis (sealed). */
export type UssdSession = {
  /** Our own name for the session; the aggregator's may come again some day. */
  readonly id: string
  readonly msisdn: Msisdn
  readonly serviceCode: string
  /** Hash of the menu program that the session began with and keeps. */
  readonly program: string
  readonly caller: { readonly id: SubscriberId; readonly name: string } | null
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
const MOST_RECENT = 4096

/** Eight bytes of revision in front of the sealed session: Redis compares them without opening it. */
const REVISION_BYTES = 8

const COMPARE_AND_SET = `
local found = redis.call('GET', KEYS[1])
if found and string.sub(found, 1, ${REVISION_BYTES}) ~= ARGV[1] then return found end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return false`

type WithScript = Redis & {
  nyotaCompareAndSetBuffer(key: string, expected: Buffer, value: Buffer, ttlMs: number): Promise<Buffer | null>
}

/** Sessions in Redis: one read and one compare-and-set a hop. */
export function makeSessions(redis: Redis, prefix: string, key: Key): Sessions {
  const sealer = makeSealer(key)
  const nameKey = deriveKey(key, 'session name')
  const inputKey = deriveKey(key, 'session input')
  redis.defineCommand('nyotaCompareAndSet', { numberOfKeys: 1, lua: COMPARE_AND_SET })
  const scripted = redis as WithScript

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
      session: JSON.parse(sealer.open(stored.subarray(REVISION_BYTES), name)),
    }
  }

  return {
    keyOf: (aggregator, sessionId) =>
      `${prefix}ussd:${createHmac('sha256', nameKey).update(`${aggregator}\0${sessionId}`).digest('base64url')}`,
    macOf: (name, msisdn, text) =>
      createHmac('sha256', inputKey).update(`${name}\0${msisdn}\0${text}`).digest('base64url').slice(0, 22),
    read: async (name) => {
      const stored = await redis.getBuffer(name)
      return stored === null ? null : open(name, stored)
    },
    write: async (name, revision, session) => {
      const value = Buffer.concat([revisionBytes(revision + 1), sealer.seal(JSON.stringify(session), name)])
      const expected = revision === 0 ? Buffer.alloc(0) : revisionBytes(revision)
      const found = await scripted.nyotaCompareAndSetBuffer(name, expected, value, TTL_MS)
      if (found !== null) return open(name, found)
      remember(name, value, session)
      return 'written'
    },
  }
}

function revisionBytes(revision: number): Buffer {
  const bytes = Buffer.alloc(REVISION_BYTES)
  bytes.writeBigUInt64BE(BigInt(revision))
  return bytes
}
