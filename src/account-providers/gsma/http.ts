import { createHash } from 'node:crypto'
import { causeOf, parseJson, readBounded } from '../../domain/http-answer.ts'
import type { GsmaSettings } from './settings.ts'

/** What came back, or a word for why nothing did. */
export type Answer =
  | { readonly status: number; readonly body: unknown }
  | { readonly status: null; readonly cause: string }

/** What goes into the headers of a request that changes something (GSMA Mobile Money API 1.2, Headers). */
export type Send = {
  readonly correlationId: string
  /** Null: the provider shall not call back. */
  readonly callbackUrl: string | null
  readonly body: object
}

/** A page of fifty statement entries is far shorter; more is not read. */
const MAX_ANSWER_BYTES = 262_144

/** The end of an operation's time; every request of it gets the same. */
export function deadlineOf({ timeoutMs }: GsmaSettings): AbortSignal {
  return AbortSignal.timeout(timeoutMs)
}

/** Asks; `path` begins with a slash and is encoded. Never throws. */
export function get(settings: GsmaSettings, path: string, deadline: AbortSignal): Promise<Answer> {
  return call(settings, path, { method: 'GET', headers: headersOf(settings), signal: deadline })
}

/** Sends once, whatever comes of it. Never throws. */
export function post(settings: GsmaSettings, path: string, send: Send, deadline: AbortSignal): Promise<Answer> {
  const body = JSON.stringify(send.body)
  const headers = {
    ...headersOf(settings),
    'content-type': 'application/json',
    'X-CorrelationID': send.correlationId,
    'X-Content-Hash': createHash('sha256').update(body).digest('hex'),
    'X-Channel': 'USSD',
    ...(send.callbackUrl === null ? {} : { 'X-Callback-URL': send.callbackUrl }),
  }
  return call(settings, path, { method: 'POST', headers, body, signal: deadline })
}

function headersOf({ clientId, apiKey }: GsmaSettings): Record<string, string> {
  return {
    accept: 'application/json',
    'X-Date': new Date().toISOString(),
    'X-Client-Id': clientId,
    'X-API-Key': apiKey.reveal(),
  }
}

/** A redirect is an error: the payment would go to somebody else. */
async function call({ baseUrl }: GsmaSettings, path: string, request: RequestInit): Promise<Answer> {
  try {
    const response = await fetch(baseUrl + path, { ...request, redirect: 'error' })
    return { status: response.status, body: parseJson(await readBounded(response, MAX_ANSWER_BYTES)) }
  } catch (error) {
    return { status: null, cause: causeOf(error) }
  }
}
