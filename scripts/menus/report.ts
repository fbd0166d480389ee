import { parseArgs } from 'node:util'
import { causeOf } from '../dial/gateway.ts'
import type { Verb } from './verb.ts'

export const report: Verb = {
  name: 'report',
  summary: 'says how people fare on each screen, by the metrics of a running gateway',
  help: `[--url http://127.0.0.1:9080] [--json]

Reads /metrics on the operator's port and prints the screens, most shown first, for each version of the menus and each language: how often
shown, how many answers were invalid, went back or home, and how many sessions the network ended there (hung up or unanswered).
Each process counts for itself and from its start; over many, ask Prometheus for ussd_screen_deeds_total.
  --url      where the gateway's operator port is; OPERATOR_PORT of this machine unless stated
  --json     one JSON object a row: {"program", "language", "screen", "shown", "answered", "invalid", "back", "home", "page", "ended",
             "dropped", "failed"}

  npm run menus -- report
  OPERATOR_PORT=9180 npm run menus -- report --json
`,
  run,
}

const METRIC = 'ussd_screen_deeds_total'
const DEEDS = ['shown', 'answered', 'invalid', 'back', 'home', 'page', 'ended', 'dropped', 'failed'] as const
const PATIENCE_MS = 5000

export type ScreenRow = Readonly<Record<'program' | 'language' | 'screen' | 'key', string>> &
  Readonly<Record<(typeof DEEDS)[number], number>>

async function run(args: readonly string[]): Promise<number> {
  const usual = `http://127.0.0.1:${process.env.OPERATOR_PORT ?? '9080'}`
  const { values } = parseArgs({
    args: [...args],
    options: { url: { type: 'string', default: usual }, json: { type: 'boolean', default: false } },
  })
  const rows = readRows(await metricsOf(values.url))
  if (values.json) for (const { key: _, ...row } of rows) process.stdout.write(`${JSON.stringify(row)}\n`)
  else process.stdout.write(rows.length === 0 ? 'No screen was shown yet.\n' : describeRows(rows))
  return 0
}

async function metricsOf(url: string): Promise<string> {
  try {
    const response = await fetch(`${url.replace(/\/+$/, '')}/metrics`, { signal: AbortSignal.timeout(PATIENCE_MS) })
    if (!response.ok) throw new Error(`HTTP ${response.status}`)
    return await response.text()
  } catch (error) {
    throw new Error(`No metrics at ${url} (${causeOf(error)}); name the operator's port of a running gateway by --url.`)
  }
}

/** The rows in what Prometheus reads; those of one version and language stand together, most shown first. */
export function readRows(metrics: string): readonly ScreenRow[] {
  const rows = new Map<string, Record<string, string | number>>()
  for (const line of metrics.split('\n').filter((each) => each.startsWith(`${METRIC}{`))) {
    const labels = Object.fromEntries([...line.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]))
    const { program = '', language = '', screen = '', deed = '' } = labels
    const key = `${program} ${language} ${screen}`
    const row = rows.get(key) ?? {
      key,
      program,
      language,
      screen,
      ...Object.fromEntries(DEEDS.map((each) => [each, 0])),
    }
    rows.set(key, { ...row, [deed]: Number(line.slice(line.lastIndexOf(' '))) })
  }
  const found = [...rows.values()] as ScreenRow[]
  const group = ({ program, language }: ScreenRow) => `${program} ${language}`
  return found.sort((a, b) => group(a).localeCompare(group(b)) || b.shown - a.shown || a.key.localeCompare(b.key))
}

/** A table for each version and language. Invalid, back and home are shares of the answers, abandoned of the times it was shown. */
export function describeRows(rows: readonly ScreenRow[]): string {
  const wide = Math.max(...rows.map(({ screen }) => screen.length), 'screen'.length)
  const columns = ['shown', 'answers', 'invalid', 'back', 'home', 'abandoned']
  const line = (name: string, cells: readonly string[]) =>
    `  ${name.padEnd(wide)}${cells.map((cell) => cell.padStart(10)).join('')}`
  let group = ''
  return rows
    .flatMap((row) => {
      const { program, language, screen, shown } = row
      const answers = row.answered + row.invalid + row.back + row.home + row.page
      const share = (part: number, of: number) => (of === 0 ? '-' : `${((part * 100) / of).toFixed(1)} %`)
      const parts = [row.invalid, row.back, row.home].map((part) => share(part, answers))
      const cells = [String(shown), String(answers), ...parts, share(row.dropped + row.failed, shown)]
      const isNew = group !== `${program} ${language}`
      const head = isNew
        ? [...(group === '' ? [] : ['']), `menus ${program}, ${language}`, line('screen', columns)]
        : []
      group = `${program} ${language}`
      return [...head, line(screen, cells)]
    })
    .join('\n')
    .concat('\n')
}
