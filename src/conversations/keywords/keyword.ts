import type { Biller } from '../../billers/biller.ts'
import type { Queryable } from '../../database/database.ts'
import type { Market } from '../../domain/market.ts'
import type { Msisdn } from '../../domain/msisdn.ts'
import type { Json, KeywordContract } from '../../menu/contract.ts'
import type { Program } from '../../menu/program.ts'
import type { Audit } from '../../security/audit.ts'
import type { Sealer } from '../../security/sealing.ts'
import type { AnswerKind } from '../../sms/answers.ts'
import type { Subscriber } from '../../subscribers/find.ts'

/** What a keyword may need; `tx` is the transaction in which the message is stored and the answer written. */
export type KeywordServices = {
  readonly tx: Queryable
  readonly sealer: Sealer
  readonly audit: Audit
  readonly market: Market
  readonly billers: ReadonlyMap<string, Biller>
  readonly program: Program
}

/** Who wrote, and the language of the answer: the subscriber's own, a stranger's that of the keyword. */
export type Writer = {
  readonly number: Msisdn
  readonly subscriber: Subscriber | null
  readonly language: string
  /** Which way the message came, and its id. */
  readonly link: string
  readonly messageId: string
}

/** What the dialogue is given beforehand. `row`: for a screen that is the list which this action fills, the row and what follows it. */
export type Opening = {
  readonly values: Readonly<Record<string, string>>
  readonly row: { readonly action: string; readonly inputs: readonly string[] } | null
}

/** What is answered to a keyword. */
export type Said = {
  /** A message of menus/messages.yaml; where something is opened it is sent only if that cannot be pushed, and has `{dial}`. */
  readonly message: string
  readonly values: Readonly<Record<string, Json>>
  /** Where it differs from the writer's. */
  readonly language?: string
  readonly opens: Opening | null
  readonly limit: AnswerKind
  /** What was written beyond what the keyword takes: digits in it may be a PIN. */
  readonly left: string
}

/** One thing that can be written to us: what the compiler reads, and what is done and said. */
export type Keyword = {
  readonly contract: KeywordContract
  /** Whether somebody without an account gets it, too. */
  readonly forStrangers: boolean
  /** Whether it means something only where nothing else is written. */
  readonly alone: boolean
  /** `rest`: what is written after the keyword. */
  readonly answer: (services: KeywordServices, writer: Writer, rest: string) => Promise<Said>
}

/** The word by which people are told of a keyword. */
export function wordFor(program: Program, keyword: string, language: string): string {
  const words = program.keywords[keyword]?.words ?? {}
  const [own] = words[language] ?? []
  return own ?? Object.values(words)[0]?.[0] ?? keyword
}
