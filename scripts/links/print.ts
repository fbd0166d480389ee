import type { ControlledLink } from '../../src/sms/link-control.ts'

/** A line for each link, under headings. */
export function printLinks(links: readonly ControlledLink[]): string {
  if (links.length === 0) return 'No links are set; SMPP_LINKS names them.\n'
  const rows = [['link', 'wanted', 'here', 'bound', 'in flight', 'waiting'], ...links.map(rowOf)]
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  return rows
    .map((row) => `${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd())
    .join('\n')
    .concat('\n')
}

function rowOf({ name, mode, by, up, status }: ControlledLink): string[] {
  const wanted = mode === 'active' ? mode : `${mode} by ${by}`
  const here = up === null ? 'elsewhere' : up ? 'takes messages' : 'takes none'
  if (status === null) return [name, wanted, here, '', '', '']
  const { binds, window, waiting, paused } = status
  const bound = binds.filter(({ state }) => state === 'bound').length
  const inFlight = binds.reduce((sum, bind) => sum + bind.inFlight, 0)
  const count = waiting.code + waiting.receipt + waiting.bulk
  return [
    ...[name, wanted, here, `${bound} of ${binds.length}`, `${inFlight} of ${window * binds.length}`],
    `${count}${paused ? ' (the network asked for patience)' : ''}`,
  ]
}
