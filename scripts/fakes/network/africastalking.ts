import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { segmentSms } from '../../../src/domain/segments.ts'
import { type FakeAirtime, makeFakeAirtime, type PostBack } from './airtime.ts'
import type { Behaviour } from './behaviour.ts'
import type { Phones } from './phones.ts'

/** What the HTTP interface answers; null: never. */
export type Answer = { readonly status: number; readonly contentType: string; readonly body: string } | null

export type FakeAfricasTalking = {
  /** `POST /version1/messaging`, in the bytes of the real one. */
  send(form: URLSearchParams, headers: IncomingHttpHeaders): Answer
  /** A message from a phone, posted to the gateway. Resolves with the gateway's status. */
  receive(from: string, to: string, text: string): Promise<number>
  readonly airtime: FakeAirtime
  /** From now on callbacks go there. */
  callBackTo(url: string): void
  close(): void
}

const STATUSES: Readonly<Record<number, string>> = {
  100: 'Processed',
  101: 'Success',
  102: 'Queued',
  401: 'RiskHold',
  402: 'InvalidSenderId',
  403: 'InvalidPhoneNumber',
  404: 'UnsupportedNumberType',
  405: 'InsufficientBalance',
  406: 'UserInBlacklist',
  407: 'CouldNotRoute',
  500: 'InternalServerError',
  501: 'GatewayError',
  502: 'RejectedByGateway',
}
const NETWORK_CODE = '63902'
const CALLBACK_TIMEOUT_MS = 5_000
const CALLBACK_TRIES = 5
const CALLBACK_PAUSE_MS = 500

/** `firstCallbackUrl`: where the gateway listens, `http://127.0.0.1:8080/africastalking/demo`; null: nothing is posted back. */
export function makeFakeAfricasTalking(
  firstCallbackUrl: string | null,
  behaviour: Behaviour,
  phones: Phones,
): FakeAfricasTalking {
  const stopped = new AbortController()
  let callbackUrl = firstCallbackUrl

  async function post(callback: string, form: Record<string, string>): Promise<number> {
    return (await postBack(callback, form))?.status ?? 0
  }

  async function postBack(callback: string, form: Record<string, string>): ReturnType<PostBack> {
    if (callbackUrl === null) return null
    const signal = AbortSignal.any([stopped.signal, AbortSignal.timeout(CALLBACK_TIMEOUT_MS)])
    const response = await fetch(`${callbackUrl}/${callback}`, {
      method: 'POST',
      body: new URLSearchParams(form),
      signal,
    })
    return { status: response.status, text: await response.text() }
  }

  async function report(id: string, phoneNumber: string): Promise<void> {
    const delivered = behaviour.receiptState === 'DELIVRD'
    const form = {
      id,
      status: delivered ? 'Success' : 'Failed',
      phoneNumber,
      networkCode: NETWORK_CODE,
      retryCount: '0',
    }
    const failure: Record<string, string> = delivered ? {} : { failureReason: 'DeliveryFailure' }
    await pause(behaviour.receiptDelayMs)
    for (let time = 0; time < (behaviour.receiptTwice ? 2 : 1); time += 1) {
      for (let tries = 0; tries < CALLBACK_TRIES && !stopped.signal.aborted; tries += 1) {
        const status = await post('sms-delivery', { ...form, ...failure }).catch(() => 0)
        if (status >= 200 && status < 500) break
        await pause(CALLBACK_PAUSE_MS)
      }
    }
  }

  function pause(durationMs: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, durationMs).unref())
  }

  return {
    send(form, headers) {
      const key = headers.apikey
      if (typeof key !== 'string' || key === '' || !form.get('username')) {
        return { status: 401, contentType: 'text/plain; charset=utf-8', body: 'The supplied authentication is invalid' }
      }
      const numbers = (form.get('to') ?? '').split(',').filter((number) => number !== '')
      const text = form.get('message') ?? ''
      if (numbers.length === 0 || text === '') {
        return { status: 400, contentType: 'text/plain; charset=utf-8', body: 'Request is missing required form field' }
      }
      const { encoding, parts } = segmentSms(text)
      const statusCode = behaviour.httpStatusCode
      const taken = statusCode < 200
      const recipients = numbers.map((number) => {
        const messageId = taken ? `ATXid_${randomUUID().replaceAll('-', '')}` : 'None'
        if (taken) {
          const total = parts.length
          parts.forEach((part, index) => {
            const place = total === 1 ? null : { reference: 0, total, number: index + 1 }
            phones.arrive({ from: form.get('from') ?? 'AFRICASTKNG', to: number, text: part, encoding, part: place })
          })
          if (behaviour.receipts !== 'none') void report(messageId, number)
        }
        return {
          statusCode,
          number,
          status: STATUSES[statusCode] ?? 'InternalServerError',
          cost: taken ? `KES ${(0.8 * parts.length).toFixed(4)}` : '0',
          messageId,
        }
      })
      const cost = (0.8 * parts.length * (taken ? numbers.length : 0)).toFixed(4)
      const message = `Sent to ${taken ? numbers.length : 0}/${numbers.length} Total Cost: KES ${cost}`
      if (behaviour.httpAnswer === 'silent') return null
      if (behaviour.httpAnswer === 'error-after-taking')
        return { status: 502, contentType: 'text/html', body: '<h1>Bad Gateway</h1>' }
      return {
        status: 201,
        contentType: 'application/json; charset=utf-8',
        body: JSON.stringify({ SMSMessageData: { Message: message, Recipients: recipients } }),
      }
    },
    receive: (from, to, text) => {
      const date = new Date().toISOString().replace(/\.\d+Z$/, 'Z')
      return post('sms', { date, from, id: randomUUID(), linkId: '', text, to, networkCode: NETWORK_CODE })
    },
    airtime: makeFakeAirtime(behaviour, postBack),
    callBackTo: (url) => {
      callbackUrl = url
    },
    close: () => stopped.abort(),
  }
}
