import { type Currency, exponents } from '../../domain/money.ts'
import { parseE164 } from '../../domain/msisdn.ts'
import type { AirtimeSale, Callback } from '../aggregator.ts'

/**
 * What Africa's Talking posts about airtime that we bought. Before it goes to the phone: form `transactionId, phoneNumber,
 * sourceIpAddress, currencyCode, amount`, answered by `{"status": "Validated"}` or `Failed`. Then, once or more: `requestId, phoneNumber,
 * description, status, value, discount`, where `value` is such as `KES 50.0000`.
 */
export function parseAirtimeValidation(form: URLSearchParams): Callback {
  const sale = readSale(form, 'transactionId', `${form.get('currencyCode') ?? ''} ${form.get('amount') ?? ''}`)
  return typeof sale === 'string' ? bad(sale) : { kind: 'airtime_validation', sale }
}

export function parseAirtimeStatus(form: URLSearchParams): Callback {
  const status = form.get('status') ?? ''
  if (!/^[A-Za-z]{1,40}$/.test(status)) return bad('status is missing or no word')
  const sale = readSale(form, 'requestId', form.get('value') ?? '')
  if (typeof sale === 'string') return bad(sale)
  return { kind: 'airtime_status', sale, status: statuses[status] ?? 'pending' }
}

export function formatVerdict(known: boolean): { contentType: string; body: string } {
  return { contentType: 'application/json', body: JSON.stringify({ status: known ? 'Validated' : 'Failed' }) }
}

/** Others are not final: what they mean is asked for. */
const statuses: Readonly<Record<string, 'succeeded' | 'failed'>> = { Success: 'succeeded', Failed: 'failed' }

/** What is wrong, in a sentence that holds nothing of what was sent. */
function readSale(form: URLSearchParams, idField: string, value: string): AirtimeSale | string {
  const id = form.get(idField) ?? ''
  if (!/^[\w.-]{1,100}$/.test(id)) return `${idField} must be 1 to 100 letters, digits, dots, hyphens and underscores`
  const number = parseE164(form.get('phoneNumber') ?? '')
  if (number === null) return 'phoneNumber must be in international form, for instance +254712345678'
  const money = readValue(value)
  if (money === null) return 'the amount must be such as KES 50 or KES 50.0000'
  return { requestId: id, number, ...money }
}

function readValue(text: string): Pick<AirtimeSale, 'amount' | 'currency'> | null {
  const match = /^([A-Z]{3}) (\d{1,12})(?:\.0{1,6})?$/.exec(text)
  const currency = (Object.keys(exponents) as Currency[]).find((code) => code === match?.[1])
  if (match === null || currency === undefined) return null
  return { currency, amount: BigInt(match[2] ?? '') * 10n ** BigInt(exponents[currency]) }
}

function bad(problem: string): Callback {
  return { kind: 'bad', problem }
}
