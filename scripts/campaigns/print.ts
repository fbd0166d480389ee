import { formatDaySpan } from '../../src/domain/day-span.ts'
import type { Market } from '../../src/domain/market.ts'
import { formatMoney } from '../../src/domain/money.ts'
import type { Plan } from '../../src/sms/campaigns/plan.ts'
import type { CampaignDetails, CampaignResults, CampaignSummary } from '../../src/sms/campaigns/results.ts'

/** Amounts as text, since JSON has no whole numbers of any size. */
export function printJson(value: unknown): void {
  const text = JSON.stringify(value, (_key, each) => (typeof each === 'bigint' ? String(each) : each))
  process.stdout.write(`${text}\n`)
}

export function printPlan(plan: Plan, { currency }: Market, last: string): void {
  const { recipients, repeated, languages, totalSegments, cost, minutes, listed } = plan
  const most = listed.length === 0 ? 'at most ' : ''
  print([
    `${peopleOf(recipients)}${repeated === 0 ? '' : `; ${repeated} rows name a number once more and are left out`}`,
    ...languages.flatMap(({ language, text, recipients: people, encoding, segments, totalSegments: all, sample }) => [
      '',
      `${language}: ${peopleOf(people)}${text === language ? '' : `, who get the text in ${text}`}; ${encoding === 'gsm7' ? 'GSM-7' : 'UCS-2'}, ${most}${segments} SMS each, ${most}${all} in all`,
      ...sample.split('\n').map((line) => `  | ${line}`),
    ]),
    '',
    `${most}${totalSegments} SMS, about ${formatMoney({ amount: cost, currency })}; about ${minutes} ${minutes === 1 ? 'minute' : 'minutes'} at its pace, quiet hours not counted.`,
    last,
  ])
}

export function printList(campaigns: readonly CampaignSummary[]): void {
  if (campaigns.length === 0) print(['There are no campaigns.'])
  print(
    campaigns.map(
      ({ state, name, recipients, waiting, createdAt }) =>
        `${state.padEnd(9)}  ${progressOf(recipients, waiting).padEnd(22)}  ${createdAt.toISOString().slice(0, 10)}  ${name}`,
    ),
  )
}

export function printCampaign(campaign: CampaignDetails, { currency }: Market): void {
  const { id, name, category, state, recipients, waiting, texts, otherwise, audience, window, perMinute } = campaign
  const moments = [
    ['created', campaign.createdAt],
    ['started', campaign.startedAt],
    ['ended', campaign.endedAt],
  ] as const
  print([
    `${name} (${category}), ${state}`,
    `id        ${id}`,
    `people    ${progressOf(recipients, waiting)}, ${audience.kind === 'list' ? `a list of ${audience.rows} rows` : describe(audience.segment)}`,
    `pace      ${perMinute} a minute${window === null ? '' : `, ${formatDaySpan(window)}`}`,
    `price     ${formatMoney({ amount: campaign.segmentPrice, currency })} a segment`,
    ...moments.flatMap(([what, at]) => (at === null ? [] : [`${what.padEnd(8)}  ${at.toISOString()}`])),
    ...Object.entries(texts).flatMap(([language, text]) => [
      `${language}${language === otherwise ? ', also for other languages' : ''}:`,
      ...text.split('\n').map((line) => `  | ${line}`),
    ]),
  ])
}

function describe(segment: object): string {
  const conditions = Object.entries(segment).filter(([, value]) => value !== null && String(value) !== '')
  return conditions.map(([name, value]) => `${name} ${String(value)}`).join('; ')
}

const lines: readonly (readonly [keyof CampaignResults, string])[] = [
  ['waiting', 'their turn has not come'],
  ['queued', 'in the outbox'],
  ['sent', 'taken by a network that has not reported'],
  ['delivered', 'on the phone'],
  ['failed', 'reported as not delivered'],
  ['refused', 'taken by no link'],
  ['expired', 'not sent in time'],
  ['unknown', 'perhaps taken by a network'],
  ['optedOut', 'had opted out, so nothing was sent'],
  ['cancelled', 'not sent, being cancelled'],
  ['closed', 'closed their account before their turn'],
  ['withoutText', 'chose a language without a text'],
  ['stops', 'opted out within three days of it'],
]

export function printResults({ name, state, recipients, waiting }: CampaignDetails, results: CampaignResults): void {
  const { segments, cost: amount, currency } = results
  print([
    `${name}: ${state}, ${progressOf(recipients, waiting)}`,
    ...lines
      .filter(([field]) => results[field] !== 0)
      .map(([field, meaning]) => `${String(results[field]).padStart(9)}  ${meaning}`),
    `${segments} SMS, ${formatMoney({ amount, currency })}`,
  ])
}

function progressOf(recipients: number, waiting: number): string {
  return `${recipients - waiting} of ${recipients} had their turn`
}

function print(text: readonly string[]): void {
  for (const line of text) process.stdout.write(`${line}\n`)
}

function peopleOf(count: number): string {
  return count === 1 ? '1 person' : `${count} people`
}
