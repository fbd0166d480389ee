import { z } from 'zod'
import { causeOf, parseJson, readBounded } from '../domain/http-answer.ts'
import { type Currency, exponents } from '../domain/money.ts'
import { parseE164 } from '../domain/msisdn.ts'
import type { Secret } from '../domain/secret.ts'
import type { Biller, Payment, PayOutcome, QueryOutcome } from './biller.ts'

/** `AIRTIME`. Amounts in minor units. */
export type AirtimeSettings = {
  readonly username: string
  readonly apiKey: Secret
  /** `https://api.africastalking.com`, without a slash at the end. */
  readonly baseUrl: string
  readonly name: string
  readonly currency: Currency
  /** What Africa's Talking takes in this country, beside the tariff's own bounds. */
  readonly least: bigint
  readonly most: bigint
  readonly timeoutMs: number
  readonly mostAtOnce: number
}

/** The one who sells airtime; a deployment has one or none. */
export const AIRTIME = 'airtime'

/** No honest answer is longer; more is not read. */
const MAX_ANSWER_BYTES = 16_384
/** The longest number of E.164. */
const NUMBER_DIGITS = 15

/**
 * Airtime by Africa's Talking. We post `POST /version1/airtime/send`, form `username, recipients=[{phoneNumber, amount: "KES 50"}]`, with
 * our reference as `Idempotency-Key`; they answer 201 with one of `responses` and its `requestId`. `Sent` says that they took it, and
 * nothing about the phone: that is said by `GET /query/transaction/find?username&transactionId`, which needs that id. Their callbacks
 * (aggregators/africastalking/airtime.ts) only make us ask.
 */
export function makeAfricasTalkingAirtime(settings: AirtimeSettings): Biller {
  const { name, least, most, timeoutMs, mostAtOnce, currency } = settings
  return {
    id: AIRTIME,
    name,
    service: 'airtime',
    amounts: { least, most, step: unitOf(currency) },
    mostAtOnce,
    accountDigits: NUMBER_DIGITS,
    timeoutMs,
    // They have nothing to look a number up with; what they do not serve they refuse.
    check: async (account) =>
      parseE164(account) === null ? { kind: 'unknown_account' } : { kind: 'known', holder: null, due: null },
    pay: async (payment) => {
      if (payment.amount % unitOf(payment.currency) !== 0n) return { kind: 'refused', reason: 'no whole amount' }
      return paid(await send(settings, payment), payment)
    },
    query: async (payment) => {
      const { partnerReference = null } = payment
      // Without their id there is nothing to ask by, and sending again could move money twice.
      if (partnerReference === null) return { kind: 'unknown', cause: 'no request id is known' }
      const search = new URLSearchParams({ username: settings.username, transactionId: partnerReference })
      return found(await call(settings, `/query/transaction/find?${search}`, {}), payment, partnerReference)
    },
  }
}

type Answer =
  | { readonly status: number; readonly text: string }
  | { readonly status: null; readonly cause: string; readonly sent: boolean }

/** `amount` and `totalAmount` are such as `KES 50.0000`; an id that there is none of is the word `None`. */
const sendAnswer = z.object({
  errorMessage: z.string().max(200).optional(),
  numSent: z.number(),
  responses: z.array(
    z.object({
      phoneNumber: z.string(),
      amount: z.string(),
      status: z.string().max(40),
      errorMessage: z.string().max(200).optional(),
      requestId: z.string().max(100).optional(),
    }),
  ),
})

const findAnswer = z.object({
  status: z.string(),
  data: z.object({
    transactionId: z.string().optional(),
    requestId: z.string().optional(),
    phoneNumber: z.string().optional(),
    destination: z.string().optional(),
    value: z.string(),
    status: z.string().max(40),
    description: z.string().max(200).optional(),
  }),
})

const TAKEN: ReadonlySet<string> = new Set(['Sent', 'Success', 'Queued', 'Processing', 'Pending'])
/** An error that says the same was received before, so not that this was refused. */
const DUPLICATE = /duplicate/i
const WORDS = /^[\w .,'-]{1,100}$/

function paid(answer: Answer, payment: Payment): PayOutcome {
  if (answer.status === null) {
    // Nothing left this machine, so nothing can have been bought.
    return answer.sent ? { kind: 'unknown', cause: answer.cause } : { kind: 'refused', reason: answer.cause }
  }
  const parsed = sendAnswer.safeParse(parseJson(answer.text))
  if (!parsed.success || (answer.status !== 201 && answer.status !== 200))
    return { kind: 'unknown', cause: `http ${answer.status}` }
  const { responses, numSent, errorMessage } = parsed.data
  const [response] = responses
  if (response === undefined) {
    return numSent === 0 && isError(errorMessage)
      ? refusedFor(errorMessage)
      : { kind: 'unknown', cause: 'no recipient' }
  }
  if (responses.length > 1 || response.phoneNumber !== payment.account || !isAmount(response.amount, payment))
    return { kind: 'unknown', cause: 'answer about another payment' }
  if (TAKEN.has(response.status)) {
    const id = response.requestId ?? 'None'
    return id === 'None' || id === '' ? { kind: 'pending' } : { kind: 'pending', partnerReference: id }
  }
  if (response.status === 'Failed') return refusedFor(response.errorMessage ?? errorMessage)
  return { kind: 'unknown', cause: 'unreadable status' }
}

function isError(message: string | undefined): message is string {
  return message !== undefined && message !== '' && message !== 'None'
}

function refusedFor(message: string | undefined): PayOutcome {
  if (!isError(message)) return { kind: 'refused', reason: 'failed' }
  if (DUPLICATE.test(message)) return { kind: 'unknown', cause: 'they call it a duplicate' }
  return { kind: 'refused', reason: wordsOf(message) }
}

/** Never `not_found`: what they gave an id to was received. */
function found(answer: Answer, payment: Payment, partnerReference: string): QueryOutcome {
  if (answer.status === null) return { kind: 'unknown', cause: answer.cause }
  const parsed = findAnswer.safeParse(parseJson(answer.text))
  if (answer.status !== 200 || !parsed.success || parsed.data.status !== 'Success')
    return { kind: 'unknown', cause: `http ${answer.status}` }
  const { data } = parsed.data
  const number = data.phoneNumber ?? data.destination
  const same =
    (data.transactionId ?? data.requestId) === partnerReference &&
    isAmount(data.value, payment) &&
    (number === undefined || number === payment.account)
  if (!same) return { kind: 'unknown', cause: 'answer about another payment' }
  switch (data.status) {
    case 'Success':
      return { kind: 'done', partnerReference, receipt: {} }
    case 'Failed':
      return { kind: 'refused', reason: wordsOf(data.description ?? 'failed') }
    default:
      return TAKEN.has(data.status)
        ? { kind: 'pending', partnerReference }
        : { kind: 'unknown', cause: 'unreadable status' }
  }
}

/** Their words go on record and must not carry a number. */
function wordsOf(text: string): string {
  return WORDS.test(text) && !/\d{4}/.test(text) ? text : 'failed'
}

/** Minor units of one whole unit. */
function unitOf(currency: Currency): bigint {
  return 10n ** BigInt(exponents[currency])
}

/** `KES 50`, `KES 50.0000`. */
function isAmount(text: string, { amount, currency }: Payment): boolean {
  const match = /^([A-Z]{3}) (\d{1,12})(?:\.0{1,6})?$/.exec(text)
  return match !== null && match[1] === currency && BigInt(match[2] ?? '') * unitOf(currency) === amount
}

function send(settings: AirtimeSettings, { reference, account, amount, currency }: Payment): Promise<Answer> {
  const recipients = [{ phoneNumber: account, amount: `${currency} ${amount / unitOf(currency)}` }]
  return call(settings, '/version1/airtime/send', {
    method: 'POST',
    headers: { 'Idempotency-Key': reference },
    body: new URLSearchParams({ username: settings.username, recipients: JSON.stringify(recipients) }),
  })
}

async function call(
  { baseUrl, apiKey, timeoutMs }: AirtimeSettings,
  path: string,
  { headers, ...init }: { method?: string; headers?: Record<string, string>; body?: URLSearchParams },
): Promise<Answer> {
  try {
    const response = await fetch(baseUrl + path, {
      ...init,
      headers: { accept: 'application/json', apiKey: apiKey.reveal(), ...headers },
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    })
    return { status: response.status, text: await readBounded(response, MAX_ANSWER_BYTES) }
  } catch (error) {
    return { status: null, ...failureOf(error) }
  }
}

/** Errors of a connection that never stood. */
const NEVER_CONNECTED: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
])

function failureOf(error: unknown): { cause: string; sent: boolean } {
  const cause = causeOf(error)
  return { cause, sent: !NEVER_CONNECTED.has(cause) }
}
