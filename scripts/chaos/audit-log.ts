import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '../../src/database/database.ts'
import { makeAudit } from '../../src/security/audit.ts'
import { makeLogSigner } from '../../src/security/audit-log/checkpoint.ts'
import { makeSealLeaf } from '../../src/security/audit-log/leaf.ts'
import { verifyLog } from '../../src/security/audit-log/verify.ts'
import type { Keys } from '../../src/security/keys.ts'
import { makeSealer } from '../../src/security/sealing.ts'
import { readAuditSettings } from '../../src/settings-audit.ts'
import { makeReader } from '../../src/settings-reader.ts'
import type { Violation } from './invariants.ts'

const PATIENCE_MS = 15_000
const POLL_MS = 250

/** Once nothing is going on: everything that was done has become a leaf, and the log is what was put on record and signed. */
export async function checkAuditLog(database: Database, { audit, data }: Keys): Promise<Violation[]> {
  const { origin } = readAuditSettings(makeReader({}, () => ''))
  const services = {
    ...{ database, key: makeLogSigner(audit, origin).key, sealLeaf: makeSealLeaf(audit) },
    ...{ audit: makeAudit(audit, makeSealer(data)), witnesses: [], kept: [] },
  }
  for (const untilMs = Date.now() + PATIENCE_MS; ; await sleep(POLL_MS)) {
    const { findings, waiting } = await verifyLog(services)
    const found = findings.map(({ what }): Violation => ({ invariant: 'I8', fact: what }))
    if (found.length > 0) return found
    if (waiting === 0) return []
    if (Date.now() > untilMs) return [{ invariant: 'I8', fact: `${waiting} records have not come into the audit log` }]
  }
}
