import { createServer, type Server, type Socket } from 'node:net'
import { afterEach } from 'vitest'
import type { DeliveryReport, IncomingSms } from '../../../src/aggregators/aggregator.ts'
import { decodePdu, encodePdu, type Pdu, STATUS } from '../../../src/aggregators/smpp/codec.ts'
import { openSmppLink, type SmppLink } from '../../../src/aggregators/smpp/link.ts'
import { standardProfile } from '../../../src/aggregators/smpp/profiles.ts'
import { defaultTimings, type SmppLinkSettings, type SmppTimings } from '../../../src/aggregators/smpp/settings.ts'
import type { LinkState, SmsMessage } from '../../../src/aggregators/sms-link.ts'
import type { Msisdn } from '../../../src/domain/msisdn.ts'
import { Secret } from '../../../src/domain/secret.ts'

export const AMINA = '+254700000001' as Msisdn
export const JUMA = '+254700000002' as Msisdn

/** A number for each, since messages to one number go one after the other. */
export function phone(number: number): Msisdn {
  return `+25470000${String(1_000 + number)}` as Msisdn
}

export type Overrides = Partial<Omit<SmppLinkSettings, 'timings'>> & { readonly timings?: Partial<SmppTimings> }

export type Heard = {
  reports: DeliveryReport[]
  messages: { from: string; to: string; text: string; part: IncomingSms['part'] }[]
  acknowledged: IncomingSms[]
  states: LinkState[]
}

type Listeners = { refuse: boolean; take?: (message: IncomingSms) => Promise<unknown> }

export type TestLink = {
  readonly link: SmppLink
  readonly heard: Heard
  readonly listeners: Listeners
  readonly throttles: number[]
}

/** A link to a port of this machine that tries again quickly. */
export function linkTo(
  port: number,
  overrides: Overrides = {},
  record: (report: DeliveryReport) => Promise<unknown> = async () => undefined,
): TestLink {
  const heard: Heard = { reports: [], messages: [], acknowledged: [], states: [] }
  const listeners: Listeners = { refuse: false }
  const throttles: number[] = []
  const { timings, ...rest } = overrides
  const settings: SmppLinkSettings = {
    ...{
      name: 'mno1',
      host: '127.0.0.1',
      port,
      tls: null,
      systemId: 'demo',
      password: new Secret('demo'),
      bind: 'transceiver',
    },
    ...{ binds: 1, window: 10, tps: 0, prefixes: [], from: null, cost: null, profile: standardProfile },
    ...rest,
    timings: {
      ...defaultTimings,
      responseTimeoutMs: 1_000,
      enquireEveryMs: 5_000,
      retryFirstMs: 20,
      retryLongestMs: 100,
      ...timings,
    },
  }
  const link = openSmppLink(settings, {
    async onDeliveryReport(report) {
      if (listeners.refuse) throw new Error('the database is away')
      await record(report)
      heard.reports.push(report)
    },
    async onMessage(message) {
      if (listeners.refuse) throw new Error('the database is away')
      await listeners.take?.(message)
      const { from, to, text, part } = message
      heard.messages.push({ from, to, text: text.reveal(), part })
    },
    onAcknowledged: (message) => heard.acknowledged.push(message),
    onState: (state) => heard.states.push(state),
    onThrottled: ({ pauseMs }) => throttles.push(pauseMs),
  })
  return { link, heard, listeners, throttles }
}

export function sms(text: string, overrides: Partial<SmsMessage> = {}): SmsMessage {
  return {
    id: 'm1',
    to: AMINA,
    from: 'NYOTA',
    text,
    priority: 'receipt',
    flash: false,
    validForMs: 86_400_000,
    ...overrides,
  }
}

export async function until(done: () => boolean, what: string, timeoutMs = 5_000): Promise<void> {
  const endMs = Date.now() + timeoutMs
  while (!done()) {
    if (Date.now() > endMs) throw new Error(`It took longer than ${timeoutMs} ms: ${what}`)
    await pause(5)
  }
}

export function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs))
}

export type RawPeer = { readonly port: number; readonly sockets: Socket[]; close(): Promise<void> }

/** A peer that does with its sockets whatever the test wants. */
export async function rawPeer(onSocket: (socket: Socket, number: number) => void): Promise<RawPeer> {
  const sockets: Socket[] = []
  const server: Server = createServer((socket) => {
    socket.on('error', () => undefined)
    sockets.push(socket)
    onSocket(socket, sockets.length)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    port: address.port,
    sockets,
    async close() {
      const done = new Promise((resolve) => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await done
    },
  }
}

/** Answers binds and what else the test wants, one PDU at a time; enough for well-behaved clients. */
export function answering(
  socket: Socket,
  onPdu: (pdu: Pdu) => void,
  onAnswer: (pdu: Pdu) => void = () => undefined,
): void {
  let rest: Buffer = Buffer.alloc(0)
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= 4 && rest.length >= rest.readUInt32BE(0)) {
      const octets = rest.subarray(0, rest.readUInt32BE(0))
      rest = rest.subarray(octets.length)
      const decoded = decodePdu(octets)
      if (decoded.kind !== 'pdu') throw new Error('the link sent something unreadable')
      const { pdu } = decoded
      if (pdu.command.endsWith('_resp')) onAnswer(pdu)
      else if (pdu.command.startsWith('bind_') || pdu.command === 'unbind') reply(socket, pdu)
      else onPdu(pdu)
    }
  })
}

/** `fields` answer a submit_sm; an enquire_link comes whenever the link likes, and its answer has none. */
export function reply(socket: Socket, pdu: Pdu, fields: Pdu['fields'] = {}, status: number = STATUS.ok): void {
  const own = pdu.command === 'enquire_link' ? {} : fields
  socket.write(encodePdu({ command: `${pdu.command}_resp`, status, sequence: pdu.sequence, fields: own }))
}

/** Keeps every message from being stored until it is told to let go. */
export function stall(listeners: Listeners): () => void {
  let stalled = true
  listeners.take = async () => {
    while (stalled) await pause(5)
  }
  return () => {
    stalled = false
  }
}

/** Peers and links of a test file, each closed when its test is over, last first; `cleanUps` takes what else is to be undone. */
export function cleanedUp(): {
  readonly cleanUps: (() => unknown)[]
  readonly peer: (onSocket: (socket: Socket, number: number) => void) => Promise<RawPeer>
  readonly connect: (port: number, overrides?: Overrides) => TestLink
} {
  const cleanUps: (() => unknown)[] = []
  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
  })
  return {
    cleanUps,
    async peer(onSocket) {
      const raw = await rawPeer(onSocket)
      cleanUps.push(() => raw.close())
      return raw
    },
    connect(port, overrides = {}) {
      const link = linkTo(port, overrides)
      cleanUps.push(() => link.link.close())
      return link
    },
  }
}
