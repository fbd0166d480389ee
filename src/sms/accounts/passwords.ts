import { randomInt } from 'node:crypto'
import { Secret } from '../../domain/secret.ts'
import { accountPasswordKey } from '../../security/contexts.ts'
import type { Key } from '../../security/keys.ts'
import { type Hasher, makeHasher } from '../../subscribers/hasher.ts'

/** One at a time, so that a flood of binds leaves the other cores to subscribers' PINs; at 30 ms each the last waits a quarter of a second. */
const CONCURRENCY = 1
const QUEUE_LIMIT = 8

/** The field holds eight characters and a zero (SMPP 3.4 §5.2.2). Without characters that look alike: 46 bits. */
const PASSWORD_LENGTH = 8
const CHARACTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789'

/** Hashes accounts' passwords by argon2id, under a key derived from DATA_KEY. */
export function makePasswordHasher(dataKey: Key): Hasher {
  const key = accountPasswordKey(dataKey)
  return makeHasher({ key, concurrency: CONCURRENCY, queueLimit: QUEUE_LIMIT })
}

/** A password that every client can be set to. */
export function makePassword(): Secret {
  return new Secret(
    Array.from({ length: PASSWORD_LENGTH }, () => CHARACTERS.charAt(randomInt(CHARACTERS.length))).join(''),
  )
}
