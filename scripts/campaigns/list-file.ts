import { readFile } from 'node:fs/promises'
import type { ListRow } from '../../src/sms/campaigns/draft.ts'
import { readCsv } from '../menus/words/csv.ts'

/** More than anybody checks by eye, and as much as one commit should hold. */
const MOST_ROWS = 1_000_000

/** Reads a CSV file with a header: `number`, perhaps `language`, and fields. A line number counts rows, the header being the first. */
export async function readListFile(
  path: string,
): Promise<{ readonly rows: readonly ListRow[]; readonly problems: readonly string[] }> {
  const cells = readCsv(await readFile(path, 'utf8'))
  if (cells === null) return { rows: [], problems: [`${path} has a quote that is never closed, so it cannot be read.`] }
  const [header = [], ...lines] = cells
  const names = header.map((name) => name.trim().toLowerCase().replaceAll(' ', '_'))
  const problems = problemsOfHeader(path, names)
  const filled = lines
    .map((line, index) => ({ line, number: index + 2 }))
    .filter(({ line }) => line.some((cell) => cell.trim() !== ''))
  if (filled.length > MOST_ROWS) problems.push(`${path} has more than ${MOST_ROWS} rows; split it.`)
  if (problems.length > 0) return { rows: [], problems }
  const rows = filled.map(({ line, number }): ListRow => {
    const values = Object.fromEntries(names.map((name, at) => [name, line[at]?.trim() ?? '']))
    const { number: phone = '', language = '', ...fields } = values
    return { line: number, number: phone, language: language === '' ? null : language, fields }
  })
  return { rows, problems }
}

function problemsOfHeader(path: string, names: readonly string[]): string[] {
  const problems: string[] = []
  if (!names.includes('number')) problems.push(`${path} has no column number; the first line names the columns.`)
  for (const name of names.filter((name) => !/^[a-z][a-z0-9_]*$/.test(name)))
    problems.push(`${path} has a column ${JSON.stringify(name)}; names are of letters, digits and _.`)
  for (const name of names.filter((name, at) => names.indexOf(name) !== at))
    problems.push(`${path} has the column ${name} twice.`)
  return problems
}
