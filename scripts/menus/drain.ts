import { parseArgs } from 'node:util'
import { listVersions, type Version } from '../../src/conversations/drain.ts'
import { BUILD } from '../../src/conversations/publish.ts'
import { openRedis } from '../../src/redis/connection.ts'
import { storesHelp, withStores } from './published.ts'
import type { Verb } from './verb.ts'

const USUAL_PREFIX = 'nyota:'

export const drain: Verb = {
  name: 'drain',
  summary: 'says how many live sessions still run on which version of the menus',
  help: `[--all] [--json] [--market KE]

A session keeps the menus it began with, and lives until its last screen, until the network reports its end, or ten minutes after its
last answer. A version without sessions is drained.
  --all      also versions that are drained
  --json     one JSON object: {"versions": [{"hash", "current", "build", "publishedAt", "publishedBy", "source", "sessions"}]}
  --market   MARKET unless stated

${storesHelp}REDIS_PREFIX is that of the gateways, ${USUAL_PREFIX} unless set.

  npm run menus -- drain
  npm run menus -- drain --all --json
`,
  run,
}

async function run(args: readonly string[]): Promise<number> {
  const options = {
    all: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    market: { type: 'string', default: process.env.MARKET || undefined },
  } as const
  const { values } = parseArgs({ args: [...args], options })
  const versions = await withStores(values.market, async ({ database, redisUrl, market }) => {
    if (redisUrl === null) throw new Error('REDIS_URL is missing; sessions are counted in Redis.')
    const redis = await openRedis(redisUrl, () => undefined)
    try {
      return await listVersions(database, redis, process.env.REDIS_PREFIX || USUAL_PREFIX, market)
    } finally {
      redis.disconnect()
    }
  })
  const shown = versions.filter(({ current, sessions }) => values.all || current || sessions > 0)
  if (values.json) process.stdout.write(`${JSON.stringify({ versions: shown })}\n`)
  else process.stdout.write(shown.length === 0 ? 'No menus are published yet.\n' : `${HEAD}${shown.map(line).join('')}`)
  return 0
}

const HEAD = 'sessions  version       published         by\n'

function line({ sessions, hash, publishedAt, publishedBy, current, build }: Version): string {
  const at = publishedAt.toISOString().slice(0, 16).replace('T', ' ')
  const elsewhere = build === BUILD ? '' : ', for another build of Nyota'
  const marks = current ? `  (in force${elsewhere})` : ''
  return `${String(sessions).padStart(8)}  ${hash.slice(0, 12)}  ${at}  ${publishedBy}${marks}\n`
}
