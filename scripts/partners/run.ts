import { userInfo } from 'node:os'
import { parseArgs } from 'node:util'
import type { ControlledPartner } from '../../src/security/partner-control.ts'

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

const VERBS = ['list', 'stop', 'resume']

export type Output = { readonly out: (text: string) => void; readonly err: (text: string) => void }

/** Runs `npm run partners -- <args>`; returns the exit code. */
export async function runPartners(args: readonly string[], { out, err }: Output): Promise<number> {
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
    err(`${error instanceof Error ? error.message : String(error)}. npm run partners -- --help names the options.\n`)
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
  out(values.json ? `${JSON.stringify({ partners: answer })}\n` : answer.map(lineOf).join(''))
  return 0
}

function lineOf({ partner, mode, by }: ControlledPartner): string {
  return `${partner} ${mode === 'active' ? mode : `STOPPED by ${by}`}\n`
}

function wrongCall(verb: string, name: string | undefined, more: readonly string[], operator: string): string | null {
  if (!VERBS.includes(verb)) return `There is no verb ${verb}; there are ${VERBS.join(', ')}.`
  if (verb === 'list' && name !== undefined) return 'list takes no name; it shows all partners.'
  if (verb !== 'list' && name === undefined) return `Name the partner: npm run partners -- ${verb} <name>`
  if (more.length > 0) return 'One partner at a time.'
  return URL.canParse(operator) ? null : '--operator must be a URL such as http://127.0.0.1:9080'
}

/** The partners afterwards, or a sentence. */
async function ask(operator: string, verb: string, name: string, by: string): Promise<ControlledPartner[] | string> {
  const base = operator.replace(/\/+$/, '')
  const path = verb === 'list' ? '/trust' : `/trust/${encodeURIComponent(name)}/${verb}?by=${encodeURIComponent(by)}`
  try {
    const response = await fetch(`${base}${path}`, { method: verb === 'list' ? 'GET' : 'POST' })
    const body = (await response.json()) as { partners?: ControlledPartner[]; detail?: string }
    return body.partners ?? body.detail ?? `The operator port answered ${response.status}.`
  } catch {
    return `No gateway or worker answers at ${base}; start one, or name its operator port with --operator.`
  }
}
