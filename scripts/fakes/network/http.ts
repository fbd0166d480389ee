import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { listen } from '../listen.ts'
import type { Answer, FakeAfricasTalking } from './africastalking.ts'
import { type Behaviour, ordinaryBehaviour, readBehaviour } from './behaviour.ts'
import { type Load, readLoadRequest } from './load.ts'
import { describeHttp } from './openapi.ts'
import type { Phones } from './phones.ts'
import type { Smsc } from './smsc.ts'
import type { UssdCentre } from './ussd.ts'
import { actOnPhone } from './ussd-http.ts'

export type HttpSide = { readonly port: number; close(): Promise<void> }

type Parts = {
  readonly phones: Phones
  readonly africastalking: FakeAfricasTalking
  readonly smsc: Smsc
  readonly ussd: UssdCentre
  readonly load: Load
  behaviour(): Behaviour
  behave(changes: Partial<Behaviour>): void
}

const MAX_BODY = 64 * 1024

/**
 * The fake network's HTTP side: Africa's Talking's `POST /version1/messaging`, everybody's phones, and what steers the network. `GET /`
 * describes it.
 */
export async function startHttpSide(options: { host: string; port: number }, parts: Parts): Promise<HttpSide> {
  const server = createServer((request, response) => {
    handle(parts, request, response).catch((error: Error) => {
      if (!response.headersSent) json(response, 400, { problem: error.message })
      else response.destroy()
    })
  })
  const port = await listen(server, options.port, options.host)
  return {
    port,
    async close() {
      const done = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await done
    },
  }
}

async function handle(parts: Parts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://network')
  const route = `${request.method} ${url.pathname}`
  const phone = /^\/phones\/([^/]+)\/messages$/.exec(url.pathname)?.[1]
  const pushed = /^\/phones\/([^/]+)\/ussd$/.exec(url.pathname)?.[1]
  if (pushed !== undefined)
    return followPushes(parts.ussd, `+${decodeURIComponent(pushed).replace(/^[+ ]/, '')}`, response)
  if (phone !== undefined) {
    const number = `+${decodeURIComponent(phone).replace(/^[+ ]/, '')}`
    if (request.method === 'POST') return sendFromPhone(parts, number, await readJson(request), response)
    if (url.searchParams.has('follow')) return follow(parts.phones, number, response)
    return json(response, 200, parts.phones.messages(number))
  }
  switch (route) {
    case 'GET /':
      return json(response, 200, describeHttp(parts.smsc.port))
    case 'POST /version1/messaging': {
      return give(response, parts.africastalking.send(new URLSearchParams(await readBody(request)), request.headers))
    }
    case 'POST /version1/airtime/send': {
      const form = new URLSearchParams(await readBody(request))
      return give(response, parts.africastalking.airtime.send(form, request.headers))
    }
    case 'GET /query/transaction/find':
      return give(response, parts.africastalking.airtime.find(url.searchParams, request.headers))
    case 'GET /airtime':
      return json(response, 200, parts.africastalking.airtime.sales())
    case 'POST /ussd': {
      const { status, body } = await actOnPhone(parts.ussd, await readJson(request))
      return json(response, status, body)
    }
    case 'GET /control':
      return json(response, 200, parts.behaviour())
    case 'POST /control': {
      const changes = readBehaviour(await readJson(request))
      if (typeof changes === 'string') return json(response, 400, { problem: changes })
      parts.behave(changes)
      return json(response, 200, parts.behaviour())
    }
    case 'POST /control/calm':
      parts.behave(ordinaryBehaviour)
      return json(response, 200, parts.behaviour())
    case 'GET /stats':
      return json(response, 200, parts.smsc.stats())
    case 'POST /stats/forget':
      parts.smsc.forgetStats()
      return json(response, 200, {})
    case 'GET /load':
      return json(response, 200, parts.load.state())
    case 'POST /load':
      return startLoad(parts.load, await readJson(request), response)
    case 'POST /load/stop':
      parts.load.stop()
      return json(response, 200, parts.load.state())
    case 'GET /links':
      return json(response, 200, parts.smsc.links())
    case 'POST /links/drop':
      parts.smsc.dropLinks()
      return json(response, 200, {})
    case 'POST /links/unbind':
      parts.smsc.unbindLinks()
      return json(response, 200, {})
    case 'POST /links/octets':
      return sendOctets(parts.smsc, await readJson(request), response)
    default:
      return json(response, 404, { problem: `${route} is not here; GET / says what is.` })
  }
}

async function sendFromPhone(parts: Parts, from: string, body: unknown, response: ServerResponse): Promise<void> {
  const { to, text, via } = (body ?? {}) as Record<string, unknown>
  if (typeof to !== 'string' || typeof text !== 'string')
    return json(response, 400, {
      problem: 'Nothing was sent: to or text is missing; send {"to": "22384", "text": "BAL"}.',
    })
  const sent =
    via === 'africastalking'
      ? (await parts.africastalking.receive(from, to, text)) === 200
      : parts.smsc.send(from, to, text)
  json(
    response,
    sent ? 202 : 503,
    sent ? {} : { problem: 'Nobody is bound to receive it; over SMPP it is kept until somebody is.' },
  )
}

function startLoad(load: Load, body: unknown, response: ServerResponse): void {
  const read = readLoadRequest(body)
  if (typeof read === 'string') {
    json(response, 400, { problem: read })
    return
  }
  load.start(read)
  json(response, 200, load.state())
}

function sendOctets(smsc: Smsc, body: unknown, response: ServerResponse): void {
  const { hex } = (body ?? {}) as Record<string, unknown>
  if (typeof hex !== 'string' || !/^([0-9a-f]{2})+$/i.test(hex)) {
    json(response, 400, { problem: 'Nothing was sent: hex is not octets; send {"hex": "00000010…"}, two digits each.' })
    return
  }
  smsc.sendOctets(Buffer.from(hex, 'hex'))
  json(response, 200, {})
}

/** Null: it is never answered. */
function give(response: ServerResponse, answer: Answer): void {
  if (answer !== null) response.writeHead(answer.status, { 'content-type': answer.contentType }).end(answer.body)
}

/** An empty line this often, since clients give up a stream that says nothing for minutes. */
const KEEP_ALIVE_MS = 30_000

function follow(phones: Phones, number: string, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/x-ndjson; charset=utf-8', 'cache-control': 'no-store' })
  response.flushHeaders()
  for (const message of phones.messages(number)) response.write(`${JSON.stringify(message)}\n`)
  const stop = phones.follow(number, (message) => response.write(`${JSON.stringify(message)}\n`))
  const alive = setInterval(() => response.write('\n'), KEEP_ALIVE_MS)
  response.on('close', () => {
    clearInterval(alive)
    stop()
  })
}

/** The screens that are pushed to a phone from now on, one JSON object a line. */
function followPushes(ussd: UssdCentre, number: string, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/x-ndjson; charset=utf-8', 'cache-control': 'no-store' })
  response.flushHeaders()
  const stop = ussd.follow(number, (shown) => response.write(`${JSON.stringify(shown)}\n`))
  const alive = setInterval(() => response.write('\n'), KEEP_ALIVE_MS)
  response.on('close', () => {
    clearInterval(alive)
    stop()
  })
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const body = await readBody(request)
  try {
    return JSON.parse(body === '' ? '{}' : body)
  } catch {
    throw new Error('The body is not JSON, so nothing was done; send an object such as {"delayMs": 20}.')
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > MAX_BODY) throw new Error(`The body is longer than ${MAX_BODY} octets, so nothing was done.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(`${JSON.stringify(body)}\n`)
}
