import { parseE164 } from '../../domain/msisdn.ts'
import { Secret } from '../../domain/secret.ts'
import type { Callback, UssdReply } from '../aggregator.ts'

/**
 * Africa's Talking USSD: form posts `sessionId, serviceCode, phoneNumber, networkCode, text`, where `text` holds every input of the
 * session joined by `*` and is empty at the dial; the answer is plain text that begins with `CON ` or `END `. When a session is over
 * a second URL gets `status` Success, Incomplete (the subscriber left) or Failed. Callbacks carry no signature.
 */
const MAX_SESSION_ID = 128

/** A network sends at most 182 characters a hop and sessions are short; more is not a dialogue. */
const MAX_TEXT = 2000

const statuses: Readonly<Record<string, 'completed' | 'dropped' | 'failed'>> = {
  Success: 'completed',
  Incomplete: 'dropped',
  Failed: 'failed',
}

/** One hop; `serviceCodes` are those served here. */
export function parseUssd(form: URLSearchParams, serviceCodes: readonly string[]): Callback {
  const sessionId = form.get('sessionId') ?? ''
  if (sessionId === '' || sessionId.length > MAX_SESSION_ID) return bad('sessionId must be 1 to 128 characters')
  const msisdn = parseE164(form.get('phoneNumber') ?? '')
  if (msisdn === null) return bad('phoneNumber must be in international form, for instance +254712345678')
  const serviceCode = form.get('serviceCode') ?? ''
  if (!serviceCodes.some((code) => bare(code) === bare(serviceCode))) return bad('serviceCode is not served here')
  const text = form.get('text')
  if (text === null) return bad('text is missing; it is empty at the dial')
  if (text.length > MAX_TEXT) return bad(`text is longer than ${MAX_TEXT} characters`)
  const request = { aggregator: 'africastalking', sessionId, msisdn, serviceCode, text: new Secret(text) }
  return { kind: 'ussd', request }
}

/** The end of a session. */
export function parseUssdEnd(form: URLSearchParams): Callback {
  const sessionId = form.get('sessionId') ?? ''
  if (sessionId === '' || sessionId.length > MAX_SESSION_ID) return bad('sessionId must be 1 to 128 characters')
  const msisdn = parseE164(form.get('phoneNumber') ?? '')
  if (msisdn === null) return bad('phoneNumber must be in international form, for instance +254712345678')
  const status = statuses[form.get('status') ?? '']
  if (status === undefined) return bad('status must be Success, Incomplete or Failed')
  return { kind: 'ussd_end', end: { aggregator: 'africastalking', sessionId, msisdn, status } }
}

/** A screen as the body of the answer. */
export function formatReply({ text, end }: UssdReply): { contentType: string; body: string } {
  return { contentType: 'text/plain; charset=utf-8', body: `${end ? 'END' : 'CON'} ${text}` }
}

/** `*384#`, `384#` and `*384` are one code: which decoration is present differs between networks. */
function bare(code: string): string {
  return code.replace(/^\*/, '').replace(/#$/, '')
}

function bad(problem: string): Callback {
  return { kind: 'bad', problem }
}
