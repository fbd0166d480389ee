import type { Queryable } from '../database/database.ts'

/** How many are in a state, and how long the oldest of them has been there. */
export type OpenWork = { readonly state: string; readonly count: number; readonly oldestS: number }

/** Transfers of which nobody knows the end yet. */
export async function openTransfers(database: Queryable): Promise<OpenWork[]> {
  const { rows } = await database.query<OpenWork>(
    `SELECT state, count(*)::int AS count, extract(epoch FROM now() - min(created_at))::float8 AS "oldestS"
      FROM transfer WHERE state NOT IN ('SETTLED', 'REJECTED', 'REVERSED') AND (kind <> 'reversal' OR state <> 'HELD')
      GROUP BY state ORDER BY state`,
  )
  return rows
}

/** Cases for people: a partner's word and how a transfer ended do not agree. */
export async function openPartnerCases(database: Queryable): Promise<OpenWork[]> {
  const { rows } = await database.query<OpenWork>(
    `SELECT what AS state, count(*)::int AS count, extract(epoch FROM now() - min(opened_at))::float8 AS "oldestS"
       FROM provider_case c WHERE NOT EXISTS (SELECT FROM provider_case_closing d WHERE d.case_id = c.id)
      GROUP BY what ORDER BY what`,
  )
  return rows
}

/** Campaigns that run or are paused, and how many people their turn has not come for. */
export type OpenCampaigns = { readonly state: 'running' | 'paused'; readonly count: number; readonly waiting: number }

export async function openCampaigns(database: Queryable): Promise<OpenCampaigns[]> {
  const { rows } = await database.query<OpenCampaigns>(
    `SELECT state, count(*)::int AS count, sum(waiting)::int AS waiting
      FROM sms_campaign WHERE state IN ('running', 'paused') GROUP BY state ORDER BY state DESC`,
  )
  return rows
}

/** Messages that wait or are on their way, and of one day those of which nobody knows what became of them. */
export async function openMessages(database: Queryable): Promise<OpenWork[]> {
  const { rows } = await database.query<OpenWork>(
    `SELECT state, count(*)::int AS count, extract(epoch FROM now() - min(created_at))::float8 AS "oldestS"
      FROM (
        SELECT state, created_at FROM sms_outbox WHERE ring_at IS NOT NULL
        UNION ALL SELECT state, created_at FROM sms_outbox
          WHERE unknown_at > now() - interval '1 day' AND created_at > now() - interval '1 day' AND state = 'unknown'
      ) AS open
      GROUP BY state ORDER BY state`,
  )
  return rows
}

/**
 * What networks sent and nothing came of yet, or ever: delivery reports that no message was found for, long messages from phones that
 * wait for parts, and of one day those whose parts did not all come.
 */
export async function openIncoming(database: Queryable): Promise<OpenWork[]> {
  const { rows } = await database.query<OpenWork>(
    `SELECT state, count(*)::int AS count, extract(epoch FROM now() - min(since))::float8 AS "oldestS"
      FROM (
        SELECT 'unmatched_report' AS state, received_at AS since FROM sms_stray_report WHERE claimed_by IS NULL AND expired_at IS NULL
        UNION ALL SELECT 'waits_for_parts', min(received_at) FROM sms_inbox_part WHERE message_id IS NULL GROUP BY part_key
        UNION ALL SELECT 'incomplete', received_at FROM sms_inbox WHERE parts_missing > 0 AND received_at > now() - interval '1 day'
      ) AS kept GROUP BY state ORDER BY state`,
  )
  return rows
}
