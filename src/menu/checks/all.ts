import type { Service } from '../build/service.ts'
import type { Symbols } from '../build/symbols.ts'
import type { Report, Spot } from '../problem.ts'
import type { Program } from '../program.ts'

/** What the checks look at: the program as it would run, and where in the files its parts stand. */
export type Checked = {
  readonly program: Program
  readonly symbols: Symbols
  readonly service: Service
  /** By language, then by key of text; a screen's id in the base language. */
  readonly spots: ReadonlyMap<string, ReadonlyMap<string, Spot>>
}

/** The longest that a screen can be in a language. */
export type WorstScreen = {
  readonly language: string
  readonly screen: string
  readonly text: string
  readonly units: number
  readonly limit: number
  readonly encoding: 'gsm7' | 'ucs2'
}

export function checkAll(_report: Report, _checked: Checked): readonly WorstScreen[] {
  return []
}
