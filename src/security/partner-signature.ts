import { createHmac } from 'node:crypto'
import type { Secret } from '../domain/secret.ts'
import { sameSecret } from './same-secret.ts'

/** What a partner that signs puts on each of its requests. */
export const TIMESTAMP_HEADER = 'x-nyota-timestamp'
export const SIGNATURE_HEADER = 'x-nyota-signature'

/** How far a partner's clock and ours may be apart, with the request's way between. */
const WINDOW_S = 300
/** Nobody's timestamp is so long in the window: it can lie that far ahead as well as behind. */
export const REPLAY_WINDOW_S: number = 2 * WINDOW_S

/** Marks what was seen for so many seconds; false where it was marked already. Rejects while nobody can tell. */
export type MarkSeen = (name: string, seconds: number) => Promise<boolean>

/** `unsure`: nobody can tell whether it was seen before, so it must not be believed now. */
export type SignatureVerdict = 'sound' | 'unsigned' | 'forged' | 'stale' | 'replayed' | 'unsure'

export type SignedRequest = {
  /** Unix seconds as the partner wrote them. */
  readonly timestamp: string
  /** `v1=` and 64 hexadecimal digits. */
  readonly signature: string
  /** What the request is about: the callback's name, or the reference. */
  readonly about: string
  readonly body: Uint8Array
}

/** `v1=` and HMAC-SHA-256, in hexadecimal, under the partner's key over `<timestamp>.<about>.` and the body as it is on the wire. */
export function signRequest(key: Secret, { timestamp, about, body }: Omit<SignedRequest, 'signature'>): string {
  return `v1=${createHmac('sha256', key.reveal()).update(`${timestamp}.${about}.`).update(body).digest('hex')}`
}

/** Each request has a signature of its own: one that is seen a second time is a replay, also where its sender means well. */
export async function verifyRequest(
  { key, partner, nowMs, markSeen }: { key: Secret; partner: string; nowMs: number; markSeen: MarkSeen },
  request: SignedRequest,
): Promise<SignatureVerdict> {
  const { timestamp, signature } = request
  if (timestamp === '' || signature === '') return 'unsigned'
  if (!/^\d{1,12}$/.test(timestamp) || !sameSecret(signature, signRequest(key, request))) return 'forged'
  if (Math.abs(nowMs / 1000 - Number(timestamp)) > WINDOW_S) return 'stale'
  const isNew = await markSeen(`${partner}:${signature.slice(3)}`, REPLAY_WINDOW_S).catch(() => null)
  if (isNew === null) return 'unsure'
  return isNew ? 'sound' : 'replayed'
}
