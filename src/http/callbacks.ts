import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Aggregator, AirtimeSale, Callback, UssdReply } from '../aggregators/aggregator.ts'
import type { Secret } from '../domain/secret.ts'
import { sameSecret } from '../security/same-secret.ts'
import type { Events } from '../telemetry/events.ts'
import type { PartnerGate } from './partner-gate.ts'
import { sendProblem } from './problem.ts'

export type CallbackDependencies = {
  readonly aggregators: ReadonlyMap<string, Aggregator>
  /** The key each aggregator has in its path. */
  readonly keys: ReadonlyMap<string, Secret>
  readonly gate: PartnerGate
  readonly answerUssd: (request: Extract<Callback, { kind: 'ussd' }>['request']) => Promise<UssdReply>
  /** Takes every other callback; resolves once what it says is stored. */
  readonly accept: (
    callback: Exclude<Callback, { kind: 'ussd' | 'bad' | 'ignored' | 'airtime_validation' }>,
  ) => Promise<void>
  /** Whether we bought what a seller asks about. */
  readonly validate: (sale: AirtimeSale) => Promise<boolean>
  readonly events: Events
}

/** Many times the longest form that an aggregator sends. */
const MAX_BODY_BYTES = 16 * 1024

const PATH = /^\/([a-z0-9-]+)\/([^/?]+)\/([a-z0-9-]+)(?:\?.*)?$/

/**
 * The small lane for partners' callbacks, in front of Express: `POST /<aggregator>/<key>/<callback>` with a form. Returns false when the
 * path belongs to somebody else. A wrong key, an unknown aggregator and an unknown path are answered alike.
 */
export function makeCallbackLane(
  dependencies: CallbackDependencies,
): (request: IncomingMessage, response: ServerResponse) => boolean {
  const { aggregators, keys, gate, events } = dependencies

  async function serve(aggregator: Aggregator, name: string, request: IncomingMessage, response: ServerResponse) {
    const parse = aggregator.callbacks[name]
    if (parse === undefined) return sendProblem(response, 404)
    if (request.method !== 'POST') {
      response.setHeader('Allow', 'POST')
      return sendProblem(response, 405, 'callbacks are posted')
    }
    if (!/^application\/x-www-form-urlencoded\b/i.test(request.headers['content-type'] ?? '')) {
      return sendProblem(response, 415, 'the body must be application/x-www-form-urlencoded')
    }
    if (!gate.admit(aggregator.name, request, response)) return
    const body = await readBody(request)
    if (body === null) {
      response.setHeader('Connection', 'close')
      return sendProblem(response, 413, `the body must be at most ${MAX_BODY_BYTES} bytes`)
    }
    if (!(await gate.verify(aggregator.name, name, request, body, response))) return
    const callback = parse(new URLSearchParams(body.toString('utf8')))
    switch (callback.kind) {
      case 'bad':
        events.callbackRefused({ aggregator: aggregator.name, callback: name })
        return sendProblem(response, 400, callback.problem)
      case 'ignored':
        return send(response, 'text/plain', 'OK')
      case 'ussd': {
        const { contentType, body: text } = aggregator.formatReply(await dependencies.answerUssd(callback.request))
        return send(response, contentType, text)
      }
      case 'airtime_validation': {
        if (!gate.open(aggregator.name, request, response)) return
        const { contentType, body: text } = aggregator.formatVerdict(await dependencies.validate(callback.sale))
        return send(response, contentType, text)
      }
      default:
        if (callback.kind !== 'ussd_end' && !gate.open(aggregator.name, request, response)) return
        await dependencies.accept(callback)
        return send(response, 'text/plain', 'OK')
    }
  }

  return (request, response) => {
    const match = PATH.exec(request.url ?? '')
    const aggregator = aggregators.get(match?.[1] ?? '')
    const expected = keys.get(aggregator?.name ?? '')
    if (match === null || aggregator === undefined || expected === undefined) return false
    if (!sameSecret(decode(match[2] ?? ''), expected.reveal())) {
      gate.wrongKey(aggregator.name, request)
      return false
    }
    serve(aggregator, match[3] ?? '', request, response).catch((error: unknown) => {
      events.callbackFailed({ aggregator: aggregator.name, callback: match[3] ?? '', error })
      sendProblem(response, 503, 'not stored; please send it again')
    })
    return true
  }
}

/** A part of a path without its %-escapes; empty where they are none. */
export function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return ''
  }
}

function send(response: ServerResponse, contentType: string, body: string): void {
  response.writeHead(200, { 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(body) })
  response.end(body)
}

/** The body as it came; null once it is longer than it may be. Rejects when the sender goes away half way. */
export function readBody(request: IncomingMessage): Promise<Buffer | null> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    request.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length <= MAX_BODY_BYTES) chunks.push(chunk)
      else resolve(null)
    })
    request.on('end', () => resolve(Buffer.concat(chunks)))
    request.on('error', reject)
    // Every request closes in the end; making an error that nobody sees would cost each hop a stack trace.
    request.on('close', () => request.complete || reject(new Error('the sender went away')))
  })
}
