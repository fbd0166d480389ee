import { LineCounter, parseDocument } from 'yaml'
import type { z } from 'zod'
import type { Market } from '../domain/market.ts'
import { markets } from '../domain/markets.ts'
import { tariffProblems } from './check-tariff.ts'
import type { MarketTariff } from './tariff.ts'
import { tariffSchema } from './tariff-schema.ts'

export type ReadTariffs = {
  /** Null where the file names none that is known. */
  readonly market: Market | null
  /** Those that are sound, in the order of the file. */
  readonly tariffs: readonly MarketTariff[]
  /** A clause for each thing that is wrong: where it is, what is wrong, what to write. */
  readonly problems: readonly string[]
}

const VERSION = /^[A-Za-z0-9][A-Za-z0-9.-]{0,23}$/
const MOST_ALIASES = 1_000

/**
 * Reads a file of tariffs: `market`, and under `tariffs` a map of versions (docs/tariffs.md). Given the market that is served, the file must
 * be of that one.
 */
export function readTariffs(text: string, served: Market | null): ReadTariffs {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, schema: 'failsafe' })
  const [broken] = document.errors
  if (broken !== undefined) return wrong(`line ${lines.linePos(broken.pos[0]).line} is no YAML; correct it`)
  const content: unknown = document.toJS({ maxAliasCount: MOST_ALIASES })
  if (!isMap(content)) return wrong('it must be a map with market and tariffs')
  if (served !== null && content.market !== served.code) return wrong(`market must be ${served.code}, which is served`)
  const market = markets.get(String(content.market))
  if (market === undefined) return wrong(`market must be one of ${[...markets.keys()].join(', ')}`)
  const { tariffs: versions } = content
  if (!isMap(versions) || Object.keys(versions).length === 0) return wrong('tariffs must be a map of versions')
  const schema = tariffSchema(market.code, market.currency)
  const tariffs: MarketTariff[] = []
  const problems = Object.keys(content)
    .filter((key) => key !== 'market' && key !== 'tariffs')
    .map((key) => `${key} is no field here`)
  for (const [version, value] of Object.entries(versions)) {
    const read = schema.safeParse(value, { reportInput: true })
    const tariff = read.success ? { version, ...read.data } : null
    const found = [
      ...(VERSION.test(version) ? [] : ['its name must be letters, digits, dots and hyphens, 24 at most']),
      ...(read.success ? [] : read.error.issues.flatMap(clausesOf)),
      ...(tariff === null ? [] : tariffProblems(tariff, market.currency)),
    ]
    problems.push(...found.map((problem) => `${version}: ${problem}`))
    if (tariff !== null && found.length === 0) tariffs.push(tariff)
  }
  return { market, tariffs, problems }
}

function wrong(problem: string): ReadTariffs {
  return { market: null, tariffs: [], problems: [problem] }
}

function clausesOf(issue: z.core.$ZodIssue): string[] {
  const place = placeOf(issue.path)
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => `${placeOf([...issue.path, key])} is no field here`)
    case 'invalid_key':
      return issue.issues.map(({ message }) => `${place}: the name ${message}`)
    default:
      return [`${place} ${issue.input === undefined ? 'is missing' : issue.message}`]
  }
}

/** `services.send.bands[3].to`, bands counted from one as people do. */
function placeOf(path: readonly PropertyKey[]): string {
  return path
    .map((part, n) => (typeof part === 'number' ? `[${part + 1}]` : `${n === 0 ? '' : '.'}${String(part)}`))
    .join('')
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
