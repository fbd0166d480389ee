import { type SegmentStyle, segmentSizes } from '../domain/segments.ts'
import { longest } from './checks/longest.ts'
import type { Program, Slot, Template } from './program.ts'
import { unitsOf } from './text.ts'

/** What one message costs at most in one language, whatever its values are. */
export type WorstSegments = {
  /** Its name in messages.yaml. */
  readonly message: string
  readonly language: string
  readonly encoding: 'gsm7' | 'ucs2'
  /** Septets or UTF-16 units with the longest values. */
  readonly units: number
  /** Short messages that a network charges for. */
  readonly segments: number
  /** Units that surely fit in one message, in two, … up to `segments`. */
  readonly fits: readonly number[]
}

/** Every message of a program in every language. `long`: how the link ties parts together, which decides how much each holds. */
export function worstSegments(program: Program, long: SegmentStyle['long'] = 'udh8'): WorstSegments[] {
  return program.languages.flatMap(({ code }) =>
    Object.entries(program.texts[code] ?? {}).flatMap(([key, template]) => {
      if (!key.startsWith(MESSAGES)) return []
      const encoding = template.gsm7 ? 'gsm7' : 'ucs2'
      const units = unitsOf(longest(template, program.market), template.gsm7)
      const { alone, part } = segmentSizes(encoding, long)
      const spans = wideSpans(template, program)
      const fits = [alone]
      for (let lost = 0; (fits.at(-1) ?? 0) < units; ) {
        const boundary = fits.length
        const earliest = boundary * (part - 1)
        if (spans.some(({ from, to }) => from < boundary * part && to > earliest)) lost += 1
        fits.push((boundary + 1) * part - lost)
      }
      return [{ message: key.slice(MESSAGES.length), language: code, encoding, units, segments: fits.length, fits }]
    }),
  )
}

const MESSAGES = 'messages.'

type Span = { readonly from: number; readonly to: number }

/** Where a character of two units can stand, whatever the values are: across a boundary it would go whole to the next message. */
function wideSpans(template: Template, { market }: Program): Span[] {
  const { gsm7 } = template
  const spans: Span[] = []
  let from = 0
  let to = 0
  for (const part of characters(template)) {
    const text = longest({ gsm7, parts: [part] }, market)
    const units = unitsOf(text, gsm7)
    to += units
    const wide = typeof part === 'string' ? units > 1 : !gsm7 && FREE.has(part.as)
    if (wide) spans.push({ from, to })
    if (typeof part === 'string') from += units
  }
  return spans
}

/** Values that people write themselves, in any characters. */
const FREE: ReadonlySet<string> = new Set(['text', 'last'])

/** Literal words one character each, so that each has a place of its own. */
function characters({ parts }: Template): (string | Slot)[] {
  return parts.flatMap<string | Slot>((part) => (typeof part === 'string' ? [...part] : [part]))
}
