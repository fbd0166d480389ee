import { isGsm7, toGsm7 } from '../../domain/gsm7.ts'
import { type Segments, segmentSms } from '../../domain/segments.ts'

/** Words of a campaign with places for what differs from person to person. */
export type CampaignText = {
  readonly parts: readonly (string | { readonly field: string })[]
  /** Whether the words alone are GSM-7; values are then written in that alphabet too, so that a name never makes a message dearer. */
  readonly gsm7: boolean
}

export type ReadCampaignText =
  | { readonly kind: 'text'; readonly text: CampaignText }
  /** What is wrong, as the end of a sentence. */
  | { readonly kind: 'wrong'; readonly problem: string }

/** Reads words with marks `{field}`; a brace that begins or ends no mark is refused, since it is mostly a slip that phones would show. */
export function readCampaignText(words: string): ReadCampaignText {
  if (words.trim() === '') return { kind: 'wrong', problem: 'is empty' }
  const parts = words.split(/(\{[a-z][a-z0-9_]*\})/).filter((part) => part !== '')
  const read = parts.map((part) => (/^\{[a-z][a-z0-9_]*\}$/.test(part) ? { field: part.slice(1, -1) } : part))
  const literal = read.filter((part) => typeof part === 'string').join('')
  if (/[{}]/.test(literal))
    return { kind: 'wrong', problem: 'has a brace that belongs to no mark such as {name}; marks are of small letters' }
  return { kind: 'text', text: { parts: read, gsm7: isGsm7(literal) } }
}

/** The names of its marks, each once. */
export function fieldsOf({ parts }: CampaignText): readonly string[] {
  return [...new Set(parts.flatMap((part) => (typeof part === 'string' ? [] : [part.field])))]
}

/** A value as the message shows it: on one line, in the alphabet of its words. */
export function shownValue({ gsm7 }: Pick<CampaignText, 'gsm7'>, value: string): string {
  const line = value.trim().replace(/\s+/g, ' ')
  return gsm7 && !isGsm7(line) ? toGsm7(line) : line
}

/** The message to one person. Throws where a value is missing: that was checked before. */
export function fillCampaignText(text: CampaignText, values: Readonly<Record<string, string>>): string {
  return text.parts
    .map((part) => {
      if (typeof part === 'string') return part
      const value = Object.hasOwn(values, part.field) ? values[part.field] : undefined
      if (value === undefined) throw new Error(`A recipient has no ${part.field}.`)
      return shownValue(text, value)
    })
    .join('')
}

/** As many short messages as it can take with values of these widths, in characters. */
export function longestOf(text: CampaignText, widths: Readonly<Record<string, number>>): Segments {
  const values = Object.entries(widths).map(([field, width]) => [field, 'M'.repeat(width)])
  return segmentSms(fillCampaignText(text, Object.fromEntries(values)))
}
