import { randomInt } from 'node:crypto'
import { createServer, type Socket } from 'node:net'
import {
  numberField,
  octetsField,
  type Pdu,
  STATUS,
  statusNumber,
  textField,
} from '../../../src/aggregators/smpp/codec.ts'
import { ordinaryCoding } from '../../../src/aggregators/smpp/coding-profile.ts'
import { type Connection, openConnection } from '../../../src/aggregators/smpp/connection.ts'
import { readDataCoding } from '../../../src/aggregators/smpp/data-coding.ts'
import { decodeMessage, encodeShortMessages } from '../../../src/aggregators/smpp/short-message.ts'
import { segmentSms } from '../../../src/domain/segments.ts'
import { listen } from '../listen.ts'
import type { Behaviour } from './behaviour.ts'
import type { Phones } from './phones.ts'

/** The SMPP side of the fake network: a message centre that any SMPP 3.4 client can bind to. */
export type Smsc = {
  readonly port: number
  /** What is bound now. */
  links(): { systemId: string; bind: string }[]
  /** Submits taken since the start, refused ones not counted. */
  taken(): number
  /** A message from a phone to whoever is bound as a receiver. False: nobody is. */
  send(from: string, to: string, text: string): boolean
  /** One request to one receiver; its status, or null where nobody is bound or nobody answers. */
  ask(command: 'deliver_sm' | 'data_sm', fields: Pdu['fields']): Promise<number | null>
  /** Breaks every connection without a word. */
  dropLinks(): void
  /** Stops or resumes reading, as `behaviour.frozen` says. */
  applyFreeze(): void
  close(): Promise<void>
}

type Link = { connection: Connection; socket: Socket; systemId: string; bind: string }

const BIND_TIMEOUT_MS = 5_000
const ANSWER_TIMEOUT_MS = 10_000
/** A delivery that is not acknowledged comes again after that long, so many times. */
const REDELIVER_MS = 300
const REDELIVERIES = 40
const KEPT_DELIVERIES = 10_000

export async function startSmsc(
  options: { host: string; port: number; accounts: Readonly<Record<string, string>> },
  behaviour: Behaviour,
  phones: Phones,
  /** The status of a submit that is of USSD; null: it is an SMS. */
  takeUssd: (fields: Pdu['fields']) => number | null,
): Promise<Smsc> {
  const sockets = new Set<Socket>()
  const links = new Set<Link>()
  const timers = new Set<NodeJS.Timeout>()
  const waiting: { systemId: string | null; fields: Pdu['fields'] }[] = []
  let nextId = Date.now() * 100 + randomInt(100)
  let reference = randomInt(256)
  let taken = 0
  let asked = 0
  let second = { startMs: 0, count: 0 }
  let closed = false

  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    let link: Link | null = null
    const bindTimeout = later(BIND_TIMEOUT_MS, () => link ?? connection.destroy('bind_timeout'))
    const connection = openConnection(socket, {
      onRequest(pdu) {
        if (pdu.command.startsWith('bind_')) link = bind(connection, socket, pdu, link)
        else if (link === null) connection.respond(pdu, STATUS.invalidBindState)
        else if (pdu.command === 'submit_sm' || pdu.command === 'data_sm') submit(link, pdu)
        else connection.respond(pdu, STATUS.invalidCommand)
      },
      onClose() {
        clearTimeout(bindTimeout)
        if (link !== null) links.delete(link)
      },
    })
    if (behaviour.frozen) socket.pause()
  })

  function bind(connection: Connection, socket: Socket, pdu: Pdu, existing: Link | null): Link | null {
    const systemId = textField(pdu, 'system_id')
    if (existing !== null) {
      connection.respond(pdu, STATUS.alreadyBound)
      return existing
    }
    if (options.accounts[systemId] === undefined || options.accounts[systemId] !== textField(pdu, 'password')) {
      connection.respond(pdu, STATUS.invalidPassword)
      later(100, () => connection.destroy('wrong_password'))
      return null
    }
    const link = { connection, socket, systemId, bind: pdu.command.slice('bind_'.length) }
    links.add(link)
    connection.respond(pdu, STATUS.ok, { system_id: 'fake-network' })
    later(0, deliverWaiting)
    return link
  }

  function submit(link: Link, pdu: Pdu): void {
    const shown = takeUssd(pdu.fields)
    if (shown !== null) {
      const { loseResponses, delayMs } = behaviour
      if (!loseResponses) later(delayMs, () => link.connection.respond(pdu, shown, { message_id: '0' }))
      return
    }
    const status = link.bind === 'receiver' ? STATUS.invalidBindState : refusal()
    if (status !== STATUS.ok) {
      later(behaviour.delayMs, () => link.connection.respond(pdu, status))
      return
    }
    taken += 1
    nextId += 1
    const ids = idsFor(nextId, behaviour.ids)
    const { text, part } = decodeMessage(pdu)
    const encoding = readDataCoding(numberField(pdu, 'data_coding') ?? 0).alphabet === 'ucs2' ? 'ucs2' : 'gsm7'
    const segments = octetsField(pdu, 'message_payload') === null ? 1 : segmentSms(text).parts.length
    const from = textField(pdu, 'source_addr')
    const to = `+${textField(pdu, 'destination_addr').replace(/^\+/, '')}`
    const { loseResponses } = behaviour
    const answer = (): void => {
      if (!loseResponses) link.connection.respond(pdu, STATUS.ok, { message_id: ids.answer })
    }
    const wanted = ((numberField(pdu, 'registered_delivery') ?? 0) & 3) === 1 && behaviour.receipts !== 'none'
    const receipt = wanted ? receiptFor(pdu, ids.receipt, text, behaviour) : null
    const times = behaviour.receiptTwice ? 2 : 1
    const sendReceipt = (): void => {
      for (let time = 0; receipt !== null && time < times; time += 1) deliver(link.systemId, receipt)
    }
    phones.arrive({ from, to, text, encoding, part, segments })
    if (behaviour.receiptEarly) sendReceipt()
    later(behaviour.delayMs + (behaviour.receiptEarly ? 30 : 0), answer)
    if (!behaviour.receiptEarly) later(behaviour.delayMs + behaviour.receiptDelayMs, sendReceipt)
  }

  function refusal(): number {
    if (behaviour.refuse !== null) return statusNumber(behaviour.refuse)
    if (behaviour.throttleAbove === 0) return STATUS.ok
    const nowMs = Date.now()
    if (nowMs - second.startMs >= 1000) second = { startMs: nowMs, count: 0 }
    second.count += 1
    return second.count > behaviour.throttleAbove ? STATUS.throttled : STATUS.ok
  }

  /** Hands a deliver_sm to a receiver of the account (of any, for a message from a phone), again and again until it is acknowledged. */
  function deliver(systemId: string | null, fields: Pdu['fields'], tries = 0): void {
    if (closed) return
    const receivers = [...links].filter(
      (link) => link.bind !== 'transmitter' && (systemId ?? link.systemId) === link.systemId,
    )
    const receiver = receivers[tries % Math.max(1, receivers.length)]
    if (receiver === undefined) {
      waiting.push({ systemId, fields })
      waiting.splice(0, waiting.length - KEPT_DELIVERIES)
      return
    }
    void receiver.connection.request('deliver_sm', fields, ANSWER_TIMEOUT_MS).then((answer) => {
      const done =
        answer.kind === 'answered' &&
        (answer.pdu.status === STATUS.ok || answer.pdu.status === STATUS.permanentAppError)
      if (!done && tries < REDELIVERIES) later(REDELIVER_MS, () => deliver(systemId, fields, tries + 1))
    })
  }

  function deliverWaiting(): void {
    for (const { systemId, fields } of waiting.splice(0)) deliver(systemId, fields)
  }

  function later(delayMs: number, work: () => void): NodeJS.Timeout | undefined {
    if (closed) return undefined
    if (delayMs === 0) {
      setImmediate(work)
      return undefined
    }
    const timer = setTimeout(() => {
      timers.delete(timer)
      work()
    }, delayMs)
    timers.add(timer)
    return timer
  }

  const port = await listen(server, options.port, options.host)
  return {
    port,
    links: () => [...links].map(({ systemId, bind: how }) => ({ systemId, bind: how })),
    taken: () => taken,
    send(from, to, text) {
      reference = (reference + 1) & 0xff
      for (const part of encodeShortMessages(text, { reference, coding: ordinaryCoding, flash: false }) ?? []) {
        deliver(null, {
          ...{ source_addr_ton: 1, source_addr_npi: 1, source_addr: from.replace(/^\+/, ''), destination_addr: to },
          ...part.fields,
        })
      }
      return [...links].some((link) => link.bind !== 'transmitter')
    },
    async ask(command, fields) {
      const receivers = [...links].filter((link) => link.bind !== 'transmitter')
      asked += 1
      const receiver = receivers[asked % Math.max(1, receivers.length)]
      const answer = await receiver?.connection.request(command, fields, ANSWER_TIMEOUT_MS)
      return answer?.kind === 'answered' ? answer.pdu.status : null
    },
    dropLinks() {
      for (const socket of sockets) socket.destroy()
    },
    applyFreeze() {
      for (const socket of sockets)
        if (behaviour.frozen) socket.pause()
        else socket.resume()
    },
    async close() {
      closed = true
      for (const timer of timers) clearTimeout(timer)
      const done = new Promise((resolve) => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await done
    },
  }
}

function idsFor(id: number, style: Behaviour['ids']): { answer: string; receipt: string } {
  const decimal = String(id)
  const hex = id.toString(16)
  const styles = {
    same: { answer: decimal, receipt: decimal },
    'hex-then-decimal': { answer: hex, receipt: decimal },
    'decimal-then-hex': { answer: decimal, receipt: hex },
    upper: { answer: hex, receipt: hex.toUpperCase() },
    padded: { answer: hex, receipt: hex.padStart(20, '0') },
  }
  return styles[style]
}

/** SMPP 3.4 appendix B, and the TLVs that newer networks add or send instead. */
function receiptFor(submit: Pdu, id: string, text: string, { receipts, receiptState }: Behaviour): Pdu['fields'] {
  const delivered = receiptState === 'DELIVRD'
  const at = new Date().toISOString().replace(/\D/g, '').slice(2, 12)
  const words = `id:${id} sub:001 dlvrd:${delivered ? '001' : '000'} submit date:${at} done date:${at} stat:${receiptState} err:${delivered ? '000' : '045'} text:${text.slice(0, 20).replace(/[^\x20-\x7e]/g, '?')}`
  const states: Readonly<Record<string, number>> = {
    DELIVRD: 2,
    EXPIRED: 3,
    DELETED: 4,
    UNDELIV: 5,
    ACCEPTD: 6,
    REJECTD: 8,
  }
  return {
    ...{ source_addr_ton: 1, source_addr_npi: 1, source_addr: textField(submit, 'destination_addr') },
    ...{ destination_addr: textField(submit, 'source_addr'), esm_class: 0x04, data_coding: 0 },
    short_message: Buffer.from(receipts === 'tlv' ? '' : words, 'latin1'),
    ...(receipts === 'text' ? {} : { receipted_message_id: id, message_state: states[receiptState] ?? 7 }),
  }
}
