import { randomInt } from 'node:crypto'
import { within } from '../../domain/within.ts'
import type { IncomingSms } from '../aggregator.ts'
import type { LinkListeners, LinkMode, SendOutcome, SmsLink, SmsMessage, SmsPriority } from '../sms-link.ts'
import { numberField, type Pdu, STATUS, textField } from './codec.ts'
import type { Answer, Connection } from './connection.ts'
import { parseDelivery } from './incoming.ts'
import { makePacer } from './pacer.ts'
import { type PartOutcome, sendParts } from './send-parts.ts'
import { makeSmppSession, type SmppSession } from './session.ts'
import type { SmppLinkSettings } from './settings.ts'
import { countSegments, encodeShortMessages, segmentsOf } from './short-message.ts'
import { asksForPatience, refusalOf, sourceAddress, submitFields } from './submit.ts'
import { makeTurns } from './turns.ts'

/** `onUssd` gets what a receiver's bind brings first; null: it is an SMS or a receipt. What it resolves to is answered. */
export type SmppListeners = LinkListeners & {
  onUssd?(pdu: Pdu, bind: object): Promise<number> | null
}

export type SmppLink = SmsLink & {
  setMode(mode: LinkMode): void
  status: NonNullable<SmsLink['status']>
  /** A screen that a network waits for, as it stands, through the window and at the pace of all others: also while the link takes no more. */
  submit(fields: Pdu['fields'], priority: SmsPriority): Promise<PartOutcome>
  /** A link that is to take no more stays bound until this has settled: a screen is on its way to it. Never rejects. */
  stayFor(work: Promise<unknown>): void
  /** Lets what is under way finish for a few seconds, unbinds, and stops trying. */
  close(): Promise<void>
}

/** First pause after the network asks for patience; doubled for each time in a row, also over a lost connection. */
const PATIENCE_MS = 1_000
/** How often a part is offered again to a network that asks for patience, before the message goes elsewhere. */
const PATIENT_TRIES = 3
/** congestion_state (SMPP 5.0 §4.8.4.18): from 90 on a message centre is nearing congestion, at 100 it is there. */
const NEARING_CONGESTION = 90
const CONGESTED = 100
const SLOWER = 2
/** Deliveries being stored at any time; beyond that the network is asked to come again. */
const MAX_INCOMING = 100
const CLOSE_TIMEOUT_MS = 3_000
/** What asks for no answer (SMPP 3.4 §4.12, §4.1.7). */
const UNANSWERED: ReadonlySet<string> = new Set(['alert_notification', 'outbind'])

/** What a delivery is answered with, and the message that was taken. */
type Stored = { readonly status: number; readonly message?: IncomingSms }

/**
 * Keeps one account at one network bound, on as many connections as agreed, for as long as the process lives. Returns at once; the link
 * is up while one of them is bound. All share the pace, each has a window. Messages of one priority to one number never overtake each
 * other: the next begins when every part of the last has its outcome.
 */
export function openSmppLink(settings: SmppLinkSettings, listeners: SmppListeners): SmppLink {
  const { name, timings, profile } = settings
  let mode: LinkMode = 'active'
  let closing = false
  let reference = randomInt(0x10000)
  let patienceMs = PATIENCE_MS
  const incoming = new Set<Promise<Stored>>()
  const outgoing = new Set<Promise<unknown>>()
  const inTurn = makeTurns()
  const maxWaitMs = { code: timings.maxWaitMs, receipt: timings.maxWaitMs, bulk: timings.maxBulkWaitMs }
  const pacer = makePacer({ tps: settings.tps, maxWaitMs, take: takePlace })
  const sessions = Array.from({ length: settings.binds }, (_, at) => openSession(at + 1))

  function openSession(bind: number): SmppSession {
    const session = makeSmppSession(settings, {
      onRequest: receive,
      onDrain: () => pacer.pump(),
      onChange(bound, reason) {
        const up = isBound()
        if (!up) pacer.clear('link_down')
        listeners.onState?.({ link: name, bind, bound, up, reason })
        pacer.pump()
      },
    })
    session.open()
    return session
  }

  function isBound(): boolean {
    return sessions.some((session) => session.state() === 'bound')
  }

  /** On the connection with the most room. */
  function takePlace(): SmppSession | null {
    const emptiestFirst = [...sessions].sort((a, b) => a.inFlight() - b.inFlight())
    return emptiestFirst.find((session) => session.take()) ?? null
  }

  function receive(connection: Connection, pdu: Pdu): void {
    if (UNANSWERED.has(pdu.command)) return
    const dialogue = hearUssd(connection, pdu)
    if (dialogue !== null) void dialogue.then((status) => connection.respond(pdu, status))
    else if (pdu.command !== 'deliver_sm' && pdu.command !== 'data_sm') connection.respond(pdu, STATUS.invalidCommand)
    else if (incoming.size >= MAX_INCOMING) connection.respond(pdu, STATUS.throttled)
    else {
      const stored = store(pdu)
      incoming.add(stored)
      // The network keeps what is not acknowledged, so the answer waits until the message is stored.
      void stored.then(({ status, message }) => {
        incoming.delete(stored)
        const heard = connection.respond(pdu, status)
        if (heard && message !== undefined) listeners.onAcknowledged?.(message)
      })
    }
  }

  function hearUssd(connection: Connection, pdu: Pdu): Promise<number> | null {
    if (pdu.command !== 'deliver_sm' && pdu.command !== 'data_sm') return null
    return listeners.onUssd?.(pdu, connection)?.catch(() => STATUS.temporaryAppError) ?? null
  }

  async function store(pdu: Pdu): Promise<Stored> {
    try {
      const delivery = parseDelivery(pdu, name, profile.coding.packed)
      if (delivery.kind === 'useless') return { status: STATUS.permanentAppError }
      if (delivery.kind === 'report') await listeners.onDeliveryReport(delivery.report)
      else await listeners.onMessage(delivery.message)
      return delivery.kind === 'report' ? { status: STATUS.ok } : { status: STATUS.ok, message: delivery.message }
    } catch {
      return { status: STATUS.temporaryAppError }
    }
  }

  function sendMessage(message: SmsMessage): Promise<SendOutcome> {
    const sender = message.isOwnSender === true ? message.from : (settings.from ?? message.from)
    const source = sourceAddress(sender, profile)
    if (source === null) return refusedNow('sender_name_not_allowed', false)
    reference = (reference + 1) & 0xffff
    const { flash, part: place } = message
    const options = { reference, coding: profile.coding, flash, ...(place === undefined ? {} : { place }) }
    const parts = encodeShortMessages(message.text, options)
    if (parts === null) return refusedNow('text_too_long', false)
    return sendParts(
      {
        parts: parts.map((part, index) => submitFields(message, source, part, index, profile)),
        segments: segmentsOf(parts),
      },
      (fields, begun) => submit(fields, message.priority, begun),
      () => closing,
    )
  }

  /** `begun`: of something of which a part was submitted before, so it goes first and is not kept back. */
  async function submit(fields: Pdu['fields'], priority: SmsPriority, begun = false): Promise<PartOutcome> {
    for (let round = 1; ; round += 1) {
      if ((closing && !begun) || !isBound()) return { kind: 'refused', reason: 'link_down', retry: true }
      if (mode === 'suspended' && !begun) return { kind: 'refused', reason: 'link_suspended', retry: true }
      const slot = await pacer.acquire(priority, begun || round > 1)
      if (slot.kind === 'refused') return { kind: 'refused', reason: slot.reason, retry: true }
      const startMs = performance.now()
      const over = slot.place.connection()
      const answer = await slot.place.request('submit_sm', fields)
      slot.place.giveBack()
      heed(answer)
      pacer.pump()
      const outcome = outcomeOf(answer, over)
      listeners.onSubmitted?.({ link: name, outcome: outcome.kind, durationMs: performance.now() - startMs })
      const isAskedAgain = answer.kind === 'answered' && asksForPatience(answer.pdu.status)
      if (!isAskedAgain || round >= PATIENT_TRIES) return outcome
    }
  }

  /** What an answer says about the network's load. */
  function heed(answer: Answer): void {
    if (answer.kind !== 'answered') return
    const congestion = numberField(answer.pdu, 'congestion_state') ?? 0
    pacer.slow(congestion >= NEARING_CONGESTION ? SLOWER : 1)
    if (!asksForPatience(answer.pdu.status) && congestion < CONGESTED) {
      if (!pacer.isPaused()) patienceMs = PATIENCE_MS
      return
    }
    // All that were under way are refused together; that is one request for patience.
    if (pacer.isPaused()) return
    pacer.pause(patienceMs)
    listeners.onThrottled?.({ link: name, pauseMs: patienceMs })
    patienceMs = Math.min(patienceMs * 2, timings.maxWaitMs)
  }

  function takes(): boolean {
    return mode === 'active' && !closing && settings.bind !== 'receiver' && isBound()
  }

  function closeWhenDrained(): void {
    if (mode === 'drained' && outgoing.size === 0) for (const session of sessions) void session.close()
  }

  return {
    name,
    prefixes: settings.prefixes,
    cost: settings.cost,
    ...(profile.coding.long === 'payload' ? { reports: 'per_message' as const } : {}),
    segments: (text) => countSegments(text, profile.coding),
    isUp: takes,
    send(message) {
      if (!takes()) return refusedNow(mode === 'active' ? 'link_down' : `link_${mode}`, true)
      const lateAtMs = performance.now() + maxWaitMs[message.priority]
      const sent = inTurn(`${message.priority}:${message.to}`, () =>
        performance.now() > lateAtMs ? refusedNow('link_busy', true) : sendMessage(message),
      )
      outgoing.add(sent)
      return sent.finally(() => {
        outgoing.delete(sent)
        closeWhenDrained()
      })
    },
    submit(fields, priority) {
      const sent = submit(fields, priority, true)
      outgoing.add(sent)
      return sent.finally(() => {
        outgoing.delete(sent)
        closeWhenDrained()
      })
    },
    stayFor(work) {
      const done = work
        .catch(() => undefined)
        .finally(() => {
          outgoing.delete(done)
          closeWhenDrained()
        })
      outgoing.add(done)
    },
    setMode(next) {
      if (next === mode || closing) return
      mode = next
      if (next === 'suspended') pacer.clear('link_suspended', 'fresh')
      if (next === 'drained') closeWhenDrained()
      else for (const session of sessions) session.open()
    },
    status: () => ({
      mode,
      binds: sessions.map((session) => ({ state: session.state(), inFlight: session.inFlight() })),
      window: settings.window,
      waiting: pacer.waiting(),
      paused: pacer.isPaused(),
    }),
    async close() {
      if (closing) return
      closing = true
      pacer.clear('link_down', 'fresh')
      await within(CLOSE_TIMEOUT_MS, Promise.allSettled([...outgoing, ...incoming]))
      await Promise.all(sessions.map((session) => session.close()))
    },
  }
}

function refusedNow(reason: string, retry: boolean): Promise<SendOutcome> {
  return Promise.resolve({ kind: 'refused', reason, retry })
}

function outcomeOf(answer: Answer, over: Connection | null): PartOutcome {
  if (answer.kind === 'not_sent') return { kind: 'refused', reason: answer.cause, retry: true }
  if (answer.kind === 'unknown') return { kind: 'unknown', cause: answer.cause }
  const { pdu } = answer
  if (pdu.command === 'generic_nack') {
    return { kind: 'refused', reason: `nack_${refusalOf(pdu.status).reason}`, retry: true }
  }
  if (pdu.command !== 'submit_sm_resp') return { kind: 'unknown', cause: 'answered_by_something_else' }
  if (pdu.status !== STATUS.ok) return { kind: 'refused', ...refusalOf(pdu.status) }
  return { kind: 'accepted', id: textField(pdu, 'message_id'), over }
}
