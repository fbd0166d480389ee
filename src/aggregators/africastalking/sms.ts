import { createRequire } from 'node:module'
import { parseE164 } from '../../domain/msisdn.ts'
import { Secret } from '../../domain/secret.ts'
import { segmentSms } from '../../domain/segments.ts'
import { within } from '../../domain/within.ts'
import type { Callback, DeliveryReport } from '../aggregator.ts'
import type { SendOutcome, SmsLink, SmsMessage } from '../sms-link.ts'

/**
 * Africa's Talking SMS. We send with their SDK (`POST /version1/messaging`, form `username, to, message, from?, bulkSMSMode`; success
 * is 201 with one `Recipients` entry and a status code of its own). They post incoming messages as form `date, from, id, linkId?,
 * text, to` and delivery reports as `id, status, phoneNumber, failureReason?, retryCount?`; opt-outs as `senderId, phoneNumber`.
 */
export type AfricasTalkingSmsSettings = {
  readonly username: string
  readonly apiKey: Secret
  /** Base URL for another host than theirs, `http://127.0.0.1:8081`; null for theirs. */
  readonly url: string | null
  readonly deadlineMs: number
}

export const AFRICASTALKING_DEADLINE_MS = 10_000

/** Recipient status codes that mean taken: Processed, Sent, Queued. */
const TAKEN: ReadonlySet<number> = new Set([100, 101, 102])
/** Refused for now, or by this account: InsufficientBalance, CouldNotRoute, InternalServerError, GatewayError. */
const PASSING: ReadonlySet<number> = new Set([405, 407, 500, 501])
/** HTTP statuses that surely mean not taken, and whether another try or link may fare better. Others above 499 tell nothing. */
const HTTP_REFUSALS: Readonly<Record<number, boolean>> = {
  400: false,
  401: true,
  403: true,
  404: true,
  405: true,
  429: true,
  503: true,
}
/** Errors of a connection that never stood. */
const NEVER_CONNECTED: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
])

/** So many failures in a row, and messages go elsewhere for a while. */
const FAILURES_TO_REST = 3
const REST_MS = 15_000

const reportStates: Readonly<Record<string, DeliveryReport['state']>> = {
  Sent: 'pending',
  Submitted: 'pending',
  Buffered: 'pending',
  Success: 'delivered',
  Failed: 'failed',
  Rejected: 'failed',
  AbsentSubscriber: 'failed',
  Expired: 'failed',
}

const MAX_ID = 128
const MAX_TEXT = 2000
/** PostgreSQL takes no NUL, and nobody means a control character. */
const CONTROL = /\p{Cc}/u
const WORD = /^[A-Za-z][\w .-]{0,59}$/

/** A message from a phone. */
export function parseIncomingSms(form: URLSearchParams): Callback {
  const id = form.get('id') ?? ''
  if (id === '' || id.length > MAX_ID || CONTROL.test(id)) return bad(`id must be 1 to ${MAX_ID} plain characters`)
  const from = parseE164(form.get('from') ?? '')
  if (from === null) return bad('from must be in international form, for instance +254712345678')
  const text = form.get('text')
  if (text === null) return bad('text is missing')
  if (text.length > MAX_TEXT) return bad(`text is longer than ${MAX_TEXT} characters`)
  const to = form.get('to') ?? ''
  if (to === '' || to.length > 20 || CONTROL.test(to)) return bad('to must be 1 to 20 plain characters')
  return { kind: 'sms', message: { link: 'africastalking', id, from, to, text: new Secret(text) } }
}

/** A status that we do not know is kept as pending: refusing it would only make it come again. */
export function parseDeliveryReport(form: URLSearchParams): Callback {
  const id = form.get('id') ?? ''
  if (id === '' || id.length > MAX_ID || CONTROL.test(id)) return bad(`id must be 1 to ${MAX_ID} plain characters`)
  const status = form.get('status') ?? ''
  if (!WORD.test(status)) return bad('status is missing or no word')
  const to = parseE164(form.get('phoneNumber') ?? '')
  const state = reportStates[status] ?? 'pending'
  const cause = form.get('failureReason') ?? ''
  const reason = state !== 'failed' ? null : WORD.test(cause) ? `${status} ${cause}` : status
  const report: DeliveryReport = {
    link: 'africastalking',
    providerId: id,
    state,
    reason,
    ...(to === null ? {} : { to }),
  }
  return { kind: 'delivery', report }
}

/** Somebody who no longer wants bulk messages. */
export function parseOptOut(form: URLSearchParams): Callback {
  const number = parseE164(form.get('phoneNumber') ?? '')
  return number === null
    ? bad('phoneNumber must be in international form')
    : { kind: 'opt_out', link: 'africastalking', number }
}

/** One account. The SDK keeps its URLs in a module, so a process has one account at one address. */
export function openAfricasTalkingSms(settings: AfricasTalkingSmsSettings): SmsLink {
  const sdk = loadSdk(settings)
  let failures = 0
  let restUntilMs = 0
  return {
    name: 'africastalking',
    prefixes: [],
    reports: 'per_message',
    isUp: () => performance.now() >= restUntilMs,
    async send(message) {
      // Their interface takes no header, and a part without its place is half a sentence.
      if (message.part !== undefined) return { kind: 'refused', reason: 'takes_no_parts', retry: false, scope: 'link' }
      const outcome = await sendOnce(sdk, message, settings.deadlineMs)
      const failed =
        outcome.kind === 'unknown' || (outcome.kind === 'refused' && outcome.reason.startsWith('unreachable'))
      failures = failed ? failures + 1 : 0
      if (failures >= FAILURES_TO_REST) {
        failures = 0
        restUntilMs = performance.now() + REST_MS
      }
      return outcome
    },
  }
}

type Sdk = { readonly SMS: { send(options: { to: string; message: string; from: string }): Promise<unknown> } }

function loadSdk(settings: AfricasTalkingSmsSettings): Sdk {
  const require = createRequire(import.meta.url)
  const initialise = require('africastalking') as (options: { username: string; apiKey: string }) => Sdk
  const sdk = initialise({ username: settings.username, apiKey: settings.apiKey.reveal() })
  const urls = require('africastalking/lib/common') as { SMS_URL: string }
  if (settings.url !== null) urls.SMS_URL = `${settings.url.replace(/\/+$/, '')}/version1/messaging`
  // The SDK sets no time-out, so a socket could outlive our deadline for ever; and a redirect would carry the key elsewhere.
  const http = createRequire(require.resolve('africastalking'))('axios') as { defaults: Record<string, unknown> }
  Object.assign(http.defaults, { timeout: settings.deadlineMs, maxRedirects: 0 })
  return sdk
}

async function sendOnce(sdk: Sdk, message: SmsMessage, deadlineMs: number): Promise<SendOutcome> {
  const { to, text, from } = message
  // What the SDK rejects with holds the key, the number and the text: only a word of ours leaves this function.
  const sent = Promise.resolve()
    .then(() => sdk.SMS.send({ to, message: text, from }))
    .then(
      (answer) => readAnswer(answer, text),
      (error: unknown) => readError(error, text),
    )
  const outcome = await within(deadlineMs, sent)
  return outcome === 'late' ? { kind: 'unknown', cause: 'no_answer', providerIds: [] } : outcome
}

/** `{ SMSMessageData: { Message, Recipients: [{ statusCode, status, messageId, … }] } }` */
function readAnswer(answer: unknown, text: string): SendOutcome {
  const data = field(answer, 'SMSMessageData')
  const recipients = field(data, 'Recipients')
  if (!Array.isArray(recipients)) return { kind: 'unknown', cause: 'unreadable_answer', providerIds: [] }
  const recipient: unknown = recipients[0]
  if (recipient === undefined) {
    const said = field(data, 'Message')
    return {
      kind: 'refused',
      reason: typeof said === 'string' && WORD.test(said) ? said : 'no_recipient',
      retry: false,
    }
  }
  const code = Number(field(recipient, 'statusCode'))
  const status = field(recipient, 'status')
  if (TAKEN.has(code)) {
    const id = field(recipient, 'messageId')
    const providerIds = typeof id === 'string' && id !== '' && id !== 'None' ? [id] : []
    return { kind: 'accepted', providerIds, segments: segmentSms(text).parts.length }
  }
  if (!(code >= 400 && code < 600)) return { kind: 'unknown', cause: 'unreadable_answer', providerIds: [] }
  const reason = typeof status === 'string' && WORD.test(status) ? `${code} ${status}` : String(code)
  return { kind: 'refused', reason, retry: PASSING.has(code) }
}

function readError(error: unknown, text: string): SendOutcome {
  const status = field(field(error, 'response'), 'status')
  if (typeof status === 'number') {
    const retry = HTTP_REFUSALS[status]
    if (retry !== undefined) return { kind: 'refused', reason: `http_${status}`, retry }
    return { kind: 'unknown', cause: `http_${status}`, providerIds: [] }
  }
  // With another 2xx than 201 the SDK rejects with the answer's body.
  if (field(error, 'SMSMessageData') !== undefined) return readAnswer(error, text)
  // Neither an answer nor a request: the SDK found fault with the message before it sent anything.
  if (error instanceof Error && field(error, 'config') === undefined)
    return { kind: 'refused', reason: 'refused_by_sdk', retry: false }
  const code = String(field(error, 'code') ?? 'no_code')
  const connecting = field(field(error, 'cause'), 'syscall') === 'connect'
  if (NEVER_CONNECTED.has(code) || connecting) return { kind: 'refused', reason: `unreachable_${code}`, retry: true }
  return { kind: 'unknown', cause: WORD.test(code) ? code : 'error', providerIds: [] }
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

function bad(problem: string): Callback {
  return { kind: 'bad', problem }
}
