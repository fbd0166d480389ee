import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
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

/** DER of a PKCS #8 Ed25519 private key without its 32 bytes (RFC 8410 §7). */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex')
const PUBLIC_KEY_LENGTH = 32

/** The signer that belongs to the audit key (RFC 8032). Another audit key makes another signer. */
export function makeDaySigner(audit: Key): DaySigner {
  const der = Buffer.concat([PKCS8_HEAD, deriveKey(audit, 'day close')])
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  const publicKey = createPublicKey(privateKey)
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-PUBLIC_KEY_LENGTH)
  return {
    keyId: createHash('sha256').update(raw).digest('hex').slice(0, 8),
    publicKeyPem: publicKey.export({ format: 'pem', type: 'spki' }).toString(),
    sign: (content) => sign(null, Buffer.from(content), privateKey),
    verify: (content, signature) => verify(null, Buffer.from(content), publicKey, signature),
  }
}
