import { createHmac } from 'node:crypto'
import { hash as argon2Hash, argon2id, verify as argon2Verify } from 'argon2'
import type { Secret } from '../domain/secret.ts'
import { type Key, keyById } from '../security/keys.ts'

/** One admitted piece of work; its calls wait for a free core. Void once the work has ended. */
export type Place = {
  /** `<key id>$argon2id$…`, with a fresh salt. */
  hash(secret: Secret, personId: string): Promise<string>
  /**
   * Against what `hash` returned, under the key that it names; null does the same work and is false. Throws when that key is neither the
   * current one nor an older one.
   */
  verify(stored: string | null, secret: Secret, personId: string): Promise<boolean>
  /** Whether the key that a hash names is the current one; `unknown`: it cannot be verified. */
  keyOf(stored: string): 'current' | 'older' | 'unknown'
}

export type Hasher = {
  /**
   * Runs `work` if there is a place for it, and holds the place until it ends; 'busy' otherwise, at once. Admission comes first so that
   * a caller reserves an attempt only when the hash will really be computed, and never has to give one back.
   */
  withPlace<T>(work: (place: Place) => Promise<T>): Promise<T | 'busy'>
}

export type HasherOptions = {
  readonly key: Key
  /** Hashes computed at the same time: one for each core (more only costs memory and delays file access, which shares the threads). */
  readonly concurrency: number
  /** Pieces of work that may wait beyond that. At 30 ms each, 32 on two cores wait half a second. */
  readonly queueLimit: number
  /** `COST` unless given; less only where nothing real is kept. */
  readonly cost?: { readonly memoryCost: number; readonly timeCost: number }
}

/** OWASP's named minimum for argon2id: 19 MiB, two passes, one lane; about 30 ms. */
const COST = { type: argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const

/** Right in form and cost, and the hash of nothing. */
const DECOY = `$argon2id$v=19$m=${COST.memoryCost},t=${COST.timeCost},p=${COST.parallelism}$bm9ib2R5IGlzIGhlcmUu$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA`

/** PIN -> HMAC-SHA256 with a key that is not in the database, bound to the person -> argon2id. */
export function makeHasher({ key, concurrency, queueLimit, cost }: HasherOptions): Hasher {
  const cores = makeCores(concurrency)
  const places = concurrency + queueLimit
  let admitted = 0

  const place: Place = {
    async hash(secret, personId) {
      const encoded = await cores.run(() => argon2Hash(pepper(key, secret, personId), { ...COST, ...cost }))
      return `${key.id}${encoded}`
    },
    async verify(stored, secret, personId) {
      const [its, encoded] = stored === null ? [key, DECOY] : madeWith(key, stored)
      return await cores.run(() => argon2Verify(encoded, pepper(its, secret, personId)))
    },
    keyOf(stored) {
      const its = keyById(key, stored.slice(0, stored.indexOf('$')))
      return its === undefined ? 'unknown' : its === key ? 'current' : 'older'
    },
  }
  return {
    async withPlace(work) {
      if (admitted >= places) return 'busy'
      admitted += 1
      try {
        return await work(place)
      } finally {
        admitted -= 1
      }
    },
  }
}

/** The person's id is a UUID of fixed length, so that where it ends and the PIN begins is never in doubt. */
function pepper(key: Key, secret: Secret, personId: string): Buffer {
  return createHmac('sha256', key.bytes).update(personId).update(secret.reveal()).digest()
}

function madeWith(key: Key, stored: string): readonly [Key, string] {
  const separator = stored.indexOf('$')
  const its = keyById(key, stored.slice(0, separator))
  if (its === undefined) {
    throw new Error(`A stored hash was made with PIN_KEY ${stored.slice(0, separator)}; the one in use is ${key.id}.`)
  }
  return [its, stored.slice(separator)]
}

/** Lets `limit` computations run, the others wait in the order they came. */
function makeCores(limit: number): { run<T>(compute: () => Promise<T>): Promise<T> } {
  const waiting: (() => void)[] = []
  let running = 0
  return {
    async run(compute) {
      if (running >= limit) await new Promise<void>((resolve) => waiting.push(resolve))
      else running += 1
      try {
        return await compute()
      } finally {
        const next = waiting.shift()
        if (next === undefined) running -= 1
        else next()
      }
    },
  }
}
