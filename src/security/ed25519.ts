import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'

/** A pair of Ed25519 keys (RFC 8032) that signs. */
export type Ed25519 = {
  /** 32 bytes. */
  readonly publicKey: Buffer
  /** SPKI. */
  readonly publicKeyPem: string
  /** 64 bytes. */
  sign(content: Buffer): Buffer
}

/** DER of a PKCS #8 Ed25519 private key without its 32 bytes, and of a public one (RFC 8410 §4, §7). */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex')
const SPKI_HEAD = Buffer.from('302a300506032b6570032100', 'hex')
const PUBLIC_KEY_LENGTH = 32

/** The pair that belongs to 32 secret bytes. */
export function ed25519Of(seed: Buffer): Ed25519 {
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, seed]), format: 'der', type: 'pkcs8' })
  const publicKey = createPublicKey(privateKey)
  return {
    publicKey: Buffer.from(publicKey.export({ format: 'der', type: 'spki' }).subarray(-PUBLIC_KEY_LENGTH)),
    publicKeyPem: publicKey.export({ format: 'pem', type: 'spki' }).toString(),
    sign: (content) => sign(null, content, privateKey),
  }
}

/** `publicKey`: its 32 bytes. */
export function verifyEd25519(publicKey: Buffer, content: Buffer, signature: Buffer): boolean {
  return publicKey.length === PUBLIC_KEY_LENGTH && verify(null, content, publicKeyOf(publicKey), signature)
}

function publicKeyOf(raw: Buffer): KeyObject {
  return createPublicKey({ key: Buffer.concat([SPKI_HEAD, raw]), format: 'der', type: 'spki' })
}
