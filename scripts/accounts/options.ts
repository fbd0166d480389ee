import type { parseArgs } from 'node:util'
import { standardProfile } from '../../src/aggregators/smpp/profiles.ts'
import type { BindType } from '../../src/aggregators/smpp/server/account.ts'
import { sourceAddress } from '../../src/aggregators/smpp/submit.ts'
import type { NewAccount } from '../../src/sms/accounts/manage.ts'
import type { SmsCategory } from '../../src/sms/informing.ts'
import { type CommandLine, readCommandLine } from '../command-line.ts'

export type Verb =
  | { readonly verb: 'add'; readonly account: NewAccount }
  | { readonly verb: 'list' }
  | { readonly verb: 'suspend' | 'resume' | 'remove'; readonly systemId: string }
  | { readonly verb: 'top-up'; readonly systemId: string; readonly segments: bigint }

export type Options = Verb & { readonly json: boolean }

export const HELP = `Accounts of those who bind to our SMPP server (SMPP_SERVER_PORT; docs/smpp-server.md).

  npm run accounts -- add shop --sender Shop --volume 10000
  npm run accounts -- add bank --sender Bank --own 22384 --category transactional --binds 4 --tps 100 --priority receipt
  npm run accounts -- list
  npm run accounts -- suspend shop
  npm run accounts -- resume shop
  npm run accounts -- top-up shop 5000
  npm run accounts -- remove shop

add <system_id> makes an account and shows its password, once: eight characters, which is what SMPP has room for.
  --sender <sender>     who its messages may come from: a name, a short code, +254…, or * for all but the service's own; the first
                        is taken where a message names none (required; several times)
  --volume <segments>   how many segments it may send before it is topped up       (no limit)
  --bind <type>         transmitter, receiver or transceiver; several times         (all three)
  --binds <n>           binds at any time                                           (2)
  --tps <n>             submits a second over all binds                             (10)
  --window <n>          submits of one bind without an answer at any time           (10)
  --prefix <digits>     numbers it may send to, without +; several times            (all)
  --own <number>        short code whose incoming messages it gets, none of the service's own; several times
  --category <c>        what its messages are: transactional (asked for, or about the phone's owner's own business: always sent, at once),
                        informing (about that business, unasked) or campaign (marketing, to many); the last two go to nobody who
                        wrote STOP, to us or to a number it owns, and wait for the end of quiet hours           (campaign)
  --priority <p>        bulk, or receipt: before bulk                               (bulk)
  --ids <form>          of message ids: uuid, decimal or hex                        (uuid)
top-up adds segments to an account that has a volume. A suspended or removed account loses its binds within seconds; what it sent
before still goes out. Every change is in the audit record.
  --json                one JSON object, {"outcome":…}
  --help                this page

Works on the stores of DATABASE_URL with DATA_KEY and AUDIT_KEY; without DATABASE_URL on the local ones of the demo.
Exit codes: 0 done; 1 not done; 2 wrong use.
`

const CATEGORIES: readonly SmsCategory[] = ['campaign', 'informing', 'transactional']
const VERBS = ['add', 'list', 'suspend', 'resume', 'top-up', 'remove']
const BIND_TYPES: readonly BindType[] = ['transmitter', 'receiver', 'transceiver']

const one = { type: 'string' } as const
const several = { type: 'string', multiple: true } as const
const WORDS = {
  ...{ sender: several, bind: several, prefix: several, own: several },
  ...{ volume: one, binds: one, tps: one, window: one, priority: one, category: one, ids: one },
  json: { type: 'boolean' },
} as const

type Values = ReturnType<typeof parseArgs<{ options: typeof WORDS }>>['values']

export function readOptions(args: readonly string[]): CommandLine<Options> {
  return readCommandLine('accounts', args, { options: WORDS, allowPositionals: true }, ({ values, positionals }) =>
    readVerb(positionals, values),
  )
}

function readVerb(positionals: readonly string[], values: Values): Options | string {
  const [verb = '', systemId = '', amount, ...more] = positionals
  if (!VERBS.includes(verb)) {
    return verb === ''
      ? `What is to be done? Say one of ${VERBS.join(', ')}.`
      : `${JSON.stringify(verb)} is none of ${VERBS.join(', ')}.`
  }
  if (more.length > 0 || (amount !== undefined && verb !== 'top-up')) return `${verb} takes fewer words.`
  const stray = Object.keys(values).filter((name) => verb !== 'add' && name !== 'json')
  if (stray.length > 0) return `--${stray[0]} belongs to add; an account's limits are set once.`
  const { json = false } = values
  if (verb === 'list') return systemId === '' ? { verb, json } : 'list takes no system_id; it lists all.'
  if (!/^[A-Za-z0-9_.-]{1,15}$/.test(systemId)) {
    return 'Which account? Say its system_id: up to 15 letters, digits, dots, hyphens and underscores.'
  }
  if (verb === 'suspend' || verb === 'resume' || verb === 'remove') return { verb, systemId, json }
  if (verb === 'top-up') {
    return /^[1-9]\d{0,8}$/.test(amount ?? '')
      ? { verb, systemId, segments: BigInt(amount ?? '0'), json }
      : 'By how many segments? Say a whole number from 1 to 999999999.'
  }
  const problems: string[] = []
  const account = readAccount(systemId, values, problems)
  return problems.length > 0 ? problems.join('\n') : { verb: 'add', account, json }
}

function readAccount(systemId: string, values: Values, problems: string[]): NewAccount {
  const complainUnless = (good: boolean, sentence: string): void => void (good || problems.push(sentence))
  const whole = (name: 'binds' | 'tps' | 'window', longest: number, usual: number): number => {
    const text = values[name] ?? String(usual)
    const number = /^\d{1,6}$/.test(text) ? Number(text) : 0
    complainUnless(number >= 1 && number <= longest, `--${name} must be a whole number from 1 to ${longest}.`)
    return number
  }
  const oneOf = <T extends string>(name: 'priority' | 'ids' | 'category', choices: readonly T[], usual: T): T => {
    const found = choices.find((choice) => choice === (values[name] ?? usual))
    complainUnless(found !== undefined, `--${name} must be one of ${choices.join(', ')}.`)
    return found ?? usual
  }
  const { sender: senders = [], prefix: prefixes = [], own: owned = [], bind = [...BIND_TYPES], volume } = values
  complainUnless(senders.length > 0, 'Say --sender: who its messages may come from.')
  for (const sender of senders.filter((each) => each !== '*' && sourceAddress(each, standardProfile) === null)) {
    problems.push(
      `${JSON.stringify(sender)} is no sender: a name has at most 11 plain characters, a short code 2 to 8 digits, a number begins with +.`,
    )
  }
  for (const text of prefixes.filter((each) => !/^\d{1,15}$/.test(each))) {
    problems.push(`${JSON.stringify(text)} is no prefix: write the digits of international numbers, without +.`)
  }
  for (const text of owned.filter((each) => !/^\+?\d{2,15}$/.test(each))) {
    problems.push(`${JSON.stringify(text)} is no short code: write its digits.`)
  }
  for (const text of bind.filter((each) => !BIND_TYPES.some((type) => type === each))) {
    problems.push(`${JSON.stringify(text)} is no type of bind; they are ${BIND_TYPES.join(', ')}.`)
  }
  complainUnless(volume === undefined || /^\d{1,12}$/.test(volume), '--volume must be a whole number of segments.')
  return {
    ...{ systemId, senders, prefixes, owned },
    bindTypes: BIND_TYPES.filter((type) => bind.includes(type)),
    maxBinds: whole('binds', 100, 2),
    tps: whole('tps', 10_000, 10),
    window: whole('window', 1_000, 10),
    category: oneOf('category', CATEGORIES, 'campaign'),
    priority: oneOf('priority', ['bulk', 'receipt'], 'bulk'),
    messageIds: oneOf('ids', ['uuid', 'decimal', 'hex'], 'uuid'),
    volumeLeft: volume === undefined || problems.length > 0 ? null : BigInt(volume),
  }
}
