import { randomUUID } from 'node:crypto'
import type { DeliveryReport, IncomingSms } from '../aggregators/aggregator.ts'
import type { UssdPush } from '../aggregators/ussd-push.ts'
import type { Biller } from '../billers/biller.ts'
import type { Database, Queryable } from '../database/database.ts'
import type { Market } from '../domain/market.ts'
import { type Msisdn, parseMsisdn } from '../domain/msisdn.ts'
import type { Json } from '../menu/contract.ts'
import { messagesOf } from '../menu/messages.ts'
import { baseLanguageOf, type Program } from '../menu/program.ts'
import type { Audit } from '../security/audit.ts'
import type { Sealer } from '../security/sealing.ts'
import { findOwner, forwardToOwner } from '../sms/accounts/deliveries.ts'
import type { IsOwnSender } from '../sms/accounts/own-senders.ts'
import { type AnswerKind, lockNumber, mayAnswer } from '../sms/answers.ts'
import { hasOptedOut, recordConsent } from '../sms/consent.ts'
import { holdSms } from '../sms/hold.ts'
import { acknowledgeIncomingSms, type StoreOutcome, storeIncomingSms } from '../sms/inbox.ts'
import { enqueueSms, type QueuedSms } from '../sms/outbox.ts'
import type { SmsBell } from '../sms/queue.ts'
import { recordDelivery } from '../sms/record-delivery.ts'
import { findByNumber } from '../subscribers/find.ts'
import type { Events } from '../telemetry/events.ts'
import { dialString, inputsOf } from './keywords/dial.ts'
import { helpValues } from './keywords/help.ts'
import { type Keyword, type Said, type Writer, wordFor } from './keywords/keyword.ts'
import { mayHoldPin } from './keywords/pin.ts'
import { type HeardKeyword, readKeyword } from './keywords/read.ts'
import { keywords } from './keywords/registry.ts'
import { HELD_SECONDS, makeOffers, type Offer } from './offer.ts'
import { makeTurns } from './turns.ts'

/** What the networks tell us by SMS; each resolves once it is stored, so that the network may forget it. */
export type SmsConversation = {
  readonly receive: (message: IncomingSms) => Promise<void>
  /** The network has heard that the message was taken. */
  readonly acknowledged: (message: IncomingSms) => void
  readonly report: (report: DeliveryReport) => Promise<void>
  readonly optOut: (link: string, number: Msisdn) => Promise<void>
  /** Waits for dialogues that are being opened; call it before the database is closed. */
  readonly close: () => Promise<void>
}

export type SmsConversationDependencies = {
  readonly database: Database
  readonly sealer: Sealer
  readonly audit: Audit
  readonly market: Market
  readonly billers: ReadonlyMap<string, Biller>
  readonly program: () => Program
  /** The code that people are told to dial, `*384#`. */
  readonly serviceCode: string
  /** Numbers that nobody else can own. */
  readonly isOwnNumber: IsOwnSender
  readonly smsBell: SmsBell
  /** Opens dialogues on phones; null where no network can. */
  readonly push: UssdPush | null
  readonly events: Events
}

/** What is to be done once the transaction has committed. */
type Taken = {
  readonly queued: readonly QueuedSms[]
  readonly offer: Offer | null
  readonly told: readonly { readonly keyword: string; readonly answer: string }[]
}

/** One answer as it is to be written. `factKey`: what makes it go once. */
type Answer = {
  readonly writer: Writer
  readonly limit: AnswerKind
  readonly factKey: string
  readonly message: string
  readonly values: Readonly<Record<string, Json>>
  readonly language: string
}

/** Answers are about a moment; who gets one an hour later has dialled by then. */
const WORTH_MS = 3_600_000

/** Nobody writes more to be understood. */
const MOST_READ = 2000

const NOTHING: Taken = { queued: [], offer: null, told: [] }

/** The one place where the branches of an incoming SMS are taken. */
export function makeSmsConversation(dependencies: SmsConversationDependencies): SmsConversation {
  const { database, sealer, audit, market, billers, serviceCode, isOwnNumber, smsBell, push, events } = dependencies
  const inTurn = makeTurns()
  const offers = push === null ? null : makeOffers({ database, push, smsBell, events })

  /** Message and answer are one commit, so that a message that comes again is answered no second time. */
  async function take(
    tx: Queryable,
    message: IncomingSms,
  ): Promise<{ readonly outcome: StoreOutcome['kind']; readonly taken: Taken }> {
    const stored = await storeIncomingSms(tx, sealer, message)
    const owner = isOwnNumber(message.to) ? null : await findOwner(tx, message.to)
    if (owner !== null) {
      // What is written to a client's number is the client's to answer; a STOP holds whatever the client makes of it.
      await hearConsent(tx, message, owner, stored)
      if (stored.kind !== 'repeated') await forwardToOwner(tx, sealer, owner, message)
      return { outcome: stored.kind, taken: NOTHING }
    }
    if (stored.kind === 'repeated') await hearStopAgain(tx, message)
    return { outcome: stored.kind, taken: stored.kind === 'whole' ? await answer(tx, message, stored) : NOTHING }
  }

  /** STOP and START to a client's number, about that client's messages alone. */
  async function hearConsent(tx: Queryable, message: IncomingSms, owner: string, stored: StoreOutcome): Promise<void> {
    if (stored.kind === 'repeated') return hearStopAgain(tx, message, owner)
    const heard = readKeyword(dependencies.program(), message.text.reveal().slice(0, MOST_READ))
    const said = meantBy(heard) === null ? null : heard?.name
    if (message.part !== undefined || (said !== 'stop' && said !== 'start')) return
    const { from: number, link } = message
    await lockNumber(tx, sealer, number)
    const messageId = stored.kind === 'whole' ? stored.id : null
    await recordConsent(tx, sealer, { kind: said, number, via: 'sms', link, messageId, account: owner })
  }

  async function answer(
    tx: Queryable,
    message: IncomingSms,
    stored: Extract<StoreOutcome, { kind: 'whole' }>,
  ): Promise<Taken> {
    await lockNumber(tx, sealer, message.from)
    const program = dependencies.program()
    const subscriber = await findByNumber(tx, sealer, message.from)
    const text = stored.text.reveal().slice(0, MOST_READ)
    const heard = readKeyword(program, text)
    const language = subscriber?.language ?? heard?.language ?? baseLanguageOf(program)
    const writer = { number: message.from, subscriber, language, link: message.link, messageId: stored.id }
    const keyword = meantBy(heard)
    if (keyword === null || heard === null) return answerUnknown(tx, program, writer, heard, text)
    if (subscriber === null && !keyword.forStrangers) return answerStranger(tx, program, writer, heard.name)
    const services = { tx, sealer, audit, market, billers, program }
    const said = await keyword.answer(services, writer, heard.rest)
    const told = await answerKeyword(tx, program, writer, heard.name, said)
    return joined(told, await warn(tx, writer, said.left))
  }

  /** STOP, START, STOP within seconds ends with a stop: what may be a network's copy is none where it would change something. */
  async function hearStopAgain(
    tx: Queryable,
    { from: number, link, text }: IncomingSms,
    account?: string,
  ): Promise<void> {
    const heard = readKeyword(dependencies.program(), text.reveal().slice(0, MOST_READ))
    if (heard?.name !== 'stop' || meantBy(heard) === null) return
    await lockNumber(tx, sealer, number)
    const consent = { kind: 'stop', number, via: 'sms', link, messageId: null } as const
    // Said to a client while one to the service holds, it is written down once more: it counts when that one is taken back.
    if (account === undefined && (await hasOptedOut(tx, sealer, number))) return
    await recordConsent(tx, sealer, account === undefined ? consent : { ...consent, account })
  }

  /** A keyword that counts alone is none where more is written. */
  function meantBy(heard: HeardKeyword | null): Keyword | null {
    const keyword = heard === null ? undefined : keywords.get(heard.name)
    return keyword === undefined || (keyword.alone && heard?.rest !== '') ? null : keyword
  }

  async function answerKeyword(
    tx: Queryable,
    program: Program,
    writer: Writer,
    keyword: string,
    { message, values, opens, limit, language }: Said,
  ): Promise<Taken> {
    const dial = opens === null ? serviceCode : dialString(program, keyword, opens, serviceCode)
    const queued = await write(tx, program, {
      ...{ writer, limit, message, factKey: `inbox:${writer.messageId}` },
      ...{ values: { ...values, dial }, language: language ?? writer.language },
    })
    const told = [{ keyword, answer: queued === null ? 'none' : message }]
    if (queued === null) return { ...NOTHING, told }
    if (opens === null || offers === null) return { queued: [queued], offer: null, told }
    await holdSms(tx, queued.id, HELD_SECONDS)
    const inputs = inputsOf(program, keyword, opens)
    return { queued: [], offer: { keyword, to: writer.number, inputs, messageId: queued.id }, told }
  }

  /** Words that are no keyword. What is nothing but a PIN needs no help, but a warning. */
  async function answerUnknown(
    tx: Queryable,
    program: Program,
    writer: Writer,
    heard: HeardKeyword | null,
    text: string,
  ): Promise<Taken> {
    if (writer.subscriber === null) return answerStranger(tx, program, writer, '')
    const warned = await warn(tx, writer, text)
    if (heard === null && mayHoldPin(text, market.numbering)) return warned
    const queued = await write(tx, program, {
      ...{ writer, limit: 'help', message: 'help', factKey: `inbox:${writer.messageId}` },
      ...{ values: { ...helpValues(program, writer.language), dial: serviceCode }, language: writer.language },
    })
    return joined(takenOf('', 'help', queued), warned)
  }

  async function answerStranger(tx: Queryable, program: Program, writer: Writer, keyword: string): Promise<Taken> {
    const queued = await write(tx, program, {
      ...{ writer, limit: 'stranger', message: 'stranger', factKey: `inbox:${writer.messageId}` },
      ...{ values: { stop: wordFor(program, 'stop', writer.language) }, language: writer.language },
    })
    return takenOf(keyword, 'stranger', queued)
  }

  /** Nobody but the person on the phone may see a PIN, and an SMS is seen by many. */
  async function warn(tx: Queryable, writer: Writer, left: string): Promise<Taken> {
    if (writer.subscriber === null || !mayHoldPin(left, market.numbering)) return NOTHING
    const queued = await write(tx, dependencies.program(), {
      ...{ writer, limit: 'pin', message: 'pin_by_sms', factKey: `inbox:${writer.messageId}:pin` },
      ...{ values: { dial: serviceCode }, language: writer.language },
    })
    return takenOf('', 'pin_by_sms', queued)
  }

  /** Null: this number has had as many answers as it may, is none of a phone of ours, or has this one already. */
  async function write(tx: Queryable, program: Program, answer: Answer): Promise<QueuedSms | null> {
    const { number, subscriber } = answer.writer
    // Short codes, services and other countries' numbers are no subscribers, and answering them costs money or begins a loop.
    if (subscriber === null && parseMsisdn(number, market.numbering) !== number) return null
    if (!(await mayAnswer(tx, sealer, number, answer.limit))) return null
    return enqueueSms(tx, sealer, {
      ...{ factKey: answer.factKey, subscriberId: subscriber?.id ?? null, to: number, priority: 'receipt' },
      body: { kind: 'text', text: messagesOf(program).render(answer.message, answer.language, answer.values) },
      expiresAt: new Date(Date.now() + WORTH_MS),
    })
  }

  function finish({ queued, offer, told }: Taken): void {
    for (const each of told) events.smsAnswered(each)
    for (const each of queued) smsBell.ring(each)
    if (offer !== null) offers?.make(offer)
  }

  return {
    async receive(message) {
      const { outcome, taken } = await inTurn(message.from, () => database.transaction((tx) => take(tx, message)))
      events.smsReceived({ link: message.link, outcome })
      finish(taken)
    },
    acknowledged(message) {
      // Where this fails a copy is recognised for minutes instead of seconds.
      acknowledgeIncomingSms(database, sealer, message).catch((error: unknown) => events.smsNotAcknowledged({ error }))
    },
    async report(report) {
      const recorded = await recordDelivery({ database, sealer }, report)
      const status = recorded.kind === 'recorded' ? report.state : recorded.kind
      events.smsDelivered({ link: report.link, status, reason: report.reason ?? '' })
    },
    async optOut(link, number) {
      const taken = await inTurn(number, () =>
        database.transaction(async (tx) => {
          await lockNumber(tx, sealer, number)
          const program = dependencies.program()
          const subscriber = await findByNumber(tx, sealer, number)
          const changed = await recordConsent(tx, sealer, {
            kind: 'stop',
            number,
            via: 'network',
            link,
            messageId: null,
          })
          const language = subscriber?.language ?? baseLanguageOf(program)
          const messageId = randomUUID()
          const queued = await write(tx, program, {
            writer: { number, subscriber, language, link, messageId },
            ...{ limit: changed ? 'changed' : 'stop', message: 'stopped', factKey: `opt-out:${messageId}`, language },
            values: { start: wordFor(program, 'start', language) },
          })
          return takenOf('stop', 'stopped', queued)
        }),
      )
      finish(taken)
    },
    close: async () => offers?.settled(),
  }
}

function takenOf(keyword: string, answer: string, queued: QueuedSms | null): Taken {
  const told = [{ keyword, answer: queued === null ? 'none' : answer }]
  return { queued: queued === null ? [] : [queued], offer: null, told }
}

function joined(one: Taken, other: Taken): Taken {
  return {
    queued: [...one.queued, ...other.queued],
    offer: one.offer ?? other.offer,
    told: [...one.told, ...other.told],
  }
}
