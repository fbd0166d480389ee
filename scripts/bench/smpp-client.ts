import { randomUUID } from 'node:crypto'
import { createRequire } from 'node:module'
import type { SmsMessage } from '../../src/aggregators/sms-link.ts'
import { openDatabase } from '../../src/database/database.ts'
import type { Msisdn } from '../../src/domain/msisdn.ts'
import { makeKey } from '../../src/security/keys.ts'
import { makeSealer } from '../../src/security/sealing.ts'
import { deliverSms } from '../../src/sms/deliver.ts'
import { enqueueSms } from '../../src/sms/outbox.ts'
import { recordDelivery } from '../../src/sms/record-delivery.ts'
import { openBoundLink } from './bound-link.ts'

/**
 * One client of `bench smpp`, in a process of its own: submits messages to the port, answers a receipt for each, prints what it took.
 * `bare` is npm's `smpp` as its README has it, `bare-nodelay` the same with Nagle off; `link` is ours; `history` is ours with every
 * attempt, answer and receipt kept in PostgreSQL.
 */
type Client = {
  /** Gives what is to be measured: so many messages sent, and their receipts. */
  prepare(count: number, window: number): Promise<() => Promise<void>>
  close(): Promise<unknown>
}

export type ClientKind = 'bare' | 'bare-nodelay' | 'link' | 'history'
export type ClientResult = { readonly perSecond: number; readonly cpuUs: number; readonly bytes: number }

const TEXT = 'You sent KES 1,250 to Juma K. Fee KES 13. Balance KES 3,737. Reference QX7T2M4K9A.'
/** Messages that are read and opened ahead, so that PostgreSQL is busy while the window is full. */
const AHEAD = 50
const number = (n: number): Msisdn => `+2547${String(10_000_000 + n)}` as Msisdn

const [kind, port, window, count, databaseUrl] = process.argv.slice(2)
const client = await open(kind as ClientKind, Number(port), Number(window))
await (await client.prepare(Math.min(500, Number(count)), Number(window)))()
const run = await client.prepare(Number(count), Number(window))
const heapOf = (): number => {
  globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
const heapFrom = heapOf()
const cpuFrom = process.cpuUsage()
const fromMs = performance.now()
await run()
const seconds = (performance.now() - fromMs) / 1000
const { user, system } = process.cpuUsage(cpuFrom)
const result: ClientResult = {
  perSecond: Number(count) / seconds,
  cpuUs: (user + system) / Number(count),
  bytes: Math.max(0, heapOf() - heapFrom) / Number(count),
}
process.stdout.write(`${JSON.stringify(result)}\n`)
await client.close()

async function open(kind: ClientKind, port: number, window: number): Promise<Client> {
  if (kind === 'link') return openLink(port, window)
  if (kind === 'history') return openHistory(port, window)
  return openBare(port, kind === 'bare-nodelay')
}

type Gate = { receipt(): void; all(count: number): Promise<void> }

/** Waits for the receipts of a run. */
function makeGate(): Gate {
  let [missing, done] = [0, (): void => undefined]
  return {
    receipt() {
      missing -= 1
      if (missing === 0) done()
    },
    all(count) {
      missing += count
      return new Promise((resolve) => {
        done = resolve
      })
    },
  }
}

async function openBare(port: number, noDelay: boolean): Promise<Client> {
  type Fields = Record<string, unknown>
  type Session = {
    socket: { setNoDelay(on: boolean): void }
    on(event: string, listener: (pdu: { response(): unknown }) => void): void
    send(pdu: unknown): void
    bind_transceiver(fields: Fields, done: () => void): void
    submit_sm(fields: Fields, done: (answer: { command_status: number }) => void): void
    destroy(): void
  }
  const library = createRequire(import.meta.url)('smpp') as { Session: new (options: Fields) => Session }
  const session = new library.Session({ host: '127.0.0.1', port })
  const gate = makeGate()
  session.on('error', () => process.exit(1))
  session.on('deliver_sm', (pdu) => {
    session.send(pdu.response())
    gate.receipt()
  })
  await new Promise<void>((resolve) => session.on('connect', () => resolve()))
  if (noDelay) session.socket.setNoDelay(true)
  await new Promise<void>((resolve) => session.bind_transceiver({ system_id: 'demo', password: 'demo' }, resolve))
  const submit = (n: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const addresses = {
        source_addr: 'NYOTA',
        source_addr_ton: 5,
        destination_addr: number(n).slice(1),
        dest_addr_ton: 1,
      }
      const fields = { ...addresses, dest_addr_npi: 1, registered_delivery: 1, data_coding: 0, short_message: TEXT }
      session.submit_sm(fields, (answer) => (answer.command_status === 0 ? resolve() : reject(new Error('refused'))))
    })
  return {
    prepare: async (count, window) => async () => {
      const receipts = gate.all(count)
      await each(count, window, submit)
      await receipts
    },
    close: async () => session.destroy(),
  }
}

async function openLink(port: number, window: number): Promise<Client> {
  const gate = makeGate()
  const link = await openBoundLink(port, window, {
    onDeliveryReport: async () => gate.receipt(),
    onMessage: async () => undefined,
  })
  const send = async (n: number): Promise<void> => {
    const message: SmsMessage = {
      ...{
        id: '',
        to: number(n),
        from: 'NYOTA',
        text: TEXT,
        priority: 'receipt',
        flash: false,
        validForMs: 86_400_000,
      },
    }
    const { kind } = await link.send(message)
    if (kind !== 'accepted') throw new Error(kind)
  }
  return {
    prepare: async (count, window) => async () => {
      const receipts = gate.all(count)
      await each(count, window, send)
      await receipts
    },
    close: () => link.close(),
  }
}

async function openHistory(port: number, window: number): Promise<Client> {
  const database = openDatabase(databaseUrl ?? '', { maxConnections: 16, applicationName: 'bench' })
  const sealer = makeSealer(makeKey(Buffer.alloc(32, 1)))
  const gate = makeGate()
  const link = await openBoundLink(port, window, {
    async onDeliveryReport(report) {
      await recordDelivery({ database, sealer }, report)
      gate.receipt()
    },
    onMessage: async () => undefined,
  })
  let failures = 0
  const events = {
    smsSubmitted: ({ outcome }: { outcome: string }) => {
      if (outcome !== 'accepted') failures += 1
    },
    ...{ smsFailed: () => undefined, swept: () => undefined, sweepFailed: () => undefined },
  }
  const quiet = { hours: null, timeZone: 'Africa/Nairobi', now: Date.now }
  const otpKey = makeKey(Buffer.alloc(32, 2))
  const services = { database, sealer, otpKey, links: [link], from: 'NYOTA', quiet, events }
  return {
    async prepare(count, window) {
      const ids: string[] = []
      await each(count, 16, async (n) => {
        const body = { kind: 'text', text: TEXT } as const
        const queued = await enqueueSms(database, sealer, {
          ...{ factKey: `bench:${randomUUID()}`, subscriberId: null, to: number(n), body },
          ...{ priority: 'receipt', expiresAt: null },
        })
        if (queued !== null) ids.push(queued.id)
      })
      return async () => {
        const receipts = gate.all(count)
        await each(ids.length, window + AHEAD, (n) => deliverSms(services, ids[n] ?? ''))
        if (failures > 0) throw new Error(`${failures} failed`)
        await receipts
      }
    },
    close: () => Promise.all([link.close(), database.close()]),
  }
}

/** Runs `work` for 0 to `count` - 1, so many at a time. */
async function each(count: number, atOnce: number, work: (n: number) => Promise<unknown>): Promise<void> {
  let next = 0
  await Promise.all(
    Array.from({ length: Math.min(atOnce, count) }, async () => {
      for (let n = next++; n < count; n = next++) await work(n)
    }),
  )
}
