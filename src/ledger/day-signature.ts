import { createHash } from 'node:crypto'
import { ed25519Of, verifyEd25519 } from '../security/ed25519.ts'
import { deriveKey, type Key } from '../security/keys.ts'

/** Signs closed days, and knows its own signature again. */
export type DaySigner = {
  /** First eight hexadecimal digits of SHA-256 over the 32 bytes of the public key. */
  readonly keyId: string
  /** Ed25519, PEM (SPKI): whoever has it can check a signature, and can make none. */
  readonly publicKeyPem: string
  sign(content: string): Buffer
  verify(content: string, signature: Buffer): boolean
}

/** The signer that belongs to the audit key (RFC 8032). Another audit key makes another signer. */
export function makeDaySigner(audit: Key): DaySigner {
  const { publicKey, publicKeyPem, sign } = ed25519Of(deriveKey(audit, 'day close'))
  return {
    keyId: createHash('sha256').update(publicKey).digest('hex').slice(0, 8),
    publicKeyPem,
    sign: (content) => sign(Buffer.from(content)),
    verify: (content, signature) => verifyEd25519(publicKey, Buffer.from(content), signature),
  }
}
