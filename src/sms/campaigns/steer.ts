import type { Database } from '../../database/database.ts'
import type { Audit, AuditEvent } from '../../security/audit.ts'

export type CampaignState = 'draft' | 'running' | 'paused' | 'done' | 'cancelled'

/** What somebody may do with a campaign. */
export type CampaignMove = 'start' | 'pause' | 'resume' | 'cancel'

const moves: Readonly<
  Record<CampaignMove, { readonly from: readonly CampaignState[]; readonly to: CampaignState; readonly action: string }>
> = {
  start: { from: ['draft'], to: 'running', action: 'campaign.started' },
  pause: { from: ['running'], to: 'paused', action: 'campaign.paused' },
  resume: { from: ['paused'], to: 'running', action: 'campaign.resumed' },
  cancel: { from: ['draft', 'running', 'paused'], to: 'cancelled', action: 'campaign.cancelled' },
}

/** `not_possible`: the campaign is in a state from which that cannot be done; nothing was changed. */
export type Steered =
  | { readonly kind: 'moved'; readonly to: CampaignState }
  | { readonly kind: 'not_possible'; readonly state: CampaignState }
  | { readonly kind: 'unknown' }

/**
 * Starts, pauses, resumes or cancels a campaign, with an audit row in the same commit. What already waits in the outbox is held back, or
 * stopped for good, when its turn to be sent comes; what a network has taken is on its way.
 */
export function steerCampaign(
  { database, audit }: { readonly database: Database; readonly audit: Audit },
  id: string,
  move: CampaignMove,
  by: AuditEvent['actor'],
): Promise<Steered> {
  return database.transaction(async (tx): Promise<Steered> => {
    const { from, to, action } = moves[move]
    const { rows } = await tx.query<{ state: CampaignState; name: string }>(
      'SELECT state, name FROM sms_campaign WHERE id = $1 FOR UPDATE',
      [id],
    )
    const found = rows[0]
    if (found === undefined) return { kind: 'unknown' }
    if (!from.includes(found.state)) return { kind: 'not_possible', state: found.state }
    await tx.query(
      `UPDATE sms_campaign SET state = $2, started_at = CASE WHEN $2 = 'running' THEN coalesce(started_at, now()) ELSE started_at END,
          next_at = CASE WHEN $2 = 'running' THEN now() ELSE next_at END, ended_at = CASE WHEN $2 = 'cancelled' THEN now() END
        WHERE id = $1`,
      [id, to],
    )
    await audit.record(tx, { actor: by, action, subject: id, payload: { name: found.name } })
    return { kind: 'moved', to }
  })
}
