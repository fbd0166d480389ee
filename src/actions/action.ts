import type { OwnProvider, RemoteProvider } from '../account-providers/account-provider.ts'
import type { Biller } from '../billers/biller.ts'
import type { Database } from '../database/database.ts'
import type { SubscriberId } from '../domain/ids.ts'
import type { Market } from '../domain/market.ts'
import type { Msisdn } from '../domain/msisdn.ts'
import type { Secret } from '../domain/secret.ts'
import type { AskingRules } from '../ledger/asking-rules.ts'
import type { ConfirmTransfer } from '../ledger/confirm.ts'
import type { QuoteOutcome, QuoteTransfer } from '../ledger/quote.ts'
import type { LinkedRequest } from '../ledger/quote-linked.ts'
import type { StandingHours } from '../ledger/standing-times.ts'
import type { Tariffs } from '../ledger/tariff-in-force.ts'
import type { ActionContract, Json, Outcome, ValuesOf } from '../menu/contract.ts'
import type { Messages } from '../menu/messages.ts'
import type { Audit } from '../security/audit.ts'
import type { Keys } from '../security/keys.ts'
import type { Sealer } from '../security/sealing.ts'
import type { Settlement } from '../settlement/queue.ts'
import type { AskingNotices } from '../sms/asking-notices.ts'
import type { SmsBell } from '../sms/queue.ts'
import type { CodeBudget } from '../subscribers/code-budget.ts'
import type { FindByNumber } from '../subscribers/find.ts'
import type { LookupLimit } from '../subscribers/lookup-limit.ts'
import type { PinServices } from '../subscribers/pin.ts'
import type { Events } from '../telemetry/events.ts'

/** The person on the phone, as read once at the dial. */
export type Caller = { readonly id: SubscriberId; readonly number: Msisdn; readonly name: string }

/** The hop in which an action runs. */
export type ActionContext = {
  readonly caller: Caller
  readonly language: string
  readonly sessionId: string
  /** The session's key: the same for every copy of a request, also of a dial whose copies begin two sessions. */
  readonly conversation: string
  readonly atMs: number
}

/** Everything an action may need, built once in gateway.ts. */
export type Services = {
  readonly database: Database
  readonly sealer: Sealer
  readonly keys: Keys
  readonly market: Market
  readonly quoteTransfer: QuoteTransfer
  readonly tariffs: Tariffs
  readonly quoteLinked: (request: LinkedRequest) => Promise<QuoteOutcome>
  readonly confirmTransfer: ConfirmTransfer
  readonly findByNumber: FindByNumber
  /** Keeps the accounts. */
  readonly provider: OwnProvider
  readonly billers: ReadonlyMap<string, Biller>
  /** Providers where people may link accounts of their own. */
  readonly linked: ReadonlyMap<string, RemoteProvider>
  readonly pins: PinServices
  readonly messages: () => Messages
  readonly audit: Audit
  readonly settlement: Settlement
  readonly smsBell: SmsBell
  readonly lookupLimit: LookupLimit
  readonly codeBudget: CodeBudget
  readonly asking: AskingRules
  readonly standing: StandingHours
  readonly notices: AskingNotices
  readonly events: Events
}

/** What an action ended with: one of its contract's outcomes and that outcome's fields. */
export type ActionResult = { readonly outcome: string; readonly values: Readonly<Record<string, Json>> }

/** One thing a menu can do: a contract the compiler reads and the code that keeps it. */
export type Action = {
  readonly contract: ActionContract
  /** The minor units of money that it confirms, known before it runs; null for one that confirms none. */
  readonly amountOf: ((input: Readonly<Record<string, Json>>) => bigint) | null
  readonly run: (
    services: Services,
    context: ActionContext,
    input: Readonly<Record<string, Json>>,
    secret: Secret | null,
  ) => Promise<ActionResult>
}

/** The secret that the action itself checks; a PIN is checked before the action runs and does not reach it. */
type SecretOf<C extends ActionContract> = C['asks'] extends 'new_pin' | 'code' | 'answer' ? Secret : null

/** Ties a contract to its code, so that inputs, outcomes and fields are checked by the type checker. */
export function defineAction<const C extends ActionContract>(
  contract: C,
  run: (
    services: Services,
    context: ActionContext,
    input: ValuesOf<C['input']>,
    secret: SecretOf<C>,
  ) => Promise<Outcome<C>>,
  amountOf: ((input: ValuesOf<C['input']>) => bigint) | null = null,
): Action {
  return {
    contract,
    amountOf: amountOf === null ? null : (input) => amountOf(input as ValuesOf<C['input']>),
    run: async (services, context, input, secret) => {
      const result = await run(services, context, input as ValuesOf<C['input']>, secret as SecretOf<C>)
      return { outcome: result.outcome, values: (result.values ?? {}) as Record<string, Json> }
    },
  }
}
