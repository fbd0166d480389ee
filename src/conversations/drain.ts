import type { Redis } from 'ioredis'
import type { Queryable } from '../database/database.ts'
import type { Market } from '../domain/market.ts'
import { countSessions } from './sessions.ts'

/** A program that was put in force at some time, and how many sessions still run on it. */
export type Version = {
  readonly hash: string
  /** New dials begin with it, on processes of its build. */
  readonly current: boolean
  /** It was compiled for the engine, actions and messages named so. */
  readonly build: string
  /** Last put in force. */
  readonly publishedAt: Date
  readonly publishedBy: string
  readonly source: { readonly files: number; readonly screens: number; readonly languages: readonly string[] }
  readonly sessions: number
}

/** No session lives so long that an older version could have one. */
const MOST_VERSIONS = 100

/** Every version of the menus of a market, the newest first: those that have sessions are not drained yet. */
export async function listVersions(
  database: Queryable,
  redis: Redis,
  prefix: string,
  market: Market,
): Promise<readonly Version[]> {
  const { rows } = await database.query<{
    hash: string
    build: string
    published_at: Date
    published_by: string
    source: Version['source']
    current: boolean
  }>(
    `SELECT p.hash, p.build, p.published_at, p.published_by, p.source,
            NOT EXISTS (SELECT FROM menu_publication later
                         WHERE later.market = p.market AND later.build = p.build AND later.id > p.id) AS current
       FROM menu_publication p
      WHERE p.market = $1
        AND NOT EXISTS (SELECT FROM menu_publication again
                         WHERE again.market = p.market AND again.hash = p.hash AND again.id > p.id)
      ORDER BY p.id DESC LIMIT ${MOST_VERSIONS}`,
    [market.code],
  )
  const hashes = rows.map(({ hash }) => hash)
  const counts = await countSessions(redis, prefix, hashes)
  return rows.map(({ published_at, published_by, ...row }, index) => ({
    ...row,
    publishedAt: published_at,
    publishedBy: published_by,
    sessions: counts[index] ?? 0,
  }))
}
