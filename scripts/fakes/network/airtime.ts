import { randomBytes } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Answer } from './africastalking.ts'
import type { Behaviour } from './behaviour.ts'

/** Airtime that was asked for; `received`: how often under its key, of which only the first counts. */
export type FakeSale = {
  readonly key: string
  readonly requestId: string
  readonly number: string
  /** `KES 50` */
  readonly amount: string
  status: 'Sent' | 'Success' | 'Failed'
  description: string
  received: number
  /** What the gateway said when it was asked whether it knows the sale; null where nobody was asked. */
  validated: boolean | null
}

export type FakeAirtime = {
  /** `POST /version1/airtime/send`, in the bytes of the real one. */
  send(form: URLSearchParams, headers: IncomingHttpHeaders): Answer
  /** `GET /query/transaction/find` */
  find(search: URLSearchParams, headers: IncomingHttpHeaders): Answer
  sales(): readonly FakeSale[]
  /** Ends what is undecided. */
  decide(requestId: string, status: 'Success' | 'Failed'): Promise<void>
}

/** Posts a form to the gateway; null where nobody listens. */
export type PostBack = (
  callback: string,
  form: Record<string, string>,
) => Promise<{ status: number; text: string } | null>

const CALLBACK_TRIES = 5
const CALLBACK_PAUSE_MS = 200

export function makeFakeAirtime(behaviour: Behaviour, post: PostBack): FakeAirtime {
  const sales = new Map<string, FakeSale>()

  async function deliver(sale: FakeSale): Promise<void> {
    await pause(behaviour.airtimeDelayMs)
    if (behaviour.airtimeValidates) {
      const [currencyCode = '', amount = ''] = sale.amount.split(' ')
      const asked = { transactionId: sale.requestId, phoneNumber: sale.number, sourceIpAddress: '127.0.0.1' }
      const question = { ...asked, currencyCode, amount: `${amount}.0000` }
      const answer = await post('airtime-validation', question).catch(() => ({ text: '' }))
      sale.validated = answer === null ? null : answer.text.includes('"Validated"')
      if (sale.validated === false) return end(sale, 'Failed', 'Validation failed')
    }
    if (behaviour.airtime === 'undecided') return
    await end(
      sale,
      behaviour.airtime === 'failed' ? 'Failed' : 'Success',
      behaviour.airtime === 'failed' ? 'Not delivered' : 'None',
    )
  }

  async function end(sale: FakeSale, status: 'Success' | 'Failed', description: string): Promise<void> {
    sale.status = status
    sale.description = description
    const form = {
      requestId: sale.requestId,
      phoneNumber: sale.number,
      description,
      status,
      value: `${sale.amount}.0000`,
      discount: `${sale.amount.split(' ')[0]} 0.0000`,
    }
    for (let time = 0; time < times[behaviour.airtimeCallbacks]; time += 1) {
      for (let tries = 0; tries < CALLBACK_TRIES; tries += 1) {
        const answer = await post('airtime-status', form).catch(() => ({ status: 0 }))
        if (answer === null || (answer.status >= 200 && answer.status < 500)) break
        await pause(CALLBACK_PAUSE_MS)
      }
    }
  }

  return {
    send(form, headers) {
      const refusal = refusalOf(form, headers)
      if (refusal !== null) return refusal
      const recipients = readRecipients(form.get('recipients') ?? '')
      const [recipient] = recipients
      if (recipient === undefined || recipients.length > 1) return text(400, 'Request is missing required form field')
      const key = String(headers['idempotency-key'] ?? randomBytes(8).toString('hex'))
      if (behaviour.airtime === 'refused')
        return answerTo(recipient, 'Failed', 'None', 'Value Outside The Allowed Limits')
      const known = sales.get(key)
      const sale: FakeSale = known ?? {
        ...{
          key,
          requestId: `ATQid_${randomBytes(16).toString('hex')}`,
          number: recipient.phoneNumber,
          amount: recipient.amount,
        },
        ...{ status: 'Sent', description: 'None', received: 0, validated: null },
      }
      sale.received += 1
      sales.set(key, sale)
      if (known === undefined) void deliver(sale)
      if (behaviour.airtimeAnswer === 'silent') return null
      if (behaviour.airtimeAnswer === 'error-after-taking')
        return { status: 502, contentType: 'text/html', body: '<h1>Bad Gateway</h1>' }
      return answerTo(recipient, 'Sent', sale.requestId, 'None')
    },
    find(search, headers) {
      const refusal = refusalOf(search, headers)
      if (refusal !== null) return refusal
      if (behaviour.airtimeAnswer === 'silent') return null
      const sale = [...sales.values()].find(({ requestId }) => requestId === search.get('transactionId'))
      if (sale === undefined) return json(200, { status: 'Failure', errorMessage: 'No transaction found' })
      const { requestId, number, amount, status, description } = sale
      const data = {
        transactionId: requestId,
        phoneNumber: number,
        value: `${amount}.0000`,
        status: status === 'Sent' ? 'Queued' : status,
        description,
      }
      return json(200, { status: 'Success', data })
    },
    sales: () => [...sales.values()],
    async decide(requestId, status) {
      const sale = [...sales.values()].find((each) => each.requestId === requestId)
      if (sale !== undefined) await end(sale, status, status === 'Failed' ? 'Not delivered' : 'None')
    },
  }
}

const times: Readonly<Record<Behaviour['airtimeCallbacks'], number>> = { once: 1, thrice: 3, none: 0 }

type Recipient = { readonly phoneNumber: string; readonly amount: string }

function readRecipients(text: string): Recipient[] {
  try {
    const read = JSON.parse(text) as unknown
    if (!Array.isArray(read)) return []
    return read.filter(
      (each): each is Recipient =>
        /^\+\d{7,15}$/.test(String(each?.phoneNumber)) && /^[A-Z]{3} \d{1,9}$/.test(String(each?.amount)),
    )
  } catch {
    return []
  }
}

function refusalOf(fields: URLSearchParams, headers: IncomingHttpHeaders): Answer {
  const key = headers.apikey
  const known = typeof key === 'string' && key !== '' && (fields.get('username') ?? '') !== ''
  return known ? null : text(401, 'The supplied authentication is invalid')
}

function answerTo({ phoneNumber, amount }: Recipient, status: string, requestId: string, errorMessage: string): Answer {
  const currency = amount.split(' ')[0]
  const sent = status === 'Sent'
  return json(201, {
    errorMessage: 'None',
    numSent: sent ? 1 : 0,
    totalAmount: sent ? `${amount}.0000` : '0',
    totalDiscount: sent ? `${currency} 0.0000` : '0',
    responses: [
      {
        phoneNumber,
        errorMessage,
        amount: `${amount}.0000`,
        status,
        requestId,
        discount: sent ? `${currency} 0.0000` : '0',
      },
    ],
  })
}

function json(status: number, body: object): Answer {
  return { status, contentType: 'application/json; charset=utf-8', body: JSON.stringify(body) }
}

function text(status: number, body: string): Answer {
  return { status, contentType: 'text/plain; charset=utf-8', body }
}

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs).unref())
}
