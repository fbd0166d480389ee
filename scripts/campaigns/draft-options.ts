import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { parse } from 'yaml'
import { isIsoDate } from '../../src/domain/dates.ts'
import { type DaySpan, parseDaySpan } from '../../src/domain/day-span.ts'
import type { Market } from '../../src/domain/market.ts'
import { parseMoney } from '../../src/domain/money.ts'
import type { AuditEvent } from '../../src/security/audit.ts'
import type { Audience, CampaignDraft } from '../../src/sms/campaigns/draft.ts'
import { informingRulesOf } from '../../src/sms/informing.ts'
import { readListFile } from './list-file.ts'

export const DRAFT_HELP = `  --by <name>             who does it, for the audit (required)
  --name <name>           by which it is found again (required)
  --text <language>=<…>   the words in one language; may be given for each. {name} and {first_name} are put in, or the columns of the list
  --texts <file.yaml>     the same from a file, a line for each language:  en: "Dear {name}, …"
  --otherwise <language>  the text for people in whose language there is none; without it they must all have one
  --list <file.csv>       to these: a column number, if you like a column language, all others are fields
  --language, --tier, --status <one,two>   to whom on file; everybody who is active unless stated
  --enrolled-from, --enrolled-before <2026-01-31>
  --pace <number>         messages a minute (60)
  --window <09:00-18:00>  local hours in which it is sent, beside the quiet hours
  --price <amount>        of one segment, for estimate and results; the market's usual one unless stated
  --dry-run               checks, counts, shows samples; stores nothing
`

export type Asked =
  | {
      readonly kind: 'asked'
      readonly draft: CampaignDraft
      readonly by: string
      readonly dryRun: boolean
      readonly json: boolean
    }
  | { readonly kind: 'wrong'; readonly problems: readonly string[]; readonly json: boolean }

const text = { type: 'string' } as const
const options = {
  by: text,
  name: text,
  text: { type: 'string', multiple: true },
  texts: text,
  otherwise: text,
  list: text,
  language: text,
  tier: text,
  status: text,
  'enrolled-from': text,
  'enrolled-before': text,
  pace: { type: 'string', default: '60' },
  window: text,
  price: text,
  'dry-run': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const

/** Reads what is to be sent and to whom from the options and the files that they name; everything wrong is a sentence. */
export async function readDraft(
  args: readonly string[],
  { market }: { readonly market: Market },
  announces: boolean,
): Promise<Asked> {
  const { values } = parseArgs({ args: [...args], options })
  const by = actorOf(values.by ?? '').id
  const problems: string[] = []
  if (values.name === undefined)
    problems.push('The campaign has no name; say --name and one by which people find it again.')
  const texts = await readTexts(values.text ?? [], values.texts, problems)
  const audience = await readAudience(values, problems)
  const window = readWindow(values.window, problems)
  const segmentPrice = readPrice(values.price, market, problems)
  if (!/^\d{1,6}$/.test(values.pace)) problems.push(`--pace is ${values.pace}; give a number of messages a minute.`)
  const { json } = values
  if (problems.length > 0 || audience === null) return { kind: 'wrong', problems, json }
  const draft: CampaignDraft = {
    name: (values.name ?? '').trim(),
    category: announces ? 'informing' : 'campaign',
    texts,
    otherwise: values.otherwise ?? null,
    audience,
    perMinute: Number(values.pace),
    window,
    segmentPrice,
  }
  return { kind: 'asked', draft, by, dryRun: values['dry-run'], json }
}

/** Who is put down in the audit; throws, with a sentence, where nobody is named. */
export function actorOf(by: string): AuditEvent['actor'] {
  if (!/^[\p{L}\p{N}][\p{L}\p{N} ._@-]{0,63}$/u.test(by))
    throw new Error('Who does it? Say --by and a name of letters, digits, spaces and . _ @ - for the audit.')
  return { kind: 'staff', id: by }
}

async function readTexts(
  given: readonly string[],
  file: string | undefined,
  problems: string[],
): Promise<Record<string, string>> {
  const texts: Record<string, string> = {}
  const read: unknown = file === undefined ? {} : parse(await readFile(file, 'utf8'))
  if (typeof read !== 'object' || read === null || Array.isArray(read))
    problems.push(`${file} is no list of languages with their texts; write lines such as  en: "Dear {name}, …"`)
  else for (const [language, words] of Object.entries(read)) texts[language] = String(words).trim()
  for (const each of given) {
    const [, language, words] = /^([a-z]{2,3})=(.*)$/s.exec(each) ?? []
    if (language === undefined || words === undefined)
      problems.push('--text takes a language and its words, "en=Dear {name}, …".')
    else texts[language] = words
  }
  for (const language of Object.keys(texts).filter((language) => !/^[a-z]{2,3}$/.test(language)))
    problems.push(`${JSON.stringify(language)} is no code of a language; write en, sw, fr or am.`)
  return texts
}

type Values = { readonly [Name in keyof typeof options]?: string | boolean | string[] | undefined }

async function readAudience(values: Values, problems: string[]): Promise<Audience | null> {
  const conditions = ['language', 'tier', 'status', 'enrolled-from', 'enrolled-before'] as const
  if (typeof values.list === 'string') {
    const unused = conditions.filter((name) => values[name] !== undefined)
    if (unused.length > 0) problems.push(`--list says who; leave out ${unused.map((name) => `--${name}`).join(', ')}.`)
    const read = await readListFile(values.list)
    problems.push(...read.problems)
    return { kind: 'list', rows: read.rows }
  }
  const words = (name: (typeof conditions)[number]): string[] =>
    String(values[name] ?? '')
      .split(',')
      .map((word) => word.trim())
      .filter((word) => word !== '')
  const day = (name: 'enrolled-from' | 'enrolled-before'): string | null => {
    const found = words(name)[0] ?? null
    if (found !== null && !isIsoDate(found)) problems.push(`--${name} is ${found}; write a day as 2026-01-31.`)
    return found
  }
  const statuses = values.status === undefined ? ['active'] : words('status')
  const known = statuses.filter((status) => status === 'enrolled' || status === 'active')
  if (known.length < statuses.length) problems.push('--status is enrolled, active, or both with a comma between.')
  return {
    kind: 'segment',
    segment: {
      languages: words('language'),
      tiers: words('tier'),
      statuses: known,
      enrolledFrom: day('enrolled-from'),
      enrolledBefore: day('enrolled-before'),
    },
  }
}

function readWindow(value: string | undefined, problems: string[]): DaySpan | null {
  if (value === undefined) return null
  const window = parseDaySpan(value)
  if (window === null) problems.push(`--window is ${value}; write local hours as 09:00-18:00.`)
  return window
}

function readPrice(value: string | undefined, market: Market, problems: string[]): bigint {
  if (value === undefined) return informingRulesOf(market).segmentPrice
  const price = parseMoney(value, market.currency)
  if (price === null) problems.push(`--price is ${value}; write an amount of ${market.currency}, such as 1.`)
  return price ?? 0n
}
