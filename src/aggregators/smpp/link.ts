import { randomInt } from 'node:crypto'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { within } from '../../domain/within.ts'
import type { LinkListeners, SendOutcome, SmsLink, SmsMessage, SmsPriority } from '../sms-link.ts'
import { type Pdu, STATUS, statusName, textField } from './codec.ts'
import { type Answer, type Connection, openConnection } from './connection.ts'
import { encodeForwardedPart } from './forwarded-part.ts'
import { parseDelivery } from './incoming.ts'
import { makePacer } from './pacer.ts'
import type { SmppLinkSettings } from './settings.ts'
import { encodeShortMessages } from './short-message.ts'
import { asksForPatience, isPassing, refusalOf, sourceAddress, submitFields } from './submit.ts'

export type SmppLink = SmsLink & {
  /** Lets what is under way finish for a few seconds, unbinds, and stops trying. */
  close(): Promise<void>
}

/** SMPP 3.4; some networks drop a bind with the library's 5.0 without an answer. */
const INTERFACE_VERSION = 0x34
/** First pause after the network asks for patience; doubled for each time in a row. */
const PATIENCE_MS = 1_000
/** How often a part is offered again to a network that asks for patience, before the message goes elsewhere. */
const PATIENT_TRIES = 3
/** Deliveries being stored at any time; beyond that the network is asked to come again. */
const MAX_INCOMING = 100
/** A connection that lasted that long begins the next series of tries anew. */
const STEADY_MS = 5_000
const CLOSE_TIMEOUT_MS = 3_000
const UNBIND_TIMEOUT_MS = 1_000

type PartOutcome =
  | { readonly kind: 'accepted'; readonly id: string }
  | { readonly kind: 'refused'; readonly reason: string; readonly retry: boolean }
  | { readonly kind: 'unknown'; readonly cause: string }

/** Keeps one account at one network bound, for as long as the process lives. Returns at once; the link is up when it is. */
export function openSmppLink(settings: SmppLinkSettings, listeners: LinkListeners): SmppLink {
  const { name, timings } = settings
  let bound: Connection | null = null
  let current: Connection | null = null
  let retry: NodeJS.Timeout | null = null
  let tries = 0
  let closing = false
  let reference = randomInt(256)
  let patienceMs = PATIENCE_MS
  const incoming = new Set<Promise<number>>()
  const outgoing = new Set<Promise<unknown>>()
  const pacer = makePacer({
    window: settings.window,
    tps: settings.tps,
    maxWaitMs: timings.maxWaitMs,
    ready: () => bound !== null && !bound.congested(),
  })
  begin()

  function begin(): void {
    retry = null
    const socket = openSocket(settings)
    let enquiry: NodeJS.Timeout | undefined
    let boundAtMs: number | null = null
    const timeout = setTimeout(() => connection.destroy('connect_timeout'), timings.connectTimeoutMs)
    const connection = openConnection(socket, {
      onRequest: (pdu) => receive(connection, pdu),
      onDrain: () => pacer.pump(),
      onClose(cause) {
        clearTimeout(timeout)
        clearInterval(enquiry)
        if (boundAtMs !== null && performance.now() - boundAtMs >= STEADY_MS) tries = 0
        lost(connection, cause)
      },
    })
    current = connection
    socket.once(settings.tls ? 'secureConnect' : 'connect', () => {
      clearTimeout(timeout)
      void bind(connection).then((done) => {
        if (!done) return
        boundAtMs = performance.now()
        enquiry = setInterval(() => void enquire(connection), timings.enquireEveryMs)
      })
    })
  }

  async function bind(connection: Connection): Promise<boolean> {
    const command = `bind_${settings.bind}`
    const fields = {
      system_id: settings.systemId,
      password: settings.password.reveal(),
      system_type: '',
      interface_version: INTERFACE_VERSION,
      addr_ton: 0,
      addr_npi: 0,
      address_range: '',
    }
    const answer = await connection.request(command, fields, timings.responseTimeoutMs)
    const problem = bindProblem(answer, command)
    if (problem !== null || closing) {
      connection.destroy(problem ?? 'closing')
      return false
    }
    bound = connection
    listeners.onState?.({ link: name, up: true, reason: 'bound' })
    pacer.pump()
    return true
  }

  async function enquire(connection: Connection): Promise<void> {
    const deadlineMs = Math.min(timings.enquireEveryMs, timings.responseTimeoutMs)
    const answer = await connection.request('enquire_link', {}, deadlineMs)
    if (answer.kind === 'unknown') connection.destroy('no_answer_to_enquire_link')
  }

  function lost(connection: Connection, cause: string): void {
    if (bound === connection) bound = null
    if (current === connection) current = null
    pacer.clear('link_down')
    listeners.onState?.({ link: name, up: false, reason: cause })
    if (closing) return
    retry = setTimeout(begin, backoffMs(tries, timings))
    tries += 1
  }

  function receive(connection: Connection, pdu: Pdu): void {
    if (pdu.command !== 'deliver_sm' && pdu.command !== 'data_sm') connection.respond(pdu, STATUS.invalidCommand)
    else if (incoming.size >= MAX_INCOMING) connection.respond(pdu, STATUS.throttled)
    else {
      const stored = store(pdu)
      incoming.add(stored)
      // The network keeps what is not acknowledged, so the answer waits until the message is stored.
      void stored.then((status) => {
        incoming.delete(stored)
        connection.respond(pdu, status)
      })
    }
  }

  async function store(pdu: Pdu): Promise<number> {
    try {
      const delivery = parseDelivery(pdu, name)
      if (delivery.kind === 'useless') return STATUS.permanentAppError
      if (delivery.kind === 'report') await listeners.onDeliveryReport(delivery.report)
      else await listeners.onMessage(delivery.message)
      return STATUS.ok
    } catch {
      return STATUS.temporaryAppError
    }
  }

  async function sendParts(message: SmsMessage): Promise<SendOutcome> {
    const source = sourceAddress(message.from)
    if (source === null) return { kind: 'refused', reason: 'sender_name_not_allowed', retry: false }
    reference = (reference + 1) & 0xff
    const { part } = message
    const parts =
      part === undefined ? encodeShortMessages(message.text, reference) : encodeForwardedPart(message.text, part)
    if (parts === null) return { kind: 'refused', reason: 'text_too_long', retry: false }
    const outcomes = await Promise.all(
      parts.map((part) => submit(submitFields(message, source, part), message.priority)),
    )
    return together(outcomes)
  }

  async function submit(fields: Pdu['fields'], priority: SmsPriority): Promise<PartOutcome> {
    for (let round = 1; ; round += 1) {
      const slot = await pacer.acquire(priority)
      if (slot.kind === 'refused') return { kind: 'refused', reason: slot.reason, retry: true }
      const answer: Answer =
        bound === null
          ? { kind: 'not_sent', cause: 'link_down' }
          : await bound.request('submit_sm', fields, timings.responseTimeoutMs)
      if (answer.kind === 'answered' && asksForPatience(answer.pdu.status)) {
        pacer.pause(patienceMs)
        patienceMs = Math.min(patienceMs * 2, timings.maxWaitMs)
        pacer.release()
        if (round < PATIENT_TRIES) continue
      } else {
        if (answer.kind === 'answered') patienceMs = PATIENCE_MS
        pacer.release()
      }
      return outcomeOf(answer)
    }
  }

  return {
    name,
    prefixes: settings.prefixes,
    isUp: () => bound !== null && !closing && settings.bind !== 'receiver',
    send(message) {
      if (bound === null || closing || settings.bind === 'receiver') {
        return Promise.resolve({ kind: 'refused', reason: 'link_down', retry: true })
      }
      const sent = sendParts(message)
      outgoing.add(sent)
      return sent.finally(() => outgoing.delete(sent))
    },
    async close() {
      if (closing) return
      closing = true
      if (retry !== null) clearTimeout(retry)
      pacer.clear('link_down')
      await within(CLOSE_TIMEOUT_MS, Promise.allSettled([...outgoing, ...incoming]))
      if (bound !== null) await bound.request('unbind', {}, UNBIND_TIMEOUT_MS)
      current?.destroy('closing')
    },
  }
}

function openSocket({ host, port, tls }: SmppLinkSettings): Socket {
  return tls ? connectTls({ host, port, servername: host, rejectUnauthorized: true }) : connectTcp({ host, port })
}

function bindProblem(answer: Answer, command: string): string | null {
  if (answer.kind !== 'answered') return answer.cause
  if (answer.pdu.status !== STATUS.ok) return `bind_refused_${statusName(answer.pdu.status)}`
  return answer.pdu.command === `${command}_resp` ? null : 'bind_answered_by_something_else'
}

function outcomeOf(answer: Answer): PartOutcome {
  if (answer.kind === 'not_sent') return { kind: 'refused', reason: answer.cause, retry: true }
  if (answer.kind === 'unknown') return { kind: 'unknown', cause: answer.cause }
  const { pdu } = answer
  if (pdu.command === 'generic_nack') return { kind: 'refused', reason: `nack_${refusalOf(pdu.status)}`, retry: true }
  if (pdu.command !== 'submit_sm_resp') return { kind: 'unknown', cause: 'answered_by_something_else' }
  if (pdu.status !== STATUS.ok) return { kind: 'refused', reason: refusalOf(pdu.status), retry: isPassing(pdu.status) }
  return { kind: 'accepted', id: textField(pdu, 'message_id') }
}

/** One outcome for all parts: what is unsure stays unsure, and a message of which a part was refused was not sent. */
function together(outcomes: readonly PartOutcome[]): SendOutcome {
  const providerIds = outcomes.flatMap((outcome) =>
    outcome.kind === 'accepted' && outcome.id !== '' ? [outcome.id] : [],
  )
  const unknown = outcomes.find((outcome) => outcome.kind === 'unknown')
  if (unknown !== undefined) return { kind: 'unknown', cause: unknown.cause, providerIds }
  const refused = outcomes.filter((outcome) => outcome.kind === 'refused')
  const [first] = refused
  if (first === undefined) return { kind: 'accepted', providerIds, segments: outcomes.length }
  return { kind: 'refused', reason: first.reason, retry: refused.every((outcome) => outcome.retry) }
}

/** Exponential, with jitter, so that all links of all processes do not come back at the same moment. */
function backoffMs(tries: number, timings: SmppLinkSettings['timings']): number {
  const longest = Math.min(timings.retryLongestMs, timings.retryFirstMs * 2 ** Math.min(tries, 16))
  return longest / 2 + Math.random() * (longest / 2)
}
