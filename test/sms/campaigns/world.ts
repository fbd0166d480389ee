import type { DaySpan } from '../../../src/domain/day-span.ts'
import { type SubscriberId, uuidv7 } from '../../../src/domain/ids.ts'
import { markets } from '../../../src/domain/markets.ts'
import type { Msisdn } from '../../../src/domain/msisdn.ts'
import { makeAudit } from '../../../src/security/audit.ts'
import { nameContext, numberContext, numberIndex } from '../../../src/security/contexts.ts'
import { makeKey } from '../../../src/security/keys.ts'
import { type CreateServices, createCampaign } from '../../../src/sms/campaigns/create.ts'
import type { CampaignDraft, ListRow } from '../../../src/sms/campaigns/draft.ts'
import { type MoveServices, moveNextBatch } from '../../../src/sms/campaigns/move.ts'
import { type CampaignResults, findCampaign, readResults } from '../../../src/sms/campaigns/results.ts'
import { type CampaignMove, type Steered, steerCampaign } from '../../../src/sms/campaigns/steer.ts'
import { makeWorld, type SmsWorld } from '../world.ts'

export const GRACE = { kind: 'staff', id: 'grace' } as const

/** Noon of 23 November 2026 in Nairobi. */
export const NOON: number = Date.UTC(2026, 10, 23, 9)

export type CampaignWorld = {
  readonly sms: SmsWorld
  readonly create: CreateServices
  readonly move: MoveServices & { quiet: { hours: DaySpan | null; timeZone: string } }
  /** What the clock says, in Unix milliseconds; tests put it forward. */
  clock: { ms: number }
  /** Ids of messages whose bell was rung. */
  readonly rung: string[]
  person(options?: {
    name?: string
    language?: string
    tier?: string
    status?: string
    enrolledAt?: string
  }): Promise<Msisdn>
  draft(changes?: Partial<CampaignDraft>): CampaignDraft
  /** The id of a campaign that had to be accepted, and was started. */
  started(changes?: Partial<CampaignDraft>): Promise<string>
  steer(id: string, move: CampaignMove): Promise<Steered>
  /** Moves until nothing is due at this moment; how many messages were queued by it. */
  moveAll(services?: MoveServices): Promise<number>
  inOutbox(id: string): Promise<number>
  results(id: string): Promise<CampaignResults>
  stateOf(id: string): Promise<string>
}

export async function makeCampaignWorld(): Promise<CampaignWorld> {
  const sms = await makeWorld()
  const { app, owner } = sms.db
  const { sealer } = sms.services
  const market = markets.get('KE')
  if (market === undefined) throw new Error('no Kenya')
  const audit = makeAudit(makeKey(Buffer.alloc(32, 3)), sealer)
  const clock = { ms: NOON }
  const quiet = { hours: null as DaySpan | null, timeZone: market.timeZone, now: () => clock.ms }
  const rung: string[] = []
  const create = { database: app, sealer, audit, market, quiet }
  const move = {
    ...{ database: app, sealer, quiet, clock: () => new Date(clock.ms) },
    bell: { ring: ({ id }: { id: string }) => void rung.push(id) },
    events: { campaignMoved: () => undefined, campaignDone: () => undefined },
  }
  let people = 0
  let names = 0

  const world: CampaignWorld = {
    ...{ sms, create, move, clock, rung },
    async person(options = {}) {
      people += 1
      const number = `+25471${String(people).padStart(7, '0')}` as Msisdn
      const id = uuidv7() as SubscriberId
      await owner.query(
        `INSERT INTO subscriber (id, number_sealed, number_index, name_sealed, language, status, tier, terms_version, enrolled_at)
          VALUES ($1, $2, $3, $4, $5, $6, $7, '1', $8)`,
        [
          id,
          sealer.seal(number, numberContext(id)),
          numberIndex(sealer, number),
          sealer.seal(options.name ?? 'Juma Kariuki', nameContext(id)),
          options.language ?? 'en',
          options.status ?? 'active',
          options.tier ?? 'standard',
          options.enrolledAt ?? '2026-01-15T12:00:00+03:00',
        ],
      )
      return number
    },
    draft(changes = {}) {
      names += 1
      return {
        name: `campaign ${names}`,
        category: 'campaign',
        texts: { en: 'Dear {name}, hello.' },
        otherwise: 'en',
        audience: { kind: 'list', rows: listOf(3) },
        perMinute: 60,
        window: null,
        segmentPrice: 80n,
        ...changes,
      }
    },
    async started(changes) {
      const created = await createCampaign(create, world.draft(changes), GRACE)
      if (created.kind === 'bad') throw new Error(created.problems.join('\n'))
      await world.steer(created.id, 'start')
      await owner.query('UPDATE sms_campaign SET next_at = $2 WHERE id = $1', [created.id, new Date(clock.ms)])
      return created.id
    },
    steer: (id, how) => steerCampaign({ database: app, audit }, id, how, GRACE),
    async moveAll(services = move) {
      const before = await countOutbox()
      for (let batch = 0; batch < 200 && (await moveNextBatch(services)); batch += 1);
      return (await countOutbox()) - before
    },
    async inOutbox(id) {
      const { rows } = await app.query<{ count: number }>(
        'SELECT count(*)::int AS count FROM sms_outbox WHERE campaign_id = $1',
        [id],
      )
      return rows[0]?.count ?? 0
    },
    async results(id) {
      const found = await findCampaign(app, sealer, id)
      if (found === null) throw new Error('gone')
      return readResults(app, found)
    },
    async stateOf(id) {
      const { rows } = await app.query<{ state: string }>('SELECT state FROM sms_campaign WHERE id = $1', [id])
      return rows[0]?.state ?? ''
    },
  }

  async function countOutbox(): Promise<number> {
    const { rows } = await app.query<{ count: number }>('SELECT count(*)::int AS count FROM sms_outbox')
    return rows[0]?.count ?? 0
  }

  return world
}

/** Rows of a list, of numbers that nobody on file has. */
export function listOf(count: number, change: (index: number) => Partial<ListRow> = () => ({})): ListRow[] {
  return Array.from({ length: count }, (_, index) => ({
    line: index + 2,
    number: `07220${String(index).padStart(5, '0')}`,
    language: null,
    fields: { name: `Person ${index}` },
    ...change(index),
  }))
}
