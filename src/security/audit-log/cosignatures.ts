import type { Queryable } from '../../database/database.ts'
import { parseCheckpoint } from './checkpoint.ts'
import { judgeNote, type NoteKey, parseNote } from './note.ts'
import { readCheckpoint } from './stored.ts'

/** `stored`, also where it was there before; `unknown`: no checkpoint like it; `foreign`: no line of a witness that is trusted. */
export type CosignOutcome = 'stored' | 'unknown' | 'foreign'

/** Keeps the lines of trusted witnesses on one of our checkpoints; `cosigned`: the checkpoint with them. */
export async function keepCosignatures(
  db: Queryable,
  witnesses: readonly NoteKey[],
  cosigned: string,
): Promise<CosignOutcome> {
  const checkpoint = parseCheckpoint(cosigned)
  if (checkpoint === null) return 'unknown'
  const ours = await readCheckpoint(db, checkpoint.size)
  if (ours === null || parseNote(ours)?.text !== checkpoint.note.text) return 'unknown'
  let kept = 0
  for (const witness of witnesses) {
    const verdict = judgeNote(checkpoint.note, witness)
    if (verdict.kind !== 'signed') continue
    kept += 1
    await db.query(
      `INSERT INTO audit_cosignature (size, name, line) SELECT $1, $2, $3
        WHERE NOT EXISTS (SELECT FROM audit_cosignature WHERE size = $1 AND name = $2)`,
      [checkpoint.size, witness.name, verdict.line],
    )
  }
  return kept > 0 ? 'stored' : 'foreign'
}
