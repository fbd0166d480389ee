import type { Call } from './call.ts'
import { callbackForm } from './call.ts'

/** Where a gateway takes the callbacks of Africa's Talking. */
export type GatewayAddress = { readonly url: string; readonly key: string }

export type Posted =
  | { readonly kind: 'answer'; readonly status: number; readonly body: string }
  | { readonly kind: 'unreachable'; readonly cause: string }
  | { readonly kind: 'late'; readonly afterMs: number }

/** Networks give an application 10 to 15 seconds. */
const NETWORK_PATIENCE_MS = 15_000

export function postCallback(gateway: GatewayAddress, call: Call): Promise<Posted> {
  return postForm(gateway, 'ussd', callbackForm(call))
}

/** Posts a form to `/africastalking/<key>/<callback>`; an HTTP answer of any status is an answer. */
export async function postForm(gateway: GatewayAddress, callback: string, form: URLSearchParams): Promise<Posted> {
  const url = `${gateway.url.replace(/\/+$/, '')}/africastalking/${encodeURIComponent(gateway.key)}/${callback}`
  const signal = AbortSignal.timeout(NETWORK_PATIENCE_MS)
  try {
    const response = await fetch(url, { method: 'POST', body: form, signal, redirect: 'error' })
    return { kind: 'answer', status: response.status, body: await response.text() }
  } catch (error) {
    return signal.aborted
      ? { kind: 'late', afterMs: NETWORK_PATIENCE_MS }
      : { kind: 'unreachable', cause: causeOf(error) }
  }
}

/** fetch hides the reason (`ECONNREFUSED`) in the cause of its "fetch failed". */
export function causeOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code
  return cause instanceof Error ? cause.message : String(cause)
}
