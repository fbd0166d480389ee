import type { IsoDate } from '../../domain/dates.ts'
import type { DaySpan } from '../../domain/day-span.ts'
import { shortName } from '../../domain/names.ts'
import type { SmsCategory } from '../informing.ts'

/** Everybody on file of whom all of this is true; an empty list is no condition. Closed accounts are never among them. */
export type Segment = {
  readonly languages: readonly string[]
  readonly tiers: readonly string[]
  readonly statuses: readonly ('enrolled' | 'active')[]
  /** Enrolled on that day or later, and before that day, in the market's time. */
  readonly enrolledFrom: IsoDate | null
  readonly enrolledBefore: IsoDate | null
}

/** One person of a list, as the list has them. */
export type ListRow = {
  /** In the file, for whoever corrects it. */
  readonly line: number
  readonly number: string
  /** Null: the language on file, or the campaign's `otherwise`. */
  readonly language: string | null
  readonly fields: Readonly<Record<string, string>>
}

export type Audience =
  | { readonly kind: 'segment'; readonly segment: Segment }
  | { readonly kind: 'list'; readonly rows: readonly ListRow[] }

/** A campaign as somebody asks for it. */
export type CampaignDraft = {
  readonly name: string
  readonly category: Exclude<SmsCategory, 'transactional'>
  /** By language, with marks such as `{name}`. */
  readonly texts: Readonly<Record<string, string>>
  /** The language for people in whose own there is no text. */
  readonly otherwise: string | null
  readonly audience: Audience
  readonly perMinute: number
  /** Local hours in which it is sent, beside the quiet hours; null: all the others. */
  readonly window: DaySpan | null
  /** Of one segment, in minor units of the market's currency. */
  readonly segmentPrice: bigint
}

/** The fields that a segment's people have, and the most characters that each shows. */
export const personalFields: Readonly<Record<string, number>> = { name: 16, first_name: 16 }

/** The values of the fields for somebody on file. */
export function personalValues(fullName: string): Readonly<Record<string, string>> {
  const values = { name: shortName(fullName), first_name: fullName.trim().split(/\s+/)[0] ?? '' }
  return Object.fromEntries(
    Object.entries(values).map(([field, value]) => [field, [...value].slice(0, personalFields[field]).join('')]),
  )
}
