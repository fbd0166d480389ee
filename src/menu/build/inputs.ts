import { isIsoDate } from '../../domain/dates.ts'
import type { Report } from '../problem.ts'
import type { DateBound, InputType } from '../program.ts'
import { entriesOf, isName, type Tree } from './tree.ts'

/** `date`, or `{ date: { min: 2026-01-01, max: today+30 } }`. */
export function readDate(report: Report, detail: Tree | null, what: string): InputType | null {
  if (detail === null) return { type: 'date', min: null, max: null }
  const entries = entriesOf(report, detail, `${what}'s date`, ['min', 'max'])
  const [from, to] = [entries.get('min')?.value, entries.get('max')?.value]
  const min = from === undefined ? null : readBound(report, from)
  const max = to === undefined ? null : readBound(report, to)
  if (min === undefined || max === undefined) return null
  if (min !== null && max !== null && isBefore(max, min))
    report('E-SHAPE', detail.at, `${what} has a max before its min, so no date could ever be typed. Change one.`)
  return { type: 'date', min, max }
}

/** Undefined after reporting that it is none. */
function readBound(report: Report, tree: Tree): DateBound | undefined {
  const text = tree.kind === 'scalar' ? String(tree.value) : ''
  if (isIsoDate(text)) return { date: text }
  const [today, days] = /^today(?:([+-]\d{1,5}))?$/.exec(text) ?? []
  if (today !== undefined) return { days: Number(days ?? 0) }
  report('E-SHAPE', tree.at, 'a bound of a date must be a real day such as 2026-12-31, or today, today+30 or today-30.')
  return undefined
}

/** Only of two days, or of two distances from today: the others depend on when it is asked. */
function isBefore(a: DateBound, b: DateBound): boolean {
  if ('days' in a && 'days' in b) return a.days < b.days
  return 'date' in a && 'date' in b && a.date < b.date
}

/** `{ pick: { small: Small, large: Large } }`; the words are read by `pickWords`. */
export function readPick(report: Report, detail: Tree, what: string): InputType | null {
  const entries = entriesOf(report, detail, `${what}'s pick`)
  for (const [option, { at }] of entries) {
    if (!isName(option))
      report('E-SHAPE', at, `${option} cannot be an option; use lower-case letters, digits, _ and -.`)
  }
  if (entries.size > 0) return { type: 'pick', of: [...entries.keys()] }
  report('E-SHAPE', detail.at, `${what} has nothing to pick; write { pick: { small: Small, large: Large } }.`)
  return null
}

/** The words of each option of a type that `readPick` has read. */
export function pickWords(type: Tree): readonly (readonly [option: string, words: Tree])[] {
  const detail = type.kind === 'map' ? type.entries.get('pick')?.value : undefined
  return detail?.kind === 'map' ? [...detail.entries].map(([option, { value }]) => [option, value] as const) : []
}
