import { codes, pageOf, severityOf } from '../../src/menu/codes.ts'
import type { MenuSources } from '../../src/menu/compile.ts'
import {
  type Code,
  describeProblem,
  endColumnOf,
  type Paint,
  type Problem,
  printProblem,
} from '../../src/menu/problem.ts'

/** A finding as tools read it; `page` is a path in the repository. */
export type FindingJson = {
  readonly code: Code
  readonly severity: 'error' | 'warning'
  readonly file: string
  readonly line: number
  readonly column: number
  readonly endColumn: number
  readonly message: string
  readonly consequence: string
  readonly cure: string
  readonly page: string
}

/** The finding with what follows from its code. */
export function findingJson(problem: Problem, sources: MenuSources): FindingJson {
  const { code, file, line, column, message } = problem
  const { consequence, cure } = codes[code]
  const endColumn = endColumnOf(problem, sources)
  return {
    code,
    severity: severityOf(code),
    file,
    line,
    column,
    endColumn,
    message,
    consequence,
    cure,
    page: pageOf(code),
  }
}

/** Prints findings, each once; the first of each code with its consequence, its cure and its page. */
export function findingPrinter(
  sources: MenuSources,
  write: (text: string) => void,
  colours: boolean,
): (problem: Problem) => void {
  const [printed, explained] = [new Set<string>(), new Set<Code>()]
  const paint: Paint = colours ? (part, text) => `\u001b[${COLOURS[part]}m${text}\u001b[0m` : (_part, text) => text
  return (problem) => {
    const line = describeProblem(problem)
    if (printed.has(line)) return
    printed.add(line)
    write(`${printProblem(problem, sources, paint)}\n`)
    const { code } = problem
    if (explained.has(code)) return
    explained.add(code)
    const { consequence, cure } = codes[code]
    write(`  Why: ${consequence}\n  Cure: ${cure}\n  More: ${paint('place', pageOf(code))}\n`)
  }
}

/** SGR parameters (ECMA-48 §8.3.117). */
const COLOURS: Readonly<Record<Parameters<Paint>[0], string>> = { place: '1', E: '1;31', W: '1;33', caret: '32' }

/** Whether the stream shows colours; https://no-color.org. */
export function showsColours(stream: { readonly isTTY?: boolean }): boolean {
  return stream.isTTY === true && !process.env.NO_COLOR
}

/** `1 problem`, `2 problems`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
