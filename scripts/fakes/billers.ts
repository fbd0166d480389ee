import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { pathToFileURL } from 'node:url'
import { listen } from './listen.ts'

/** How a fake biller misbehaves; nothing set: it behaves. */
export type Trouble = {
  /** Answers that much later. */
  readonly delayMs?: number
  /** Does its work and never answers. */
  readonly silent?: boolean
  /** Accounts are looked up as ever. */
  readonly paymentsOnly?: boolean
  /** Never sees the request: the connection breaks. */
  readonly unreachable?: boolean
  readonly refuse?: boolean
  /** Received, undecided; done at the first question after this is lifted. */
  readonly pending?: boolean
  /** Takes the payment and answers 500. */
  readonly status5xxAfterSuccess?: boolean
  /** Answers about another amount. */
  readonly wrongAmount?: boolean
}

export type FakePayment = {
  readonly biller: string
  readonly reference: string
  readonly account: string
  readonly amount: string
  readonly currency: string
  status: 'done' | 'pending' | 'refused'
  /** How often it was asked to pay under this reference; more than once is a fault of the asker. */
  received: number
}

export type FakeBillers = {
  readonly url: string
  /** What `BILLERS` must say to use them. */
  readonly setting: string
  /** Replaces a biller's trouble; `{}` makes it behave again. */
  control(id: string, trouble: Trouble): void
  payments(): readonly FakePayment[]
  close(): Promise<void>
}

type FakeBiller = {
  readonly name: string
  readonly digits: number
  readonly due: (account: string) => string | null
  readonly token: boolean
}

const fakeBillers: Readonly<Record<string, FakeBiller>> = {
  'city-power': { name: 'City Power', digits: 11, due: () => null, token: true },
  'city-water': { name: 'City Water', digits: 7, due: (account) => `${80 + (Number(account) % 50)}000`, token: false },
  'green-school': { name: 'Green School', digits: 8, due: () => null, token: false },
}

const KEY = 'demo'
const HOLDERS = ['Asha Mwangi', 'Peter Kamau', 'Grace Achieng', 'Daniel Kiptoo', 'Mercy Wairimu']
const MAX_BODY_BYTES = 16_384

/** Three billers in one server that speak docs/billers.md; port 0 picks a free one. */
export async function startFakeBillers(port = 8082): Promise<FakeBillers> {
  const troubles = new Map<string, Trouble>()
  const payments = new Map<string, FakePayment>()
  const server = createServer((request, response) => {
    answer(request, response, troubles, payments).catch(() => response.destroy())
  })
  const url = `http://127.0.0.1:${await listen(server, port, '127.0.0.1')}`
  return {
    url,
    setting: Object.entries(fakeBillers)
      .map(
        ([id, { name, digits }]) =>
          `${url.replace('//', `//${KEY}@`)}/${id}?${new URLSearchParams({ id, name, digits: String(digits) })}`,
      )
      .join(' '),
    control: (id, trouble) => void troubles.set(id, trouble),
    payments: () => [...payments.values()],
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  troubles: Map<string, Trouble>,
  payments: Map<string, FakePayment>,
): Promise<void> {
  const [id = '', what = '', reference = ''] = (request.url ?? '').split('?')[0]?.split('/').slice(1) ?? []
  const body = request.method === 'POST' ? await readJson(request) : {}
  if (request.method === 'GET' && id === 'payments') return send(response, 200, [...payments.values()])
  if (request.method === 'POST' && id === 'control') {
    const { id: steered, ...trouble } = body
    if (fakeBillers[steered ?? ''] === undefined)
      return send(response, 404, { error: `billers: ${Object.keys(fakeBillers).join(', ')}` })
    troubles.set(steered ?? '', trouble as Trouble)
    return send(response, 200, { id: steered, ...trouble })
  }
  const biller = fakeBillers[id]
  if (biller === undefined) return send(response, 404, { error: 'no such biller' })
  if (request.headers.authorization !== `Bearer ${KEY}`) return send(response, 401, { error: 'wrong key' })
  const trouble = troubles.get(id) ?? {}
  if (trouble.unreachable === true) return void response.destroy()
  const key = `${id}/${what === 'payments' && request.method === 'GET' ? reference : body.reference}`

  if (what === 'check')
    return finish(response, trouble.paymentsOnly === true ? {} : trouble, ...check(biller, body.account ?? ''))
  if (what === 'payments' && request.method === 'POST') {
    const payment = payments.get(key) ?? newPayment(id, biller, body, trouble)
    payment.received += 1
    payments.set(key, payment)
    if (trouble.status5xxAfterSuccess === true) return finish(response, trouble, 500, { error: 'internal' })
    return finish(response, trouble, ...shown(biller, payment, trouble))
  }
  if (what === 'payments' && request.method === 'GET') {
    const payment = payments.get(key)
    if (payment === undefined) return finish(response, trouble, 404, { reference, status: 'not_found' })
    if (payment.status === 'pending' && trouble.pending !== true) payment.status = 'done'
    return finish(response, trouble, ...shown(biller, payment, trouble))
  }
  send(response, 404, { error: 'not found' })
}

function check(biller: FakeBiller, account: string): [number, object] {
  if (!isKnown(biller, account)) return [404, { error: 'unknown account' }]
  return [200, { holder: HOLDERS[Number(account) % HOLDERS.length], due: biller.due(account) }]
}

function isKnown({ digits }: FakeBiller, account: string): boolean {
  return new RegExp(`^\\d{${digits}}$`).test(account) && !account.endsWith('99')
}

function newPayment(id: string, biller: FakeBiller, body: Record<string, string>, trouble: Trouble): FakePayment {
  const { reference = '', account = '', amount = '', currency = '' } = body
  const refused = trouble.refuse === true || !isKnown(biller, account)
  const status = refused ? 'refused' : trouble.pending === true ? 'pending' : 'done'
  return { biller: id, reference, account, amount, currency, status, received: 0 }
}

function shown(biller: FakeBiller, payment: FakePayment, trouble: Trouble): [number, object] {
  const { reference, currency, status } = payment
  const amount = trouble.wrongAmount === true ? `${payment.amount}0` : payment.amount
  const common = { reference, amount, currency, status }
  if (status === 'refused') return [422, { ...common, reason: 'account closed' }]
  if (status === 'pending') return [202, common]
  const digest = createHash('sha256').update(reference).digest('hex')
  const token = BigInt(`0x${digest}`).toString().slice(0, 20)
  return [
    200,
    { ...common, partnerReference: `P${digest.slice(0, 12).toUpperCase()}`, ...(biller.token ? { token } : {}) },
  ]
}

async function finish(response: ServerResponse, trouble: Trouble, status: number, body: object): Promise<void> {
  if (trouble.silent === true) return
  if (trouble.delayMs !== undefined) await new Promise((resolve) => setTimeout(resolve, trouble.delayMs))
  send(response, status, body)
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

async function readJson(request: IncomingMessage): Promise<Record<string, string>> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    length += chunk.length
    if (length > MAX_BODY_BYTES) throw new Error('too long')
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8') || '{}') as Record<string, string>
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const billers = await startFakeBillers(Number(process.env.FAKE_BILLERS_PORT ?? 8082))
  process.stdout.write(`Fake billers at ${billers.url}\nBILLERS="${billers.setting}"\n`)
}
