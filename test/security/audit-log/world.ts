import { randomBytes } from 'node:crypto'
import { type Audit, type AuditEvent, makeAudit } from '../../../src/security/audit.ts'
import { type LogSigner, makeLogSigner } from '../../../src/security/audit-log/checkpoint.ts'
import { makeSealLeaf, type SealLeaf } from '../../../src/security/audit-log/leaf.ts'
import type { NoteKey } from '../../../src/security/audit-log/note.ts'
import { type SequenceServices, sequenceAll, sequenceNew } from '../../../src/security/audit-log/sequence.ts'
import { type Verified, type VerifyServices, verifyLog } from '../../../src/security/audit-log/verify.ts'
import { type Ed25519, ed25519Of } from '../../../src/security/ed25519.ts'
import { makeKey } from '../../../src/security/keys.ts'
import { makeSealer } from '../../../src/security/sealing.ts'
import { createTestDatabase, type TestDatabase } from '../../support/database.ts'

export const ORIGIN: string = 'nyota.test/audit'

const auditKey = makeKey(Buffer.alloc(32, 9))
const sealer = makeSealer(makeKey(Buffer.alloc(32, 8)))
export const audit: Audit = makeAudit(auditKey, sealer)
export const signer: LogSigner = makeLogSigner(auditKey, ORIGIN)
export const sealLeaf: SealLeaf = makeSealLeaf(auditKey)
/** A witness' keys. */
export const witnessPair: Ed25519 = ed25519Of(randomBytes(32))
export const witnessKey: NoteKey = { kind: 'witness', name: 'bank.test/w1', publicKey: witnessPair.publicKey }

export const event = (subject: string, payload: Record<string, string> = {}): AuditEvent => ({
  actor: { kind: 'staff', id: 'officer-7' },
  action: 'thing.done',
  subject,
  payload,
})

/** A log on a database of its own, and hands to write into it. */
export type LogWorld = {
  readonly store: TestDatabase
  readonly services: SequenceServices
  /** Writes so many events in one commit and sequences what there is. */
  add(count: number): Promise<void>
  verify(options?: Partial<VerifyServices>): Promise<Verified>
  /** Which findings there are, with the position where they have one. */
  findings(options?: Partial<VerifyServices>): Promise<string[]>
  drop(): Promise<void>
}

export async function openLog(): Promise<LogWorld> {
  const store = await createTestDatabase()
  const services: SequenceServices = { database: store.app, signer, sealLeaf }
  await sequenceAll(services, null)
  let written = 0
  const verify: LogWorld['verify'] = (options = {}) =>
    verifyLog({
      ...{ database: store.app, key: signer.key, sealLeaf, audit, witnesses: [witnessKey], kept: [] },
      ...options,
    })
  return {
    ...{ store, services, verify },
    async add(count) {
      const events = Array.from({ length: count }, () => event(`subject-${written++}`, { reason: 'a test' }))
      await audit.recordAll(store.app, events)
      await sequenceNew(services)
    },
    async findings(options) {
      const { findings } = await verify(options)
      return findings.map(({ kind, position }) => (position === null ? kind : `${kind} ${position}`))
    },
    drop: () => store.drop(),
  }
}

/** The leaves' events in order. */
export async function eventIds({ store }: LogWorld): Promise<string[]> {
  const { rows } = await store.app.query<{ id: string }>('SELECT event_id AS id FROM audit_leaf ORDER BY position')
  return rows.map(({ id }) => id)
}
