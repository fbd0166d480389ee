import { type Database, openDatabase } from '../../src/database/database.ts'
import { pendingMigrations } from '../../src/database/migrate.ts'
import type { Market } from '../../src/domain/market.ts'
import { parseMoney } from '../../src/domain/money.ts'
import { applyCeilings, type Ceilings } from '../../src/ledger/ceilings.ts'
import { bringTariffs } from '../../src/ledger/load-tariffs.ts'
import { readTariffs } from '../../src/ledger/read-tariffs.ts'
import { listTariffs, readTariff, versionInForce } from '../../src/ledger/stored-tariffs.ts'
import type { MarketTariff } from '../../src/ledger/tariff.ts'
import type { StoreVerb } from './options.ts'
import { previewTariff } from './preview.ts'

/** What to print, and whether it was done. */
export type Told = { readonly done: boolean; readonly text: string }

type Preview = Extract<StoreVerb, { verb: 'preview' }>

/** Everything that is wrong with a file, or what it holds. */
export function checkFile(file: string, text: string): Told {
  const { market, tariffs, problems } = readTariffs(text, null)
  if (market === null || problems.length > 0) return not(wordsOf(file, problems))
  const versions = tariffs.map(({ version, effectiveFrom }) => `  ${version} from ${effectiveFrom}`)
  return { done: true, text: [`${file}: in order, ${market.code}.`, ...versions].join('\n') }
}

/** Does one thing to the tariffs of a market in a database; `ownerUrl` is needed for what changes something. */
export async function runVerb(
  stores: { readonly databaseUrl: string; readonly ownerUrl: string | null },
  options: StoreVerb,
  market: Market,
  readText: (path: string) => string,
): Promise<Told> {
  const changes = options.verb === 'load' || options.verb === 'ceilings'
  if (changes && stores.ownerUrl === null)
    return not('DATABASE_OWNER_URL is missing; only the owner of the tables changes tariffs and ceilings.')
  const { tariffs, problems } =
    'file' in options ? readTariffs(readText(options.file), market) : { tariffs: [], problems: [] }
  if ('file' in options && problems.length > 0) return not(wordsOf(options.file, problems))
  const url = changes && stores.ownerUrl !== null ? stores.ownerUrl : stores.databaseUrl
  const pool = { maxConnections: 2, applicationName: 'nyota-tariffs', statementTimeoutMs: STATEMENT_TIMEOUT_MS }
  const database = openDatabase(url, pool)
  try {
    if ((await pendingMigrations(database)).length > 0) return not('The database is not migrated; run: npm run migrate')
    switch (options.verb) {
      case 'list':
        return await list(database, market)
      case 'ceilings':
        return { done: true, text: ceilingWords(await applyCeilings(database, market.currency)) }
      case 'load':
        return await load(database, market, tariffs)
      case 'preview':
        return await preview(database, market, tariffs, options)
    }
  } finally {
    await database.close()
  }
}

/** Ceilings of many wallets take longer than a hop may. */
const STATEMENT_TIMEOUT_MS = 60_000

async function list(database: Database, { code, currency }: Market): Promise<Told> {
  const versions = await listTariffs(database, currency)
  if (versions.length === 0) return { done: true, text: `No tariff of ${code} is stored.` }
  const width = Math.max(...versions.map(({ version }) => version.length))
  const lines = versions.map(({ version, effectiveFrom, shipped, state }) => {
    const words = `${state.replace('_', ' ')}${shipped ? ', comes with the program' : ''}`
    return `${version.padEnd(width)}  from ${effectiveFrom.toISOString()}  ${words}`
  })
  return { done: true, text: lines.join('\n') }
}

async function load(database: Database, market: Market, tariffs: readonly MarketTariff[]): Promise<Told> {
  const { loaded, ceilings } = await bringTariffs(database, market, tariffs)
  if (loaded.length === 0) return { done: true, text: 'All of it is stored already; nothing was changed.' }
  const lines = [`Loaded ${loaded.join(', ')}.`, ...(ceilings === null ? [] : [ceilingWords(ceilings)])]
  return { done: true, text: lines.join('\n') }
}

async function preview(
  database: Database,
  { currency }: Market,
  tariffs: readonly MarketTariff[],
  { file, version, tier, amounts, kinds }: Preview,
): Promise<Told> {
  const byDay = [...tariffs].sort((a, b) => Date.parse(a.effectiveFrom) - Date.parse(b.effectiveFrom))
  const then = version === null ? byDay.at(-1) : byDay.find((one) => one.version === version)
  if (then === undefined) return not(`${file} has no version ${version}.`)
  if (tier !== null && then.tiers[tier] === undefined)
    return not(`${then.version} has no tier ${tier}; choose one of ${Object.keys(then.tiers).join(', ')}.`)
  const read = amounts.map((text) => parseMoney(text, currency))
  const known = read.filter((amount) => amount !== null)
  if (known.length < read.length) return not(`There is an --amount that is none in ${currency}.`)
  const inForce = await versionInForce(database, currency)
  const now = inForce === null ? null : await readTariff(database, inForce)
  return { done: true, text: previewTariff(now, then, { currency, amounts: known, kinds, tier }) }
}

function ceilingWords({ changed, above, aboveOwners }: Ceilings): string {
  const words = `Ceilings of ${changed} wallets changed.`
  if (above === 0) return words
  const more = above > aboveOwners.length ? `; the first ${aboveOwners.length}` : ''
  const advice = `${above} hold more than their tier may; they keep it, and receive nothing until they hold less${more}:`
  return [words, advice, ...aboveOwners.map((owner) => `  ${owner}`)].join('\n')
}

function wordsOf(file: string, problems: readonly string[]): string {
  return problems.map((problem) => `${file}: ${problem}.`).join('\n')
}

function not(text: string): Told {
  return { done: false, text }
}
