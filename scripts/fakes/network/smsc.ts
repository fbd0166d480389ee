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
import { type Link, makeDeliveries } from './deliveries.ts'
import { draw, isPicked } from './draw.ts'
import type { Phones } from './phones.ts'
import { idsFor, receiptFor } from './receipts.ts'
import { makeShuffle } from './shuffle.ts'
import { type AccountStats, makeTally, type Tally } from './stats.ts'
import { makeTimers } from './timers.ts'

/** The SMPP side of the fake network: a message centre that any SMPP 3.4 client can bind to. */
export type Smsc = {
  readonly port: number
  /** What is bound now. */
  links(): { systemId: string; bind: string }[]
  /** Submits taken since the start, refused ones not counted. */
  taken(): number
  /** By account, since the start or the last `forgetStats`. */
  stats(): Record<string, AccountStats>
  forgetStats(): void
  /** A message from a phone to whoever is bound as a receiver. False: nobody is. */
  send(from: string, to: string, text: string): boolean
  /** One request to one receiver; its status, or null where nobody is bound or nobody answers. */
  ask(command: 'deliver_sm' | 'data_sm', fields: Pdu['fields']): Promise<number | null>
  /** Breaks every connection without a word. */
  dropLinks(): void
  /** Unbinds every client as the specification wants it. */
  unbindLinks(): void
  /** Writes octets, whatever they are, to every client. */
  sendOctets(octets: Buffer): void
  /** Stops or resumes reading, as `behaviour.frozen` says. */
  applyFreeze(): void
  close(): Promise<void>
}

const BIND_TIMEOUT_MS = 5_000
const UNBIND_TIMEOUT_MS = 2_000
const ANSWER_TIMEOUT_MS = 10_000
/** How long before its answer an early receipt comes. */
const EARLY_MS = 30

export async function startSmsc(
  options: { host: string; port: number; accounts: Readonly<Record<string, string>> },
  behaviour: Behaviour,
  phones: Phones,
  /** The status of a submit that is of USSD; null: it is an SMS. */
  takeUssd: (fields: Pdu['fields']) => number | null,
): Promise<Smsc> {
  const sockets = new Set<Socket>()
  const links = new Set<Link>()
  const tallies = new Map<string, Tally>()
  const timers = makeTimers()
  const { later } = timers
  const deliveries = makeDeliveries(links, later)
  const shuffle = (purpose: string) => makeShuffle(purpose, () => behaviour.seed, later)
  const [answers, receipts, incoming] = [shuffle('answer'), shuffle('receipt'), shuffle('incoming')]
  let nextId = Date.now() * 100 + randomInt(100)
  let reference = randomInt(256)
  let submits = 0
  let fromPhones = 0
  let taken = 0
  let asked = 0

  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    let link: Link | null = null
    const bindTimeout = later(BIND_TIMEOUT_MS, () => link ?? connection.destroy('bind_timeout'))
    const connection = openConnection(mutable(socket), {
      onRequest(pdu) {
        if (pdu.command.startsWith('bind_')) link = bind(connection, pdu, link)
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

  /** While the network is silent nothing that is written leaves. */
  function mutable(socket: Socket): Socket {
    const write = socket.write.bind(socket) as (octets: Uint8Array) => boolean
    return Object.assign(socket, { write: (octets: Uint8Array) => behaviour.silent || write(octets) })
  }

  function tallyOf(systemId: string): Tally {
    const tally = tallies.get(systemId) ?? makeTally()
    tallies.set(systemId, tally)
    return tally
  }

  function bind(connection: Connection, pdu: Pdu, existing: Link | null): Link | null {
    const systemId = textField(pdu, 'system_id')
    if (existing !== null) {
      connection.respond(pdu, STATUS.alreadyBound)
      return existing
    }
    const known = Object.hasOwn(options.accounts, systemId) && options.accounts[systemId] === textField(pdu, 'password')
    if (!known || behaviour.refuseBinds !== null) {
      connection.respond(pdu, known ? statusNumber(behaviour.refuseBinds ?? '') : STATUS.invalidPassword)
      later(100, () => connection.destroy('bind_refused'))
      return null
    }
    const link: Link = { connection, systemId, bind: pdu.command.slice('bind_'.length), tally: tallyOf(systemId) }
    links.add(link)
    connection.respond(pdu, STATUS.ok, { system_id: 'fake-network' })
    later(0, deliveries.resume)
    return link
  }

  function submit(link: Link, pdu: Pdu): void {
    const shown = takeUssd(pdu.fields)
    if (shown !== null) {
      const { loseResponses, delayMs } = behaviour
      if (!loseResponses) later(delayMs, () => link.connection.respond(pdu, shown, { message_id: '0' }))
      return
    }
    submits += 1
    const [count, startMs, tally] = [submits, performance.now(), link.tally]
    const { seed, delayMs, jitterMs, lateMs, lateShare, lateEvery, loseResponses, loseShare, loseEvery } = behaviour
    tally.submit()
    const refused = refusal(link, count)
    const lost = refused === null && (loseResponses || isPicked(seed, 'lose', count, loseShare, loseEvery))
    const broken = refused === null && behaviour.dropEvery > 0 && count % behaviour.dropEvery === 0
    const late = isPicked(seed, 'late', count, lateShare, lateEvery) ? lateMs : 0
    const waitMs = delayMs + Math.floor(jitterMs * draw(seed, 'jitter', count)) + late
    const answer = (status: number, fields: Pdu['fields']): void => {
      tally.settle(performance.now() - startMs, lost || broken)
      if (broken) link.connection.destroy('dropped')
      else if (!lost) answers.put(behaviour.reorder, () => link.connection.respond(pdu, status, fields))
    }
    if (refused !== null) {
      tally.refuse(refused)
      later(waitMs, () => answer(statusNumber(refused), {}))
      return
    }
    taken += 1
    tally.take()
    nextId += 1
    const ids = idsFor(nextId, behaviour.ids)
    const text = arrive(pdu)
    const receipt = receiptFor(pdu, ids.receipt, text, behaviour)
    const early = behaviour.receiptEarly
    const tell = (): void => {
      if (receipt !== null) sendReceipt(link, receipt)
    }
    if (early) tell()
    later(waitMs + (early ? EARLY_MS : 0), () => answer(STATUS.ok, { message_id: ids.answer }))
    const receiptMs = behaviour.receiptDelayMs + Math.floor(behaviour.receiptJitterMs * draw(seed, 'receipt', count))
    if (!early && receipt !== null) later(waitMs + receiptMs, tell)
  }

  /** Puts the text into the phone, and returns it. */
  function arrive(pdu: Pdu): string {
    const { text, part } = decodeMessage(pdu)
    const to = `+${textField(pdu, 'destination_addr').replace(/^\+/, '')}`
    const encoding = readDataCoding(numberField(pdu, 'data_coding') ?? 0).alphabet === 'ucs2' ? 'ucs2' : 'gsm7'
    const segments = octetsField(pdu, 'message_payload') === null ? 1 : segmentSms(text).parts.length
    phones.arrive({ from: textField(pdu, 'source_addr'), to, text, encoding, part, segments })
    return text
  }

  /** The status that a submit is refused with; null: it is taken. */
  function refusal(link: Link, count: number): string | null {
    const { refuse, refuseShare, throttleAbove, queueAbove, seed } = behaviour
    if (link.bind === 'receiver') return 'ESME_RINVBNDSTS'
    if (refuse !== null && draw(seed, 'refuse', count) < refuseShare) return refuse
    if (throttleAbove > 0 && link.tally.inThisSecond() > throttleAbove) return 'ESME_RTHROTTLED'
    return queueAbove > 0 && link.tally.outstanding() > queueAbove ? 'ESME_RMSGQFUL' : null
  }

  function sendReceipt(submitter: Link, fields: Pdu['fields']): void {
    const { receiptOn, receiptTwice, receiptReorder } = behaviour
    const prefer = (link: Link): boolean => (link === submitter) === (receiptOn === 'submitter')
    const delivery = { systemId: submitter.systemId, fields, ...(receiptOn === 'any' ? {} : { prefer }) }
    for (let time = 0; time < (receiptTwice ? 2 : 1); time += 1)
      receipts.put(receiptReorder, () => deliveries.send(delivery))
  }

  const port = await listen(server, options.port, options.host)
  return {
    port,
    links: () => [...links].map(({ systemId, bind: how }) => ({ systemId, bind: how })),
    taken: () => taken,
    stats: () => Object.fromEntries([...tallies].map(([systemId, tally]) => [systemId, tally.read()])),
    forgetStats() {
      for (const tally of tallies.values()) tally.forget()
    },
    send(from, to, text) {
      reference = (reference + 1) & 0xff
      for (const part of encodeShortMessages(text, { reference, coding: ordinaryCoding, flash: false }) ?? []) {
        fromPhones += 1
        if (isPicked(behaviour.seed, 'incoming', fromPhones, 0, behaviour.incomingLoseEvery)) continue
        const fields = {
          ...{ source_addr_ton: 1, source_addr_npi: 1, source_addr: from.replace(/^\+/, ''), destination_addr: to },
          ...part.fields,
        }
        for (let time = 0; time < (behaviour.incomingTwice ? 2 : 1); time += 1)
          incoming.put(behaviour.incomingReorder, () => deliveries.send({ systemId: null, fields }))
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
    unbindLinks() {
      for (const { connection } of links) {
        void connection.request('unbind', {}, UNBIND_TIMEOUT_MS).then(() => connection.destroy('unbound'))
      }
    },
    sendOctets(octets) {
      for (const socket of sockets) socket.write(octets)
    },
    applyFreeze() {
      for (const socket of sockets)
        if (behaviour.frozen) socket.pause()
        else socket.resume()
    },
    async close() {
      timers.close()
      const done = new Promise((resolve) => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await done
    },
  }
}
