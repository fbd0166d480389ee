/**
 * Marks stand in a dialogue file for what differs from run to run. `<reference>` matches any reference and binds it: wherever it stands
 * again in the same dialogue it must be the same one; `<reference 2>` is another. `<time>` matches any moment and `<date>` any day; both
 * bind nothing. A typed answer may hold a mark: `userInput: "<code>"` types the code that arrived by SMS, `<day+7>` the day in a week.
 */
export type Bindings = Map<string, string>

const shapes = {
  /** City Power's token, twenty digits, in groups or not. */
  token: String.raw`\d{4}(?:[ -]?\d{4}){4}`,
  date: String.raw`\d\d/\d\d/\d{4}`,
  time: String.raw`(?:\d\d/\d\d/\d\d )?\d\d:\d\d`,
  /** A transfer's short reference: no look-alikes, so neither 0 nor 1. */
  reference: '[A-Z2-9]{10}',
  /** A one-time code. */
  code: String.raw`\d{6}`,
} as const

type Shape = keyof typeof shapes

/** Marks of typed answers: a fixture's PIN (`<pin>`: the phone's own; `<pin 2>`, `<pin 3>`: other good ones) and identity answer. */
const TYPED_MARK = /<(?:token|reference|code|pin|answer)(?: \d+)?>/g

/** True when `actual` is `expected` with its marks filled in; then `bindings` has learnt the values. */
export function matchMarked(expected: string, actual: string, bindings: Bindings): boolean {
  const names: string[] = []
  const pattern = expected.split(/(<(?:token|date|time|reference|code)(?: \d+)?>)/).map((part) => {
    const shape = shapeOf(part)
    if (shape === null) return escapeRegExp(part)
    const bound = bindings.get(part)
    if (bound !== undefined) return escapeRegExp(bound)
    if (shape === 'time' || shape === 'date') return shapes[shape]
    if (names.includes(part)) return `\\k<m${names.indexOf(part)}>`
    names.push(part)
    return `(?<m${names.length - 1}>${shapes[shape]})`
  })
  const match = new RegExp(`^${pattern.join('')}$`, 'u').exec(actual)
  if (match === null) return false
  for (const [index, name] of names.entries()) bindings.set(name, match.groups?.[`m${index}`] ?? '')
  return true
}

/** A day so many days from now, as people type it. */
const DAY_MARK = /<day\+(\d{1,3})>/g
const DAY_MS = 86_400_000

/** `271126`, by the clock of Greenwich: whoever needs a certain day there names one that is far enough. */
function dayIn(days: number): string {
  const [year = '', month = '', day = ''] = new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10).split('-')
  return `${day}${month}${year.slice(2)}`
}

/** Fills in bound marks of a typed answer; null when one of them is not bound yet. */
export function fillMarks(text: string, bindings: Bindings): string | null {
  let complete = true
  const filled = text
    .replace(DAY_MARK, (_, days: string) => dayIn(Number(days)))
    .replace(TYPED_MARK, (mark) => {
      const value = bindings.get(mark)
      if (value === undefined) complete = false
      return value ?? mark
    })
  return complete ? filled : null
}

/**
 * Puts marks where a text holds what differs from run to run, binding values that are new: the text as a dialogue file expects it.
 * `KES 123,456` and account numbers are left alone: a mark's value stands on its own.
 */
export function putMarks(text: string, bindings: Bindings): string {
  let marked = text
  for (const shape of Object.keys(shapes) as Shape[]) {
    marked = marked.replace(new RegExp(`(?<![\\w,.+<])${shapes[shape]}(?![\\w>]|[,.]\\d)`, 'gu'), (value) =>
      shape === 'time' || shape === 'date' ? `<${shape}>` : markFor(shape, value, bindings),
    )
  }
  return marked
}

function markFor(shape: Shape, value: string, bindings: Bindings): string {
  const known = [...bindings].find(([mark, bound]) => bound === value && shapeOf(mark) === shape)
  if (known) return known[0]
  const count = [...bindings.keys()].filter((mark) => shapeOf(mark) === shape).length
  const mark = count === 0 ? `<${shape}>` : `<${shape} ${count + 1}>`
  bindings.set(mark, value)
  return mark
}

function shapeOf(part: string): Shape | null {
  const match = /^<(token|date|time|reference|code)(?: \d+)?>$/.exec(part)
  return match ? (match[1] as Shape) : null
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
}
