import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Market } from '../domain/market.ts'
import { readTariffs } from './read-tariffs.ts'
import type { MarketTariff } from './tariff.ts'

const MARKETS = fileURLToPath(new URL('./markets/', import.meta.url))

/** The example tariffs that come with the program; throws where a market has none. */
export function shippedTariffs(market: Market): readonly MarketTariff[] {
  const path = `${MARKETS}${market.code.toLowerCase()}.yaml`
  if (!existsSync(path)) throw new Error(`There are no tariffs for ${market.code}; name a file of yours in TARIFFS.`)
  const { tariffs, problems } = readTariffs(readFileSync(path, 'utf8'), market)
  if (problems.length > 0) throw new Error(problems.map((problem) => `${path}: ${problem}.`).join('\n'))
  return tariffs
}
