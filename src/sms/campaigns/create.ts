import type { Database, Queryable } from '../../database/database.ts'
import { uuidv7 } from '../../domain/ids.ts'
import type { Audit, AuditEvent } from '../../security/audit.ts'
import { numberIndex } from '../../security/contexts.ts'
import type { Sealer } from '../../security/sealing.ts'
import { fieldsContext, numberContext, textsContext } from './contexts.ts'
import type { CampaignDraft } from './draft.ts'
import { type Plan, type PlanServices, planCampaign } from './plan.ts'
import { type Listed, SEGMENT, segmentValues } from './read-audience.ts'

export type CreateServices = PlanServices & { readonly database: Database; readonly audit: Audit }

export type Created =
  | { readonly kind: 'created'; readonly id: string; readonly plan: Plan }
  | { readonly kind: 'bad'; readonly problems: readonly string[] }

/** Rows of a list stored by one statement. */
const BATCH = 1_000

/** Checks a campaign and stores it with everybody it goes to; it begins when it is started. A problem leaves nothing behind. */
export function createCampaign(
  services: CreateServices,
  draft: CampaignDraft,
  by: AuditEvent['actor'],
): Promise<Created> {
  return services.database.transaction(async (tx): Promise<Created> => {
    // Whoever is counted by the plan is who is stored.
    await tx.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ')
    const planned = await planCampaign(tx, services, draft)
    if (planned.kind === 'bad') return planned
    const id = uuidv7()
    await insertCampaign(tx, services, id, draft, planned.plan.recipients)
    if (draft.audience.kind === 'list') await insertListed(tx, services.sealer, id, planned.plan.listed)
    else {
      await tx.query(
        `INSERT INTO sms_campaign_recipient (campaign_id, position, subscriber_id)
          SELECT $7, row_number() OVER (ORDER BY id), id FROM subscriber WHERE ${SEGMENT}`,
        [...segmentValues(draft.audience.segment, services.market), id],
      )
    }
    await services.audit.record(tx, {
      actor: by,
      action: 'campaign.created',
      subject: id,
      payload: { name: draft.name, category: draft.category, recipients: String(planned.plan.recipients) },
    })
    return { kind: 'created', id, plan: planned.plan }
  })
}

async function insertCampaign(
  tx: Queryable,
  { sealer, market }: CreateServices,
  id: string,
  draft: CampaignDraft,
  recipients: number,
): Promise<void> {
  const { audience } = draft
  await tx.query(
    `INSERT INTO sms_campaign (id, name, category, texts_sealed, otherwise, audience, recipients, waiting, per_minute,
        window_from, window_to, segment_price, currency)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9, $10, $11, $12)`,
    [
      id,
      draft.name,
      draft.category,
      sealer.seal(JSON.stringify(draft.texts), textsContext(id)),
      draft.otherwise,
      JSON.stringify(audience.kind === 'segment' ? audience : { kind: 'list', rows: audience.rows.length }),
      recipients,
      draft.perMinute,
      draft.window?.from ?? null,
      draft.window?.to ?? null,
      draft.segmentPrice,
      market.currency,
    ],
  )
}

async function insertListed(tx: Queryable, sealer: Sealer, id: string, listed: readonly Listed[]): Promise<void> {
  for (let from = 0; from < listed.length; from += BATCH) {
    const batch = listed.slice(from, from + BATCH).map((person, index) => ({ ...person, position: from + index + 1 }))
    await tx.query(
      `INSERT INTO sms_campaign_recipient (campaign_id, position, number_sealed, number_index, language, fields_sealed)
        SELECT $1, position, number, index, language, fields
        FROM unnest($2::int[], $3::bytea[], $4::bytea[], $5::text[], $6::bytea[]) AS row (position, number, index, language, fields)`,
      [
        id,
        batch.map(({ position }) => position),
        batch.map(({ number, position }) => sealer.seal(number, numberContext(id, position))),
        batch.map(({ number }) => numberIndex(sealer, number)),
        batch.map(({ language }) => language),
        batch.map(({ fields, position }) => sealer.seal(JSON.stringify(fields), fieldsContext(id, position))),
      ],
    )
  }
}
