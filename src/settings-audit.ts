import { type NoteKey, parseVerifierKey } from './security/audit-log/note.ts'
import type { SettingsReader } from './settings-reader.ts'

/** The audit log's name, and whose cosignatures it keeps. */
export type AuditSettings = { readonly origin: string; readonly witnesses: readonly NoteKey[] }

/** `AUDIT_ORIGIN`, `AUDIT_WITNESSES`. */
export function readAuditSettings(reader: SettingsReader): AuditSettings {
  const origin = reader.text('AUDIT_ORIGIN') ?? 'nyota/audit'
  if (!/^[\w.:/-]{1,200}$/.test(origin)) {
    reader.problems.push(
      `AUDIT_ORIGIN is ${JSON.stringify(origin)}; name the log as a URL without its scheme, such as nyota.example/audit: letters, digits and . : / _ -`,
    )
  }
  const witnesses = reader.words('AUDIT_WITNESSES', []).flatMap((text) => {
    const key = parseVerifierKey(text)
    if (key?.kind === 'witness') return [key]
    reader.problems.push(
      `AUDIT_WITNESSES holds ${JSON.stringify(text)}, which is no witness' public key; take what its npm run audit -- witness prints, name+id+key.`,
    )
    return []
  })
  return { origin, witnesses }
}
