import { z } from 'zod'
import { causeOf, parseJson, readBounded } from '../domain/http-answer.ts'
import type { Secret } from '../domain/secret.ts'
import type { Biller, CheckOutcome, Payment, PayOutcome, QueryOutcome } from './biller.ts'

/** One entry of `BILLERS`. */
export type HttpBillerSettings = {
  readonly id: string
  readonly name: string
  readonly accountDigits: number
  /** Without a slash at the end. */
  readonly baseUrl: string
  readonly key: Secret
  readonly timeoutMs: number
  readonly mostAtOnce: number
}

/** No honest answer is longer; more is not read. */
const MAX_ANSWER_BYTES = 16_384

/** A biller that speaks our own contract over HTTP: docs/billers.md. */
export function makeHttpBiller(settings: HttpBillerSettings): Biller {
  const { id, name, accountDigits, timeoutMs, mostAtOnce } = settings
  return {
    id,
    name,
    service: 'bill',
    amounts: null,
    mostAtOnce,
    accountDigits,
    timeoutMs,
    check: async (account) => checked(await call(settings, 'POST', '/check', { account })),
    pay: async (payment) => paid(await call(settings, 'POST', '/payments', wire(payment)), payment),
    query: async (payment) => queried(await call(settings, 'GET', `/payments/${payment.reference}`), payment),
  }
}

const neverSeen = z.object({ reference: z.string(), status: z.literal('not_found') })

type Answer = { readonly status: number; readonly body: unknown } | { readonly status: null; readonly cause: string }

const holderAndDue = z.object({
  holder: z.string().max(100).nullable(),
  due: z
    .string()
    .regex(/^\d{1,15}$/)
    .nullable(),
})

const payment = z.object({
  reference: z.string(),
  amount: z.string(),
  currency: z.string(),
  status: z.enum(['done', 'pending', 'refused']),
  partnerReference: z.string().min(1).max(100).optional(),
  /** Digits in any grouping: `1234 5678 …`. */
  token: z.string().max(64).optional(),
  reason: z.string().max(100).optional(),
})

function wire({ reference, account, amount, currency }: Payment): Record<string, string> {
  return { reference, account, amount: String(amount), currency }
}

function checked(answer: Answer): CheckOutcome {
  if (answer.status === 404) return { kind: 'unknown_account' }
  if (answer.status !== 200) return { kind: 'unavailable' }
  const body = holderAndDue.safeParse(answer.body)
  if (!body.success) return { kind: 'unavailable' }
  return { kind: 'known', holder: body.data.holder, due: body.data.due === null ? null : BigInt(body.data.due) }
}

/** `not_found` gives money back in the end, so it too takes a well-formed answer; every proxy on the way can say 404. */
function queried(answer: Answer, expected: Payment): QueryOutcome {
  if (answer.status !== 404) return paid(answer, expected)
  const parsed = neverSeen.safeParse(answer.body)
  const about = parsed.success && parsed.data.reference === wire(expected).reference
  return about ? { kind: 'not_found' } : { kind: 'unknown', cause: 'http 404' }
}

/** Only a well-formed answer about this very payment is definite; a status code alone says nothing about money. */
function paid(answer: Answer, expected: Payment): PayOutcome {
  if (answer.status === null) return { kind: 'unknown', cause: answer.cause }
  const parsed = payment.safeParse(answer.body)
  if (!parsed.success || answer.status >= 500) return { kind: 'unknown', cause: `http ${answer.status}` }
  const body = parsed.data
  const { reference, amount, currency } = wire(expected)
  if (body.reference !== reference || body.amount !== amount || body.currency !== currency) {
    return { kind: 'unknown', cause: 'answer about another payment' }
  }
  switch (body.status) {
    case 'pending':
      return { kind: 'pending' }
    case 'refused':
      return { kind: 'refused', reason: body.reason ?? 'no reason given' }
    case 'done': {
      const token = body.token?.replace(/[\s-]/g, '')
      if (body.partnerReference === undefined) return { kind: 'unknown', cause: 'done without a reference' }
      if (token !== undefined && !/^\d{1,20}$/.test(token)) return { kind: 'unknown', cause: 'unreadable token' }
      return { kind: 'done', partnerReference: body.partnerReference, receipt: token === undefined ? {} : { token } }
    }
  }
}

async function call(
  { baseUrl, key, timeoutMs }: HttpBillerSettings,
  method: 'GET' | 'POST',
  path: string,
  body?: Record<string, string>,
): Promise<Answer> {
  try {
    const response = await fetch(baseUrl + path, {
      method,
      headers: {
        authorization: `Bearer ${key.reveal()}`,
        accept: 'application/json',
        'content-type': 'application/json',
      },
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: response.status, body: parseJson(await readBounded(response, MAX_ANSWER_BYTES)) }
  } catch (error) {
    return { status: null, cause: causeOf(error) }
  }
}
