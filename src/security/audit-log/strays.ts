import type { Queryable } from '../../database/database.ts'
import type { Audit } from '../audit.ts'
import type { Finding } from './verify.ts'

type Stray = {
  id: string
  version: number
  behind: boolean
  actor_kind: string
  actor_id: string
  action: string
  subject: string | null
  payload: Record<string, string>
  seal: Buffer | null
}

const MOST = 1_000

/**
 * Rows without a leaf, and leaves beyond the newest checkpoint. A row that the service wrote waits for the sequencer; one whose seal is
 * wrong, or that stands where the sequencer has been, was put there by somebody else.
 */
export async function readStrays(
  tx: Queryable,
  size: number,
  audit: Pick<Audit, 'verify'>,
): Promise<{ readonly waiting: number; readonly findings: readonly Finding[] }> {
  const { rows } = await tx.query<Stray>(
    `WITH progress AS (SELECT coalesce(floor_xid, 0) AS floor, full_look_at IS NOT NULL AS looked FROM audit_progress)
     SELECT r.id, 0 AS version, looked AND coalesce(r.xid, 0) < floor AS behind, r.actor_kind, r.actor_id, r.action, r.subject, r.payload, r.seal
       FROM audit_event r, progress WHERE NOT EXISTS (SELECT FROM audit_leaf l WHERE l.event_id = r.id AND l.version = 0)
     UNION ALL
     SELECT r.transfer_id, r.version, looked AND coalesce(r.xid, 0) < floor, '', '', '', NULL, '{}', NULL
       FROM transfer_event r, progress WHERE NOT EXISTS (SELECT FROM audit_leaf l WHERE l.event_id = r.transfer_id AND l.version = r.version)
     UNION ALL
     SELECT r.id, -1, looked AND coalesce(r.xid, 0) < floor, '', '', '', NULL, '{}', NULL
       FROM operator_event r, progress WHERE NOT EXISTS (SELECT FROM audit_leaf l WHERE l.event_id = r.id AND l.version = -1)
     LIMIT $1`,
    [MOST],
  )
  const findings = rows.flatMap((row): Finding[] => {
    const { id, version, behind, seal } = row
    if (version === 0 && !audit.verify({ ...row, seal: seal ?? Buffer.alloc(0) }))
      return [
        {
          kind: 'inserted',
          position: null,
          id,
          what: `Row ${id} was not written by the service: its seal is wrong, and no leaf names it.`,
        },
      ]
    if (behind)
      return [
        {
          kind: 'inserted',
          position: null,
          id,
          what: `Row ${id} was written behind the sequencer's back: no leaf names it.`,
        },
      ]
    return []
  })
  const beyond = await tx.query<{ position: bigint; event_id: string }>(
    'SELECT position, event_id FROM audit_leaf WHERE position >= $1 ORDER BY position LIMIT $2',
    [size, MOST],
  )
  for (const { position, event_id: id } of beyond.rows)
    findings.push({
      kind: 'inserted',
      position: Number(position),
      id,
      what: `Leaf ${position} stands beyond the newest checkpoint, which has ${size}.`,
    })
  return { waiting: rows.length - findings.filter(({ position }) => position === null).length, findings }
}
