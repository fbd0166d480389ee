/** A place in a menu file; line and column count from 1. */
export type Spot = { readonly file: string; readonly line: number; readonly column: number }

/** What a check found: `E-` refuses the menus, `W-` does not. */
export type Code =
  | 'E-YAML'
  | 'E-SHAPE'
  | 'E-REF'
  | 'E-ROUTE'
  | 'E-TYPE'
  | 'E-KEY'
  | 'E-WRITE'
  | 'E-SECRET'
  | 'E-I18N'
  | 'E-REACH'
  | 'E-DEAD'
  | 'E-BACK'
  | 'E-BIND'
  | 'E-SPIN'
  | 'E-TIME'
  | 'E-WIDTH'
  | 'E-LINES'
  | 'E-SHORT'
  | 'E-MIG'
  | 'E-CUT'
  | 'W-I18N'
  | 'W-CUT'
  | 'W-SHORT'
  | 'W-REACH'
  | 'W-LOOP'
  | 'W-DEEP'
  | 'E-SMS'

export type Problem = Spot & {
  readonly code: Code
  /** What is wrong, what would come of it, what cures it. */
  readonly message: string
}

export type Report = (code: Code, at: Spot, message: string) => void

/** `a, b or c`, for "known are …"; the nearest first where one looks like a slip of the pen. */
export function suggest(name: string, known: Iterable<string>): string {
  const names = [...known]
  const near = names.filter((each) => distance(each, name) <= 2)
  if (near.length > 0) return `Did you mean ${near.join(' or ')}?`
  if (names.length === 0) return 'There are none.'
  return `Known: ${names.slice(0, 12).join(', ')}${names.length > 12 ? ', …' : ''}.`
}

/** How many characters have to be added, taken away or changed (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}

/** `file:line:column: code message` */
export function describeProblem({ file, line, column, code, message }: Problem): string {
  return `${file}:${line}:${column}: ${code} ${message}`
}

/** How the parts of a printed problem are set off, by colours for instance. */
export type Paint = (part: 'place' | 'E' | 'W' | 'caret', text: string) => string

/** The problem, then its line with carets under what it is about. */
export function printProblem(
  problem: Problem,
  sources: Readonly<Record<string, string>>,
  paint: Paint = (_part, text) => text,
): string {
  const { file, line, column, code, message } = problem
  const severity = code.startsWith('E-') ? 'E' : 'W'
  const head = `${paint('place', `${file}:${line}:${column}:`)} ${paint(severity, code)} ${message}`
  const source = lineOf(problem, sources)
  if (source === undefined) return head
  const carets = '^'.repeat(endColumnOf(problem, sources) - column)
  return `${head}\n  ${source}\n  ${' '.repeat(column - 1)}${paint('caret', carets)}`
}

/** The column after the word, the quoted text or the bracket that the problem is about; on the same line, and after its first column. */
export function endColumnOf(problem: Spot, sources: Readonly<Record<string, string>>): number {
  const rest = lineOf(problem, sources)?.slice(problem.column - 1) ?? ''
  const [found = ''] = /^("(\\.|[^"\\])*"|'[^']*'|[^\s,:{}[\]]+(?=\s*[:,}\]])|[^\s,{}[\]#][^,{}[\]#]*)/.exec(rest) ?? []
  return problem.column + Math.max(1, found.trimEnd().length)
}

function lineOf({ file, line }: Spot, sources: Readonly<Record<string, string>>): string | undefined {
  return sources[file]?.split('\n')[line - 1]
}
