import { fileURLToPath } from 'node:url'
import type { Market } from '../../src/domain/market.ts'
import type { Msisdn } from '../../src/domain/msisdn.ts'
import { Secret } from '../../src/domain/secret.ts'
import { compile, type MenuSources } from '../../src/menu/compile.ts'
import type { ActionContract, Fields, Json, KeywordContract } from '../../src/menu/contract.ts'
import type { MenuEvent, RunEffect, Step } from '../../src/menu/event.ts'
import type { LastTransfer } from '../../src/menu/last-transfer.ts'
import { loadMenuSources } from '../../src/menu/load.ts'
import { printProblem } from '../../src/menu/problem.ts'
import type { Program } from '../../src/menu/program.ts'
import { begin, type Facts, type MenuSession } from '../../src/menu/session.ts'
import { step } from '../../src/menu/step.ts'

export const kenya: Market = {
  code: 'KE',
  currency: 'KES',
  timeZone: 'Africa/Nairobi',
  numbering: { countryCode: '254', trunkPrefix: '0', nationalLength: 9, mobilePrefixes: ['7', '1'] },
}

export const contracts: readonly ActionContract[] = [
  {
    name: 'find-payee',
    effect: 'read',
    input: { number: { type: 'msisdn' } },
    outcomes: { found: { id: { type: 'opaque' }, name: { type: 'text', max: 16 } }, unknown: {} },
  },
  {
    name: 'quote',
    effect: 'read',
    input: { payee: { type: 'opaque' }, amount: { type: 'money', max: 100_000_000n } },
    outcomes: {
      quoted: { fee: { type: 'money', max: 100_000n } },
      insufficient: { available: { type: 'money', max: 100_000_000n } },
    },
  },
  {
    name: 'send-money',
    effect: 'write',
    asks: 'pin',
    input: { payee: { type: 'opaque' }, amount: { type: 'money', max: 100_000_000n } },
    outcomes: { sent: { reference: { type: 'text', max: 10 } }, refused: {} },
    deadlineMs: 5000,
  },
  {
    name: 'check-balance',
    effect: 'read',
    asks: 'pin',
    input: {},
    outcomes: { ok: { balance: { type: 'money' } } },
  },
  {
    name: 'remember-language',
    effect: 'record',
    input: { language: { type: 'choice', of: ['en', 'sw'] } },
    outcomes: { ok: { language: { type: 'choice', of: ['en', 'sw'] } } },
  },
  {
    name: 'list-shops',
    effect: 'read',
    input: { area: { type: 'number', max: 99 } },
    outcomes: {
      ok: { shops: { type: 'rows', max: 40, of: { id: { type: 'text', max: 8 }, name: { type: 'text', max: 20 } } } },
      closed: {},
    },
  },
  {
    name: 'list-visits',
    effect: 'read',
    input: { shop: { type: 'text', max: 8 } },
    outcomes: {
      ok: { visits: { type: 'rows', max: 30, of: { at: { type: 'moment' }, what: { type: 'text', max: 20 } } } },
    },
  },
]

export const messageContracts: Readonly<Record<string, Fields>> = {
  thanks: { name: { type: 'text', max: 40 }, shop: { type: 'text', max: 8 } },
  code: { code: { type: 'digits', max: 6 } },
}

export const keywordContracts: readonly KeywordContract[] = [
  { name: 'balance', opens: [], names: false },
  { name: 'send', opens: ['to', 'amount'], names: false },
  { name: 'language', opens: null, names: true },
]

/** 23 November 2026, 14:05 in Nairobi. */
export const AT_MS: number = Date.UTC(2026, 10, 23, 11, 5)

export const amina: Facts = {
  status: 'active',
  name: 'Amina Otieno',
  firstName: 'Amina',
  number: '+254700000001' as Msisdn,
}

export function menuFolder(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url))
}

/** The small menus, or these sources; throws with every problem printed. */
export async function compiled(changes: MenuSources = {}): Promise<Program> {
  const sources = { ...(await loadMenuSources(menuFolder('small'))), ...changes }
  const result = compile(sources, contracts, messageContracts, kenya)
  if (result.kind === 'compiled') return result.program
  throw new Error(result.problems.map((problem) => printProblem(problem, sources)).join('\n'))
}

/** The small menus with a key for the previous page and one for the end. */
export async function keysProfile(): Promise<MenuSources> {
  const { 'service.yaml': service = '', 'languages/sw.yaml': sw = '' } = await loadMenuSources(menuFolder('small'))
  const more = '  more: { key: "98", text: "98 More" }\n'
  const keys = '  previous: { key: "97", text: "97 Before" }\n  exit: { key: "#", text: "# Exit", end: "Good bye." }\n'
  return {
    'service.yaml': service.replace(more, more + keys),
    'languages/sw.yaml': `${sw}
service.navigation.previous: "97 Awali"
service.navigation.exit: "# Toka"
service.exit.end: "Kwaheri."
`,
  }
}

export type Answers = (run: RunEffect) => { outcome: string; values?: Record<string, Json> }

export type Phone = {
  readonly runs: readonly RunEffect[]
  text(): string
  step(): Step & { kind: 'reply' }
  /** Answers, and returns the next screen's words. */
  type(input: string): string
  /** Dials again after a drop, and returns the offer's words. */
  resume(): string
}

/** A phone on the engine: answers actions with `answers` and remembers the last step. */
export function dial(
  program: Program,
  answers: Answers,
  facts: Facts = amina,
  dialled: readonly string[] = [],
  language = 'en',
  last?: LastTransfer,
): Phone {
  const runs: RunEffect[] = []
  const feed = (session: MenuSession, event: MenuEvent): Step & { kind: 'reply' } => {
    let last = step(program, session, event)
    while (last.kind === 'run') {
      runs.push(last.run)
      const { outcome, values = {} } = answers(last.run)
      const kept = JSON.parse(JSON.stringify(last.session)) as MenuSession
      last = step(program, kept, { kind: 'outcome', atMs: AT_MS, outcome, values, rest: last.rest })
    }
    return last
  }
  const secrets = (texts: readonly string[]): Secret[] => texts.map((text) => new Secret(text))
  const start = begin(program, { language, facts })
  let latest = feed(start, {
    ...{ kind: 'open', atMs: AT_MS, dialled: secrets(dialled) },
    ...(last === undefined ? {} : { last }),
  })
  return {
    runs,
    text: (): string => latest.reply.text,
    step: (): Step & { kind: 'reply' } => latest,
    type: (input: string): string => {
      const session = JSON.parse(JSON.stringify(latest.session)) as MenuSession
      latest = feed(session, { kind: 'input', atMs: AT_MS, input: new Secret(input) })
      return latest.reply.text
    },
    resume: (): string => {
      latest = feed(latest.session, { kind: 'resume', atMs: AT_MS })
      return latest.reply.text
    },
  }
}
