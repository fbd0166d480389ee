/** Writes rows as RFC 4180 has them: commas, CRLF after each row, and quotes where a cell needs them. */
export function writeCsv(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => `${row.map(quoted).join(',')}\r\n`).join('')
}

/**
 * Reads what `writeCsv` writes, and what spreadsheets make of it: a byte-order mark, LF for CRLF, semicolons or tabs for commas (the
 * header row decides). Null where a quote is never closed.
 */
export function readCsv(source: string): readonly (readonly string[])[] | null {
  const text = source.replace(/^\uFEFF/, '')
  const separator = separatorOf(text)
  const rows: string[][] = []
  let [row, cell, at]: [string[], string, number] = [[], '', 0]
  while (at < text.length) {
    const character = text[at] ?? ''
    if (character === '"' && cell === '') {
      const end = closingQuote(text, at)
      if (end === null) return null
      cell = text.slice(at + 1, end).replaceAll('""', '"')
      at = end + 1
      // What follows a quoted cell up to the next separator is kept, so that nothing is lost.
      while (at < text.length && !isBreak(text[at], separator)) cell += text[at++]
    } else if (!isBreak(character, separator)) {
      cell += character
      at += 1
      continue
    }
    row.push(cell)
    cell = ''
    if (text[at] === separator) {
      at += 1
      if (at < text.length) continue
      row.push('')
    } else at += text.startsWith('\r\n', at) ? 2 : 1
    rows.push(row)
    row = []
  }
  if (cell !== '' || row.length > 0) rows.push([...row, cell])
  return rows
}

function quoted(cell: string): string {
  return /[",\r\n;\t]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell
}

function separatorOf(text: string): string {
  const [header = ''] = text.split(/[\r\n]/, 1)
  return [',', ';', '\t'].find((each) => header.includes(each)) ?? ','
}

function isBreak(character: string | undefined, separator: string): boolean {
  return character === separator || character === '\n' || character === '\r'
}

function closingQuote(text: string, from: number): number | null {
  for (let at = from + 1; at < text.length; at += 1) {
    if (text[at] !== '"') continue
    if (text[at + 1] !== '"') return at
    at += 1
  }
  return null
}
