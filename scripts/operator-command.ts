import { userInfo } from 'node:os'
import { parseArgs } from 'node:util'

export type Output = { readonly out: (text: string) => void; readonly err: (text: string) => void }

/** A command that shows things of one kind over the operator port, and says what is wanted of one of them. */
export type OperatorCommand<Row> = {
  /** As in `npm run links`, and what the answers name the list by. */
  readonly name: string
  /** One of the things, in a sentence. */
  readonly one: string
  /** Of the operator port; `/<path>/<name>/<verb>` is an order. */
  readonly path: string
  /** Beside `list`. */
  readonly orders: readonly string[]
  readonly help: string
  readonly print: (rows: readonly Row[]) => string
}

/** Runs `npm run <name> -- <args>`; returns the exit code: 0 done, 1 not done, 2 wrong use. */
export async function runOperatorCommand<Row>(
  command: OperatorCommand<Row>,
  args: readonly string[],
  { out, err }: Output,
): Promise<number> {
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
    const sentence = error instanceof Error ? error.message : String(error)
    err(`${sentence}. npm run ${command.name} -- --help names the options.\n`)
    return 2
  }
  const { values, positionals } = read
  const [verb = 'list', name, ...more] = positionals
  if (values.help || verb === 'help') {
    out(command.help)
    return 0
  }
  const wrong = wrongCall(command, verb, name, more, values.operator)
  if (wrong !== null) {
    err(`${wrong}\n`)
    return 2
  }
  const answer = await ask(command, values.operator, verb, name ?? '', values.by)
  if (typeof answer === 'string') {
    err(`${answer}\n`)
    return 1
  }
  out(values.json ? `${JSON.stringify({ [command.name]: answer })}\n` : command.print(answer))
  return 0
}

function wrongCall(
  { name: command, one, orders }: Pick<OperatorCommand<never>, 'name' | 'one' | 'orders'>,
  verb: string,
  name: string | undefined,
  more: readonly string[],
  operator: string,
): string | null {
  const verbs = ['list', ...orders]
  if (!verbs.includes(verb)) return `There is no verb ${verb}; there are ${verbs.join(', ')}.`
  if (verb === 'list' && name !== undefined) return `list takes no name; it shows all ${command}.`
  if (verb !== 'list' && name === undefined) return `Name the ${one}: npm run ${command} -- ${verb} <name>`
  if (more.length > 0) return `One ${one} at a time.`
  return URL.canParse(operator) ? null : '--operator must be a URL such as http://127.0.0.1:9080'
}

/** How all of them are afterwards, or a sentence. */
async function ask<Row>(
  command: OperatorCommand<Row>,
  operator: string,
  verb: string,
  name: string,
  by: string,
): Promise<readonly Row[] | string> {
  const base = operator.replace(/\/+$/, '')
  const list = `${base}/${command.path}`
  const order = `${list}/${encodeURIComponent(name)}/${verb}?by=${encodeURIComponent(by)}`
  try {
    const response = await (verb === 'list' ? fetch(list) : fetch(order, { method: 'POST' }))
    const body = (await response.json()) as { readonly detail?: string } & { readonly [list: string]: unknown }
    const rows = body[command.name] as readonly Row[] | undefined
    return rows ?? body.detail ?? `The operator port answered ${response.status}.`
  } catch {
    return `No gateway or worker answers at ${base}; start one, or name its operator port with --operator.`
  }
}
