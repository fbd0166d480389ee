import type { ControlledLink } from '../../src/sms/link-control.ts'
import { type Output, runOperatorCommand } from '../operator-command.ts'
import { printLinks } from './print.ts'

const HELP = `Shows the links over which SMS go, and stops and resumes them. What is wanted is stored, so that every worker does it
within a second and still after a restart.

  npm run links -- list
  npm run links -- suspend mno1     takes no more messages, what waits goes elsewhere; stays bound, so receipts still come
  npm run links -- drain mno1       takes no more messages, sends what waits, then unbinds
  npm run links -- resume mno1
  npm run --silent links -- list --json

  --operator <url>   the operator port of a gateway or worker on this machine (http://127.0.0.1:9080)
  --by <name>        who says so, for the record; the name of your user unless stated
  --json             the links as a JSON object: {"links":[{"name","mode","by","up","status"}]}

Ends with 0 where it was done, 1 where it was not, 2 where it was called wrongly.
`

/** Runs `npm run links -- <args>`; returns the exit code. */
export function runLinks(args: readonly string[], output: Output): Promise<number> {
  const words = { name: 'links', one: 'link', path: 'links', orders: ['suspend', 'drain', 'resume'], help: HELP }
  return runOperatorCommand<ControlledLink>({ ...words, print: printLinks }, args, output)
}
