import type { Database, Queryable } from '../database/database.ts'
import type { SubscriberId } from '../domain/ids.ts'
import type { Msisdn } from '../domain/msisdn.ts'
import { startRounds } from '../domain/rounds.ts'
import type { Events } from '../telemetry/events.ts'

/** Country code and the digits by which networks and ranges are told apart; a hundred thousand people and more share them. */
const PREFIX_LENGTH = 6
/** Wrong PINs of fewer people in five minutes are nothing to see, however unusual. */
const LEAST_PEOPLE = 20
/** Times as many as in five usual minutes of the day before. */
const UNUSUAL = 5
const WATCH_MS = 15_000

/** Wrong PINs of many people at once: one guess for each stays under every person's lock. */
export type Spray = {
  /** The first digits of their numbers, or `all`. */
  readonly scope: string
  /** In the last five minutes. */
  readonly failures: number
  readonly people: number
}

/** Counts a wrong PIN, in the transaction that tells it: whose it was and when, and nothing of what was typed. */
export async function countPinFailure(tx: Queryable, subscriberId: SubscriberId, number: Msisdn): Promise<void> {
  await tx.query({
    name: 'pin-failure',
    text: 'INSERT INTO pin_failure (subscriber_id, prefix) VALUES ($1, $2)',
    values: [subscriberId, number.slice(1, 1 + PREFIX_LENGTH)],
  })
}

/** Where wrong PINs come from many people, and many times as often as on the day before; over all processes. */
export async function readSprays(db: Queryable): Promise<Spray[]> {
  const { rows } = await db.query<Spray>(
    `WITH counted AS (
        SELECT scope, subscriber_id, at > now() - interval '5 minutes' AS lately
        FROM pin_failure CROSS JOIN LATERAL (VALUES ('all'), (prefix)) AS of (scope)
        WHERE at > now() - interval '24 hours 5 minutes'
      )
      SELECT scope, count(*) FILTER (WHERE lately)::int AS failures, count(DISTINCT subscriber_id) FILTER (WHERE lately)::int AS people
      FROM counted GROUP BY scope
      HAVING count(DISTINCT subscriber_id) FILTER (WHERE lately) >= ${LEAST_PEOPLE}
        AND count(*) FILTER (WHERE lately) > ${UNUSUAL} * count(*) FILTER (WHERE NOT lately) / 288.0
      ORDER BY scope`,
  )
  return rows
}

export type SprayServices = {
  readonly database: Database
  readonly events: Pick<Events, 'pinSprayed' | 'housekeepingFailed'>
}

/** Looks every quarter of a minute and tells a spray when it begins; forgets failures after two days. Returns how to stop. */
export function watchSprays({ database, events }: SprayServices, everyMs: number = WATCH_MS): () => Promise<void> {
  let known = new Set<string>()
  async function look(): Promise<void> {
    const sprays = await readSprays(database)
    for (const spray of sprays) if (!known.has(spray.scope)) events.pinSprayed(spray)
    known = new Set(sprays.map(({ scope }) => scope))
    await database.query(`DELETE FROM pin_failure WHERE at < now() - interval '2 days'`)
  }
  return startRounds(look, { everyMs, onFailure: (error) => events.housekeepingFailed({ error }) }).close
}

/** `no spray of guesses`, or `SPRAY on 254712: 41 wrong PINs of 40 people in five minutes`. */
export async function describeSprays(db: Queryable): Promise<string> {
  const sprays = await readSprays(db)
  const told = sprays.map(
    ({ scope, failures, people }) => `SPRAY on ${scope}: ${failures} wrong PINs of ${people} people in five minutes`,
  )
  return told.length === 0 ? 'no spray of guesses' : told.join(', ')
}
