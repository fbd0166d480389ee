import { createHash } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import { pathToFileURL } from 'node:url'
import { type Book, type FakeAccount, type FakeMove, makeBook, type Party, type Wanted } from './gsma/book.ts'
import { look, type Reply } from './gsma/look.ts'
import { errorOf, requestStateOf, resourceOf } from './gsma/shown.ts'
import type { GsmaTrouble } from './gsma/trouble.ts'
import { listen } from './listen.ts'

/** A request of a client or a callback of the fake, and what was answered; for tests that hold both against the published API. */
export type Exchange = {
  readonly way: 'request' | 'callback'
  readonly method: string
  /** As sent, without the query. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: unknown
  readonly status: number
  readonly answer: unknown
  /** What a callback is about. */
  readonly kind: FakeMove['kind'] | null
}

export type FakeGsma = {
  readonly url: string
  /** Replaces its trouble; `{}` makes it behave again, and what waited is done then. */
  control(trouble: GsmaTrouble): void
  moves(): readonly FakeMove[]
  account(value: string): FakeAccount | undefined
  exchanges(): readonly Exchange[]
  /** Callbacks that are on their way have arrived. */
  quiet(): Promise<void>
  close(): Promise<void>
}

type Call = {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Body
}
type Body = { readonly [key: string]: unknown }

export const FAKE_GSMA_KEY = 'demo'
const BASE = '/mm'
const MAX_BODY_BYTES = 16_384

/** A provider that speaks the GSMA Mobile Money API 1.2; port 0 picks a free one. */
export async function startFakeGsma(port = 8083): Promise<FakeGsma> {
  const book = makeBook()
  const exchanges: Exchange[] = []
  const underWay = new Set<Promise<unknown>>()
  let trouble: GsmaTrouble = {}

  /** Ends what may end, and calls back about what has ended. */
  function work(): void {
    if (trouble.pending === true || trouble.hidden === true) return
    for (const move of book.moves) {
      book.finish(move, trouble.refuse === true)
      if (move.callbackUrl === null || move.called) continue
      move.called = true
      for (let n = 0; n < (trouble.callbacks ?? 1); n += 1) track(callBack(move, move.callbackUrl, trouble))
    }
  }

  function track(running: Promise<Exchange>): void {
    const done = running.then((exchange) => exchanges.push(exchange)).catch(() => undefined)
    underWay.add(done)
    void done.finally(() => underWay.delete(done))
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', headers } = request
    const path = (request.url ?? '').split('?')[0] ?? ''
    const body = method === 'GET' ? {} : await readJson(request)
    if (path === '/control' && method === 'POST') {
      control(body as GsmaTrouble)
      return send(response, 200, trouble)
    }
    if (path === '/moves' && method === 'GET') return send(response, 200, book.moves)
    if (trouble.unreachable === true) return void response.destroy()
    const [status, said] = reply(book, trouble, { method, path, headers, body }, work)
    exchanges.push({ way: 'request', method, path, headers, body, status, answer: said, kind: null })
    if (trouble.silent === true || (trouble.hidden === true && method === 'POST')) return
    if (trouble.delayMs !== undefined) await new Promise((resolve) => setTimeout(resolve, trouble.delayMs))
    if (trouble.garbage === true) return void response.writeHead(status).end('<html>')
    send(response, status, said)
  }

  function control(next: GsmaTrouble): void {
    trouble = next
    work()
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  const at = await listen(server, port, '127.0.0.1')
  return {
    url: `http://127.0.0.1:${at}${BASE}`,
    control,
    moves: () => book.moves,
    account: (value) => book.accounts.get(value),
    exchanges: () => exchanges,
    quiet: async () => {
      while (underWay.size > 0) await Promise.all(underWay)
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await Promise.all(underWay)
    },
  }
}

function reply(book: Book, trouble: GsmaTrouble, call: Call, work: () => void): Reply {
  const { method, headers } = call
  if (headers['x-api-key'] !== FAKE_GSMA_KEY) return errorOf('clientAuthorisationError')
  const parts = call.path
    .slice(BASE.length + 1)
    .split('/')
    .map(decodeURIComponent)
  if (method === 'GET') return look(book, trouble, parts)
  const wanted = wantedOf(book, parts, call)
  if (wanted === null) return errorOf('formatError')
  if (book.moves.some(({ correlationId }) => correlationId === wanted.correlationId)) return errorOf('duplicateRequest')
  const move = book.take(wanted)
  const waits =
    trouble.polling === true || move.callbackUrl !== null || trouble.pending === true || trouble.hidden === true
  const state = requestStateOf(move)
  work()
  if (trouble.status5xxAfterSuccess === true) return errorOf('genericError')
  if (waits) return [202, state]
  return move.state === 'failed' ? errorOf(move.error ?? '') : [201, resourceOf(move, trouble)]
}

/** What a POST asks for; null where its path or body is none that we know. */
function wantedOf(book: Book, parts: readonly string[], { headers, body }: Call): Wanted | null {
  const [top, second = '', third] = parts
  const common = {
    correlationId: String(headers['x-correlationid'] ?? ''),
    callbackUrl: (headers['x-callback-url'] as string | undefined) ?? null,
    reference: String(body.requestingOrganisationTransactionReference ?? ''),
    currency: String(body.currency ?? ''),
    ...{ debit: null, credit: null, original: null, billAccount: null },
  }
  if (common.correlationId === '' || !isWhole(headers, body)) return null
  if (top === 'transactions' && second === 'type') {
    const sides = { debit: partyOf(body.debitParty), credit: partyOf(body.creditParty) }
    return { ...common, ...sides, kind: 'transaction', type: third ?? '', amount: String(body.amount) }
  }
  if (top === 'transactions' && third === 'reversals') {
    const first = book.moves.find(({ transactionReference }) => transactionReference === second)
    if (first === undefined) return null
    const sides = { debit: first.credit, credit: first.debit, currency: first.currency }
    return {
      ...common,
      ...sides,
      kind: 'reversal',
      type: 'reversal',
      amount: String(body.amount ?? first.amount),
      original: second,
    }
  }
  if (top === 'accounts' && parts.slice(-2).join('/') === 'bills/payments') {
    return { ...common, kind: 'billpayment', type: 'billpay', amount: String(body.amountPaid), billAccount: second }
  }
  return null
}

function partyOf(parties: unknown): Party | null {
  return Array.isArray(parties) ? ((parties[0] as Party | undefined) ?? null) : null
}

/** The body is what its X-Content-Hash says. */
function isWhole(headers: IncomingHttpHeaders, body: Body): boolean {
  return headers['x-content-hash'] === createHash('sha256').update(JSON.stringify(body)).digest('hex')
}

async function callBack(move: FakeMove, url: string, trouble: GsmaTrouble): Promise<Exchange> {
  await new Promise((resolve) => setTimeout(resolve, trouble.callbackDelayMs ?? 0))
  const body = move.state === 'failed' ? errorOf(move.error ?? '')[1] : resourceOf(move, trouble)
  const correlationId = trouble.wrongCorrelation === true ? move.serverCorrelationId : move.correlationId
  const headers = {
    'content-type': 'application/json',
    'X-CorrelationID': correlationId,
    'X-Date': new Date().toISOString(),
  }
  const answer = await fetch(url, {
    method: 'PUT',
    headers,
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(5_000),
  })
  await answer.arrayBuffer()
  const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
  return {
    way: 'callback',
    method: 'PUT',
    path: new URL(url).pathname,
    headers: lower,
    body,
    status: answer.status,
    answer: null,
    kind: move.kind,
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'X-Date': new Date().toISOString() })
  response.end(JSON.stringify(body))
}

async function readJson(request: IncomingMessage): Promise<Body> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    length += chunk.length
    if (length > MAX_BODY_BYTES) throw new Error('too long')
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8') || '{}') as Body
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const gsma = await startFakeGsma(Number(process.env.FAKE_GSMA_PORT ?? 8083))
  process.stdout.write(`Fake provider at ${gsma.url}\n`)
}
