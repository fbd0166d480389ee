import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** Of this process, so that nobody outside knows what is compared. */
const COMPARING = randomBytes(32)

/**
 * Whether two secrets are the same, in a time that tells nothing of either, not even its length. Everything that is compared with a key,
 * a password, a code, a signature or a seal goes through here; test/security/same-secret.test.ts walks the sources for what does not.
 */
export function sameSecret(one: string | Uint8Array, other: string | Uint8Array): boolean {
  return timingSafeEqual(blinded(one), blinded(other))
}

function blinded(secret: string | Uint8Array): Buffer {
  return createHmac('sha256', COMPARING).update(secret).digest()
}
