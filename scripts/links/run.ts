import { userInfo } from 'node:os'
import { parseArgs } from 'node:util'
import type { ControlledLink } from '../../src/sms/link-control.ts'
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

const VERBS = ['list', 'suspend', 'drain', 'resume']

export type Output = { readonly out: (text: string) => void; readonly err: (text: string) => void }

/** Runs `npm run links -- <args>`; returns the exit code. */
export async function runLinks(args: readonly string[], { out, err }: Output): Promise<number> {
  const options = {
    operator: { type: 'string', default: 'http://127.0.0.1:9080' },
    by: { type: 'string', default: userInfo().username },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  } as const
  let read: ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>>
  try {
    read = parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (error) {
    err(`${error instanceof Error ? error.message : String(error)}. npm run links -- --help names the options.\n`)
    return 2
  }
  const { values, positionals } = read
  const [verb = 'list', name, ...more] = positionals
  if (values.help || verb === 'help') {
    out(HELP)
    return 0
  }
  const wrong = wrongCall(verb, name, more, values.operator)
  if (wrong !== null) {
    err(`${wrong}\n`)
    return 2
  }
  const answer = await ask(values.operator, verb, name ?? '', values.by)
  if (typeof answer === 'string') {
    err(`${answer}\n`)
    return 1
  }
  out(values.json ? `${JSON.stringify({ links: answer })}\n` : printLinks(answer))
  return 0
}

function wrongCall(verb: string, name: string | undefined, more: readonly string[], operator: string): string | null {
  if (!VERBS.includes(verb)) return `There is no verb ${verb}; there are ${VERBS.join(', ')}.`
  if (verb === 'list' && name !== undefined) return 'list takes no name; it shows all links.'
  if (verb !== 'list' && name === undefined) return `Name the link: npm run links -- ${verb} <name>`
  if (more.length > 0) return 'One link at a time.'
  return URL.canParse(operator) ? null : '--operator must be a URL such as http://127.0.0.1:9080'
}

/** The links afterwards, or a sentence. */
async function ask(operator: string, verb: string, name: string, by: string): Promise<ControlledLink[] | string> {
  const base = operator.replace(/\/+$/, '')
  const path = verb === 'list' ? '/links' : `/links/${encodeURIComponent(name)}/${verb}?by=${encodeURIComponent(by)}`
  try {
    const response = await fetch(`${base}${path}`, { method: verb === 'list' ? 'GET' : 'POST' })
    const body = (await response.json()) as { links?: ControlledLink[]; detail?: string }
    return body.links ?? body.detail ?? `The operator port answered ${response.status}.`
  } catch {
    return `No gateway or worker answers at ${base}; start one, or name its operator port with --operator.`
  }
}
