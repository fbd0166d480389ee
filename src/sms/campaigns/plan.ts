import type { Queryable } from '../../database/database.ts'
import { nextOutside } from '../../domain/day-span.ts'
import type { Market } from '../../domain/market.ts'
import { type Segments, segmentSms } from '../../domain/segments.ts'
import { usualSegments } from '../../menu/segment-limits.ts'
import type { Sealer } from '../../security/sealing.ts'
import { closedSpans, type QuietHours } from '../informing.ts'
import { type CampaignDraft, personalFields } from './draft.ts'
import { type Listed, readList, readSpeakers } from './read-audience.ts'
import { type CampaignText, fieldsOf, fillCampaignText, longestOf, readCampaignText, shownValue } from './text.ts'

export type PlanServices = {
  readonly sealer: Sealer
  readonly market: Market
  readonly quiet: QuietHours
}

/** What those who speak one language get. */
export type PlannedLanguage = {
  /** As they speak it, and that of the text. */
  readonly language: string
  readonly text: string
  readonly recipients: number
  readonly encoding: Segments['encoding']
  /** Of the longest message. */
  readonly segments: number
  /** Of all of them: exactly for a list, at most for a segment. */
  readonly totalSegments: number
  /** A message as somebody will read it. */
  readonly sample: string
}

/** What a campaign would be and cost; nothing is stored for it. */
export type Plan = {
  readonly recipients: number
  /** Rows of the list that name a number once more. */
  readonly repeated: number
  readonly languages: readonly PlannedLanguage[]
  readonly totalSegments: number
  /** Minor units. */
  readonly cost: bigint
  /** At its pace, with nobody passed over and no hours in between. */
  readonly minutes: number
  /** The people of a list; empty for a segment. */
  readonly listed: readonly Listed[]
}

export type Planned =
  | { readonly kind: 'planned'; readonly plan: Plan }
  /** A sentence for everything that is wrong. */
  | { readonly kind: 'bad'; readonly problems: readonly string[] }

/** The most of a list's problems that are told at once. */
const MOST_PROBLEMS = 20
const MOST_PER_MINUTE = 6_000
/** The longest value of a list's field, in characters. */
const LONGEST_VALUE = 60

type Texts = ReadonlyMap<string, CampaignText>

/** Checks a campaign as a whole against who is on file now: fields, languages, lengths, hours. Nothing is stored or sent. */
export async function planCampaign(db: Queryable, services: PlanServices, draft: CampaignDraft): Promise<Planned> {
  const problems = problemsOfDraft(services, draft)
  const texts = readTexts(draft, problems)
  if (!problems.some(isAboutName) && (await isNameTaken(db, draft.name)))
    problems.push(
      `There is a campaign ${JSON.stringify(draft.name)} already; results are found by name, so give another.`,
    )
  if (problems.length > 0) return { kind: 'bad', problems }
  return draft.audience.kind === 'list'
    ? planList(db, services, draft, draft.audience.rows, texts)
    : planSegment(db, services, draft, draft.audience.segment, texts)
}

const NAME = /^[^\p{C}]{1,80}$/u

function isAboutName(problem: string): boolean {
  return problem.startsWith('The name')
}

function problemsOfDraft({ quiet }: PlanServices, draft: CampaignDraft): string[] {
  const { name, texts, otherwise, perMinute, window, audience } = draft
  const problems: string[] = []
  if (!NAME.test(name)) problems.push('The name must be one line of 1 to 80 characters; people find the results by it.')
  if (Object.keys(texts).length === 0) problems.push('There is no text; give one for each language.')
  if (otherwise !== null && !Object.hasOwn(texts, otherwise))
    problems.push(`People without a text in their language would get the one in ${otherwise}, and there is none.`)
  if (!Number.isInteger(perMinute) || perMinute < 1 || perMinute > MOST_PER_MINUTE)
    problems.push(`The pace must be a whole number of messages a minute, from 1 to ${MOST_PER_MINUTE}.`)
  if (nextOutside(quiet.now(), closedSpans(quiet.hours, window), quiet.timeZone) === null)
    problems.push('The window lies within the quiet hours, so nothing would ever be sent. Give hours of the day.')
  if (audience.kind === 'list' && audience.rows.length === 0) problems.push('The list names nobody.')
  return problems
}

function readTexts({ texts, audience }: CampaignDraft, problems: string[]): Texts {
  const read = new Map<string, CampaignText>()
  const known = new Set(
    audience.kind === 'segment'
      ? Object.keys(personalFields)
      : audience.rows.flatMap(({ fields }) => Object.keys(fields)),
  )
  for (const [language, words] of Object.entries(texts)) {
    const found = readCampaignText(words)
    if (found.kind === 'wrong') {
      problems.push(`The text in ${language} ${found.problem}.`)
      continue
    }
    const unknown = fieldsOf(found.text).filter((field) => !known.has(field))
    for (const field of unknown) {
      const choices = known.size === 0 ? 'there are none' : `there are ${[...known].sort().join(', ')}`
      problems.push(`The text in ${language} has {${field}}, which nobody would have a value for; ${choices}.`)
    }
    if (unknown.length === 0) read.set(language, found.text)
  }
  return read
}

async function isNameTaken(db: Queryable, name: string): Promise<boolean> {
  return (await db.query('SELECT FROM sms_campaign WHERE name = $1', [name])).rowCount > 0
}

/** The language whose text somebody gets; null where there is none for them. */
export function textLanguage(
  texts: { has(language: string): boolean },
  otherwise: string | null,
  spoken: string,
): string | null {
  return texts.has(spoken) ? spoken : otherwise
}

/** What somebody who speaks a language gets, and in which; null: there is nothing for them. */
function textFor(
  texts: Texts,
  { otherwise }: Pick<CampaignDraft, 'otherwise'>,
  spoken: string,
): { readonly used: string; readonly text: CampaignText } | null {
  const used = textLanguage(texts, otherwise, spoken)
  const text = used === null ? undefined : texts.get(used)
  return used === null || text === undefined ? null : { used, text }
}

async function planSegment(
  db: Queryable,
  { sealer, market }: PlanServices,
  draft: CampaignDraft,
  segment: Extract<CampaignDraft['audience'], { kind: 'segment' }>['segment'],
  texts: Texts,
): Promise<Planned> {
  const speakers = await readSpeakers(db, sealer, segment, market)
  const problems = speakers.length === 0 ? ['Nobody on file is in that segment.'] : []
  const languages = speakers.flatMap(({ language, people, example }): PlannedLanguage[] => {
    const found = textFor(texts, draft, language)
    if (found === null) {
      problems.push(withoutText(people, language))
      return []
    }
    const { used, text } = found
    const { encoding, parts } = longestOf(text, personalFields)
    const counts = { recipients: people, segments: parts.length, totalSegments: people * parts.length }
    return [{ language, text: used, ...counts, encoding, sample: fillCampaignText(text, example) }]
  })
  return conclude(draft, languages, { listed: [], repeated: 0 }, problems)
}

async function planList(
  db: Queryable,
  { sealer, market }: PlanServices,
  draft: CampaignDraft,
  rows: Extract<CampaignDraft['audience'], { kind: 'list' }>['rows'],
  texts: Texts,
): Promise<Planned> {
  const only = texts.size === 1 ? ([...texts.keys()][0] ?? null) : null
  const read = await readList(db, sealer, market.numbering, rows, draft.otherwise ?? only)
  const problems = [...read.problems]
  const languages = new Map<string, PlannedLanguage>()
  const without = new Map<string, number>()
  for (const person of read.listed) {
    const { language } = person
    const found = textFor(texts, draft, language)
    if (found === null) {
      without.set(language, (without.get(language) ?? 0) + 1)
      continue
    }
    const { used, text } = found
    const wrong = problemsOfValues(person, text)
    problems.push(...wrong)
    if (wrong.length > 0) continue
    const sample = fillCampaignText(text, person.fields)
    const { encoding, parts } = segmentSms(sample)
    const known = languages.get(language)
    languages.set(language, {
      ...(known !== undefined && known.segments >= parts.length ? known : { language, text: used, encoding, sample }),
      recipients: (known?.recipients ?? 0) + 1,
      segments: Math.max(known?.segments ?? 0, parts.length),
      totalSegments: (known?.totalSegments ?? 0) + parts.length,
    })
  }
  problems.push(...[...without].map(([language, people]) => withoutText(people, language)))
  return conclude(draft, [...languages.values()], read, problems)
}

function withoutText(people: number, language: string): string {
  return `${people} ${people === 1 ? 'person speaks' : 'people speak'} ${language}, and there is no text in it. Write one, or say which text they get otherwise.`
}

function problemsOfValues({ line, fields }: Listed, text: CampaignText): string[] {
  return fieldsOf(text).flatMap((field) => {
    const value = fields[field]?.trim() ?? ''
    if (value === '') return [`Line ${line} has no ${field}, so its message would have a hole.`]
    if ([...value].length > LONGEST_VALUE) return [`Line ${line}: ${field} is longer than ${LONGEST_VALUE} characters.`]
    const shown = shownValue(text, value)
    if (shown.split('?').length > value.split('?').length)
      return [
        `Line ${line}: ${field} has characters that its text's alphabet lacks, so a phone would show question marks.`,
      ]
    return []
  })
}

function conclude(
  draft: CampaignDraft,
  languages: readonly PlannedLanguage[],
  { listed, repeated }: Pick<Plan, 'listed' | 'repeated'>,
  found: readonly string[],
): Planned {
  const tooLong = languages
    .filter(({ encoding, segments }) => segments > usualSegments[encoding])
    .map(
      ({ text, encoding, segments }) =>
        `The text in ${text} can take ${segments} SMS, and ${usualSegments[encoding]} are allowed. Say it in fewer words.`,
    )
  const problems = [...new Set([...found, ...tooLong])]
  if (problems.length > 0) {
    const rest = problems.length - MOST_PROBLEMS
    return { kind: 'bad', problems: rest > 0 ? [...problems.slice(0, MOST_PROBLEMS), `And ${rest} more.`] : problems }
  }
  const sum = (of: (each: PlannedLanguage) => number): number => languages.reduce((total, each) => total + of(each), 0)
  const [recipients, totalSegments] = [sum((each) => each.recipients), sum((each) => each.totalSegments)]
  return {
    kind: 'planned',
    plan: {
      recipients,
      repeated,
      languages,
      totalSegments,
      cost: BigInt(totalSegments) * draft.segmentPrice,
      minutes: Math.ceil(recipients / draft.perMinute),
      listed,
    },
  }
}
