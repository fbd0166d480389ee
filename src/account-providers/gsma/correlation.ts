import { createHash } from 'node:crypto'

/** What is asked for under one of our references. */
export type Kind = 'collect' | 'disburse' | 'reverse' | 'bill'

/**
 * X-CorrelationID: a UUID version 8 (RFC 9562 §5.8) from what is asked and our reference. So it needs no storing, a question after a
 * crash uses the same one, and two things asked under one reference never share it.
 */
export function correlationIdOf(kind: Kind, reference: string): string {
  const bytes = createHash('sha256').update(`gsma/${kind}/${reference}`).digest().subarray(0, 16)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
