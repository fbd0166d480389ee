/** Lines of two texts, marked `-` where only the first has them, `+` where only the second, and two blanks where both do. */
export function diffLines(expected: string, actual: string): readonly string[] {
  const [before, after] = [expected.split('\n'), actual.split('\n')]
  const common = commonLengths(before, after)
  const lines: string[] = []
  let [at, to] = [0, 0]
  while (at < before.length || to < after.length) {
    const [removed, added] = [before[at], after[to]]
    if (removed !== undefined && removed === added) {
      lines.push(`  ${removed}`)
      at += 1
      to += 1
    } else if (
      added === undefined ||
      (removed !== undefined && lengthAt(common, at + 1, to) >= lengthAt(common, at, to + 1))
    ) {
      lines.push(`- ${removed ?? ''}`)
      at += 1
    } else {
      lines.push(`+ ${added}`)
      to += 1
    }
  }
  return lines
}

/** How many lines the rests of both texts have in common, from each line of either on. */
function commonLengths(before: readonly string[], after: readonly string[]): readonly (readonly number[])[] {
  const table = Array.from({ length: before.length + 1 }, () => new Array<number>(after.length + 1).fill(0))
  for (let at = before.length - 1; at >= 0; at -= 1) {
    for (let to = after.length - 1; to >= 0; to -= 1) {
      const [row, below] = [table[at] ?? [], table[at + 1] ?? []]
      row[to] = before[at] === after[to] ? (below[to + 1] ?? 0) + 1 : Math.max(below[to] ?? 0, row[to + 1] ?? 0)
    }
  }
  return table
}

function lengthAt(table: readonly (readonly number[])[], at: number, to: number): number {
  return table[at]?.[to] ?? 0
}
