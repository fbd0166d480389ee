import { type NoteKey, parseVerifierKey } from '../../src/security/audit-log/note.ts'
import { type CommandLine, readCommandLine } from '../command-line.ts'

export const HELP = `What everybody did, in a log that cannot be changed unseen: RFC 6962 tree, signed checkpoints, proofs (docs/audit.md).

  npm run audit -- verify                             recomputes the log from its rows and names what was edited, removed, moved, inserted
      --kept FILE                                     a checkpoint that a witness or you have kept elsewhere; may be given again
  npm run audit -- show --subject <id>                what was done: to whom or what, by whom (--actor), which (--action), when (--since, --until)
  npm run audit -- prove <event id or reference>      that it is on record: a proof (C2SP tlog-proof) for anybody with the public key
  npm run audit -- consistency <size> [<size>]        that the log of the second size goes on from that of the first
  npm run audit -- check FILE --key <public key>      checks such a proof, on any machine, without a database
      --from FILE                                     the older checkpoint, for a proof of consistency
      --cosigned <public key>                         a witness whose cosignature it must have; may be given again
  npm run audit -- key                                the log's public key
  npm run audit -- export DIR                         the log as files, for other tools (C2SP tlog-tiles)
  npm run audit -- erase <subscriber id>              erases the values in a person's records; what was done stays on record
  npm run audit -- witness --url http://127.0.0.1:9080/audit --state witness.txt --key <public key>
      --name bank.example/w1                          how the witness signs; it makes its key itself, beside the state
      --every 60                                      goes on, looking every so many seconds; without it looks once
      --listen 8090                                   answers add-checkpoint (C2SP tlog-witness) instead of fetching

  A proof goes into a file with -s, which keeps npm's own lines out of it:
  npm run audit -s -- prove QX7K2M9PLT > receipt.tlog-proof

  --json      for verify and show
  --limit     for show, 100

All but check and witness work on the stores of DATABASE_URL, with DATA_KEY and AUDIT_KEY; without it on the local ones of the demo.
Exit codes: 0 all is well; 1 something is wrong, or was not done; 2 wrong use.
`

export type ShowFilter = {
  readonly subject: string | null
  readonly actor: string | null
  readonly action: string | null
  readonly since: string | null
  readonly until: string | null
  readonly limit: number
}

export type WitnessOptions = {
  /** Where the log is read; null: it is brought, by whoever asks on `port`. */
  readonly url: string | null
  readonly state: string
  readonly name: string
  readonly log: NoteKey
  /** Null: once. */
  readonly everyMs: number | null
  readonly port: number | null
}

/** Works on a log in a database. */
export type LogRequest =
  | { readonly verb: 'verify'; readonly kept: readonly string[]; readonly json: boolean }
  | ({ readonly verb: 'show'; readonly json: boolean } & ShowFilter)
  | { readonly verb: 'prove'; readonly what: string }
  | { readonly verb: 'consistency'; readonly from: number; readonly to: number | null }
  | { readonly verb: 'key' }
  | { readonly verb: 'export'; readonly directory: string }
  | { readonly verb: 'erase'; readonly person: string }

export type CheckRequest = {
  readonly verb: 'check'
  readonly file: string
  readonly log: NoteKey
  readonly from: string | null
  readonly cosigned: readonly NoteKey[]
}

export type Request = LogRequest | CheckRequest | ({ readonly verb: 'witness' } & WitnessOptions)

const text = { type: 'string' } as const
const texts = { type: 'string', multiple: true } as const
const OPTIONS = {
  json: { type: 'boolean' },
  kept: texts,
  subject: text,
  actor: text,
  action: text,
  since: text,
  until: text,
  limit: text,
  key: text,
  from: text,
  cosigned: texts,
  url: text,
  state: text,
  name: text,
  every: text,
  listen: text,
} as const

type Values = { readonly [name in keyof typeof OPTIONS]?: string | boolean | string[] | undefined }

const BELONGS: Readonly<Record<string, readonly (keyof typeof OPTIONS)[]>> = {
  verify: ['kept', 'json'],
  show: ['subject', 'actor', 'action', 'since', 'until', 'limit', 'json'],
  prove: [],
  consistency: [],
  check: ['key', 'from', 'cosigned'],
  key: [],
  export: [],
  erase: [],
  witness: ['url', 'state', 'key', 'name', 'every', 'listen'],
}

export function readRequest(args: readonly string[]): CommandLine<Request> {
  if (args.length === 0) return { kind: 'help' }
  return readCommandLine('audit', args, { options: OPTIONS, allowPositionals: true }, ({ values, positionals }) => {
    const [verb = '', ...words] = positionals
    const belongs = BELONGS[verb]
    if (belongs === undefined) return `There is no ${verb || 'verb'}; there are ${Object.keys(BELONGS).join(', ')}.`
    const stray = Object.keys(values).find((name) => name !== 'help' && !belongs.some((known) => known === name))
    if (stray !== undefined) return `--${stray} does not belong to ${verb}.`
    return readVerb(verb, words, values)
  })
}

function readVerb(verb: string, words: readonly string[], values: Values): Request | string {
  const [word = '', second, ...more] = words
  const one = (name: keyof Values): string | null => (typeof values[name] === 'string' ? values[name] : null)
  const many = (name: keyof Values): readonly string[] => (Array.isArray(values[name]) ? values[name] : [])
  if (more.length > 0 || (second !== undefined && verb !== 'consistency')) return `${verb} takes one word only.`
  const takesNone = ['verify', 'show', 'key', 'witness'].includes(verb)
  if (takesNone && word !== '') return `${verb} takes no ${JSON.stringify(word)}.`
  if (!takesNone && word === '') return `Say what to ${verb}.`
  const json = values.json === true
  switch (verb) {
    case 'verify':
      return { verb, kept: many('kept'), json }
    case 'show':
      return readShow(one, json)
    case 'prove':
      return { verb, what: word }
    case 'consistency':
      return readConsistency(word, second ?? null)
    case 'check':
      return readCheck(word, one, many('cosigned'))
    case 'export':
      return { verb, directory: word }
    case 'erase':
      return { verb, person: word }
    case 'witness':
      return readWitness(one)
    default:
      return { verb: 'key' }
  }
}

type One = (name: keyof Values) => string | null

function readShow(one: One, json: boolean): Request | string {
  const times = ['since', 'until'] as const
  const wrong = times.find((name) => one(name) !== null && Number.isNaN(Date.parse(one(name) ?? '')))
  if (wrong !== undefined) return `--${wrong} is no time; write one such as 2026-11-23T14:00:00Z.`
  const limit = Number(one('limit') ?? 100)
  if (!Number.isInteger(limit) || limit < 1 || limit > 10_000) return '--limit is a whole number from 1 to 10000.'
  const [since, until] = times.map((name) => (one(name) === null ? null : new Date(one(name) ?? '').toISOString()))
  const filter = { subject: one('subject'), actor: one('actor'), action: one('action') }
  return { verb: 'show', ...filter, since: since ?? null, until: until ?? null, limit, json }
}

function readConsistency(first: string, second: string | null): Request | string {
  const sizes = [first, ...(second === null ? [] : [second])]
  if (!sizes.every((size) => /^\d{1,15}$/.test(size)))
    return 'Say how many leaves the log had, and has: two whole numbers.'
  return { verb: 'consistency', from: Number(first), to: second === null ? null : Number(second) }
}

function readCheck(file: string, one: One, cosigned: readonly string[]): Request | string {
  const log = logKey(one)
  if (typeof log === 'string') return log
  const witnesses = cosigned.map(parseVerifierKey)
  const known = witnesses.filter((key) => key?.kind === 'witness')
  if (known.length !== witnesses.length) return '--cosigned is no public key of a witness; its operator has it.'
  return { verb: 'check', file, log, from: one('from'), cosigned: known.filter((key) => key !== null) }
}

function readWitness(one: One): Request | string {
  const log = logKey(one)
  if (typeof log === 'string') return log
  const [url, state, name] = [one('url'), one('state'), one('name') ?? 'witness.example/nyota']
  if (state === null) return 'Say where the witness keeps what it has seen: --state FILE.'
  if ((url === null) === (one('listen') === null))
    return 'Say where the log is, --url http://…/audit, or where to listen, --listen 8090.'
  if (url !== null && !/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : ''))
    return '--url is no URL such as http://127.0.0.1:9080/audit'
  if (!/^[\w.:/-]{1,200}$/.test(name)) return '--name is a name such as bank.example/w1: letters, digits and . : / _ -'
  const [every, port] = (['every', 'listen'] as const).map((option) =>
    one(option) === null ? null : Number(one(option)),
  )
  if (every != null && !(every >= 1 && every <= 86_400)) return '--every is a number of seconds from 1 to 86400.'
  if (port != null && !(Number.isInteger(port) && port >= 0 && port <= 65_535)) return '--listen is a port.'
  return { verb: 'witness', url, state, name, log, everyMs: every == null ? null : every * 1000, port: port ?? null }
}

function logKey(one: One): NoteKey | string {
  const key = parseVerifierKey(one('key') ?? '')
  return key?.kind === 'log' ? key : "Give the log's public key: --key, as npm run audit -- key prints it."
}
