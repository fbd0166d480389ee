import type { ControlledPartner } from '../../src/security/partner-control.ts'
import { type Output, runOperatorCommand } from '../operator-command.ts'

const HELP = `Shows the partners that dialogues and callbacks come from, and stops and resumes them. What is wanted is stored and put on
record, so that every gateway does it within a second and still after a restart.

  npm run partners -- list
  npm run partners -- stop africastalking     nothing that comes from it is taken: dials and dialogues end politely, callbacks get 503
  npm run partners -- resume africastalking
  npm run --silent partners -- list --json

  --operator <url>   the operator port of a gateway or worker on this machine (http://127.0.0.1:9080)
  --by <name>        who says so, for the record; the name of your user unless stated
  --json             the partners as a JSON object: {"partners":[{"partner","mode","by"}]}

Ends with 0 where it was done, 1 where it was not, 2 where it was called wrongly.
`

/** Runs `npm run partners -- <args>`; returns the exit code. */
export function runPartners(args: readonly string[], output: Output): Promise<number> {
  const words = { name: 'partners', one: 'partner', path: 'trust', orders: ['stop', 'resume'], help: HELP }
  const print = (partners: readonly ControlledPartner[]) => partners.map(lineOf).join('')
  return runOperatorCommand<ControlledPartner>({ ...words, print }, args, output)
}

function lineOf({ partner, mode, by }: ControlledPartner): string {
  return `${partner} ${mode === 'active' ? mode : `STOPPED by ${by}`}\n`
}
