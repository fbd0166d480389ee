import type { KeywordHead } from '../build/keywords.ts'
import type { Service } from '../build/service.ts'
import type { Symbols } from '../build/symbols.ts'
import type { Report, Spot } from '../problem.ts'
import type { Program } from '../program.ts'
import type { SegmentLimit } from '../segment-limits.ts'
import { checkBind } from './bind.ts'
import { checkCommit } from './commit.ts'
import { checkDead } from './dead.ts'
import { checkDeep, checkIdle } from './deep.ts'
import { exitsOf } from './exits.ts'
import { type Graph, graphOf } from './graph.ts'
import { checkKeys } from './keys.ts'
import { checkKeywords } from './keywords.ts'
import { checkNever } from './never.ts'
import { checkReach } from './reach.ts'
import { checkShortcuts } from './shortcuts.ts'
import { checkSms } from './sms.ts'
import { checkTime } from './time.ts'
import { checkWidth } from './width.ts'

/** What the checks look at: the program as it would run, and where in the files its parts stand. */
export type Checked = {
  readonly program: Program
  readonly symbols: Symbols
  readonly service: Service
  readonly keywords: readonly KeywordHead[]
  /** By language, then by key of text; a screen's id in the base language. */
  readonly spots: ReadonlyMap<string, ReadonlyMap<string, Spot>>
  /** Of messages by name; the usual one where it has none of its own. */
  readonly segmentLimits: Readonly<Record<string, SegmentLimit>>
}

/** The longest that a screen can be in a language. `channel`: where it is the fullest, or null for those without limits of their own. */
export type WorstScreen = {
  readonly language: string
  readonly screen: string
  readonly channel: string | null
  /** `short`: its texts had to take short forms, since in their full one the longest values would not fit. */
  readonly form: 'full' | 'short'
  readonly text: string
  readonly units: number
  readonly limit: number
  readonly encoding: 'gsm7' | 'ucs2'
}

/** One property that every accepted program has. */
export type Check = (report: Report, checked: Checked, graph: Graph) => void

const checks: readonly Check[] = [
  checkKeys,
  checkReach,
  checkNever,
  checkBind,
  checkTime,
  checkCommit,
  checkDeep,
  checkShortcuts,
  checkKeywords,
  checkSms,
]

/** Runs every check and returns each screen at its fullest, in each language. */
export function checkAll(report: Report, checked: Checked): readonly WorstScreen[] {
  const graph = graphOf(checked.program)
  for (const check of checks) check(report, checked, graph)
  const exits = exitsOf(graph)
  checkDead(report, checked, graph, exits)
  const worst = checkWidth(report, checked, graph, exits)
  checkIdle(report, checked, worst)
  return worst
}
