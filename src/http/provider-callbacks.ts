import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ProviderCallback } from '../account-providers/account-provider.ts'
import type { Secret } from '../domain/secret.ts'
import { sameSecret } from '../security/same-secret.ts'
import type { Heard } from '../settlement/hear-callback.ts'
import type { Events } from '../telemetry/events.ts'
import { decode, readBody } from './callbacks.ts'
import type { PartnerGate } from './partner-gate.ts'
import { sendProblem } from './problem.ts'

export type ProviderLaneDependencies = {
  /** The key each provider has in its path; those that do not call back are not in it. */
  readonly keys: ReadonlyMap<string, Secret>
  readonly gate: PartnerGate
  /** Resolves once what follows from it is stored. */
  readonly hear: (from: string, reference: string, callback: ProviderCallback) => Promise<Heard>
  readonly events: Pick<Events, 'callbackRefused' | 'callbackFailed'>
}

const PATH = /^\/providers\/([a-z0-9-]+)\/([^/?]+)\/([^/?]+)(?:\?.*)?$/
const CALLBACK = 'payment'

/**
 * The lane of account providers' callbacks: `PUT /providers/<provider>/<key>/<reference>` with JSON, answered 204 (GSMA Mobile Money API 1.2, Callbacks).
 * Returns false when the path belongs to somebody else. A wrong key, an unknown provider and an unknown reference are answered alike.
 */
export function makeProviderLane(
  dependencies: ProviderLaneDependencies,
): (request: IncomingMessage, response: ServerResponse) => boolean {
  const { hear, keys, gate, events } = dependencies

  async function serve(from: string, reference: string, request: IncomingMessage, response: ServerResponse) {
    if (request.method !== 'PUT') {
      response.setHeader('Allow', 'PUT')
      return sendProblem(response, 405, 'callbacks are put')
    }
    if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
      return sendProblem(response, 415, 'the body must be application/json')
    }
    if (!gate.admit(from, request, response)) return
    const bytes = await readBody(request)
    if (bytes === null) {
      response.setHeader('Connection', 'close')
      return sendProblem(response, 413, 'the body is too long')
    }
    if (!(await gate.verify(from, reference, request, bytes, response))) return
    if (!gate.open(from, request, response)) return
    const body = parseJson(bytes.toString('utf8'))
    if (body === null) {
      events.callbackRefused({ aggregator: from, callback: CALLBACK })
      return sendProblem(response, 400, 'the body must be a JSON object')
    }
    const correlationId = request.headers['x-correlationid']
    const heard = await hear(from, reference, {
      correlationId: typeof correlationId === 'string' ? correlationId : null,
      body,
    })
    if (heard === 'not_ours') return sendProblem(response, 404)
    response.writeHead(204).end()
  }

  return (request, response) => {
    const match = PATH.exec(request.url ?? '')
    const [, from = '', key = '', reference = ''] = match ?? []
    const expected = keys.get(from)
    if (expected === undefined) return false
    if (!sameSecret(decode(key), expected.reveal())) {
      gate.wrongKey(from, request)
      return false
    }
    serve(from, decode(reference), request, response).catch((error: unknown) => {
      events.callbackFailed({ aggregator: from, callback: CALLBACK, error })
      sendProblem(response, 503, 'not stored; please send it again')
    })
    return true
  }
}

function parseJson(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' ? value : null
  } catch {
    return null
  }
}
