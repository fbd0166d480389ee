import { countSeptets, toGsm7 } from '../domain/gsm7.ts'
import type { Market } from '../domain/market.ts'
import type { Json } from './contract.ts'
import type { Limits, Program, Slot, Template, TextKey } from './program.ts'
import { showValue } from './value.ts'

/** Looks up the value of a slot; undefined leaves the mark `{name}` as it stands. */
export type Lookup = (value: Slot['value']) => Json | undefined

/** Where words are shown: `gsm7` folds every value to that alphabet, `atMs` is now. */
export type Setting = { readonly gsm7: boolean; readonly market: Market; readonly atMs: number }

/** Throws where the compiler would have: every language has every text. */
export function textOf(program: Program, language: string, key: TextKey): Template {
  const template = program.texts[language]?.[key]
  if (template === undefined) throw new Error(`no text ${key} in ${language}`)
  return template
}

/** The limits of a screen on the channel that a session comes over. */
export function limitsOf({ limits, channels }: Program, channel: string): Limits {
  return (Object.hasOwn(channels, channel) ? channels[channel] : undefined) ?? limits
}

/** The `form`th form of a text, its shortest where it has fewer; 0 is the full one. */
export function formOf<T extends { readonly short?: T }>(text: T, form: number): T {
  return form > 0 && text.short !== undefined ? formOf(text.short, form - 1) : text
}

/** The number of the shortest form of any of these texts; 0 where none has a short one. */
export function lastFormOf<T extends { readonly short?: T }>(texts: readonly T[]): number {
  return texts.reduce((last, { short }) => (short === undefined ? last : Math.max(last, 1 + lastFormOf([short]))), 0)
}

/** Whether a network and a phone show all of this as one screen. */
export function fitsIn(limits: Limits, text: string, gsm7: boolean): boolean {
  return unitsOf(text, gsm7) <= limits[gsm7 ? 'gsm7' : 'ucs2'] && linesIn(text) <= limits.lines
}

/**
 * The words with their values, none wider than its slot. What is empty leaves no space at the end of its line, nor a line of its own; a
 * value that ends with a full stop, as `Juma K.` does, gets no second one.
 */
export function fill(template: Template, lookup: Lookup, setting: Setting): string {
  let text = ''
  let isEmpty = false
  for (const part of template.parts) {
    const words = typeof part === 'string' ? part : fillSlot(part, lookup(part.value), setting)
    if (words === '') isEmpty = true
    else {
      if (isEmpty && words.startsWith('\n')) text = closeLine(text, words)
      else text += typeof part === 'string' && words.startsWith('.') && text.endsWith('.') ? words.slice(1) : words
      isEmpty = false
    }
  }
  return isEmpty ? text.replace(/ +$/, '') : text
}

function closeLine(text: string, words: string): string {
  const line = text.replace(/ +$/, '')
  return line === '' || line.endsWith('\n') ? line + words.slice(1) : line + words
}

function fillSlot(slot: Slot, value: Json | undefined, { gsm7, market, atMs }: Setting): string {
  if (value === undefined) return `{${slot.value.name}}`
  const shown = showValue(slot, value, market, atMs)
  switch (slot.as) {
    case 'text':
      return cut(fold(shown, gsm7), slot.width)
    case 'last':
      return endOf(fold(shown, gsm7), slot.width)
    case 'digits':
    case 'msisdn':
      return shown.slice(0, slot.width)
    default:
      return shown
  }
}

/** What needs no folding; most names are so, and folding takes longest of all that a step does. */
const PLAIN = /^[A-Za-z0-9 .,'-]*$/

/** One line, in the alphabet of the screen. */
function fold(text: string, gsm7: boolean): string {
  if (PLAIN.test(text)) return text
  const line = text.replace(/\s+/g, ' ')
  return gsm7 ? toGsm7(line) : line
}

/** At most `width` UTF-16 units, without half a character at the end. */
function cut(text: string, width: number): string {
  if (text.length <= width) return text
  const last = text.charCodeAt(width - 1)
  return text.slice(0, last >= 0xd800 && last < 0xdc00 ? width - 1 : width)
}

/** The last `width` UTF-16 units, without half a character before them. */
function endOf(text: string, width: number): string {
  const end = text.slice(-width)
  const first = end.charCodeAt(0)
  return first >= 0xdc00 && first < 0xe000 ? end.slice(1) : end
}

/** Septets or UTF-16 units. */
export function unitsOf(text: string, gsm7: boolean): number {
  return (gsm7 ? countSeptets(text) : null) ?? text.length
}

export function linesIn(text: string): number {
  let lines = 1
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines += 1
  return lines
}

/** One under another; an empty block is no line. */
export function stack(blocks: readonly string[]): string {
  return blocks.filter((block) => block !== '').join('\n')
}
