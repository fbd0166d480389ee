import { statusNumber } from '../../../src/aggregators/smpp/codec.ts'

/**
 * How the fake network treats the next messages: flat, so that any of it can be changed while it runs, here or by `POST /control`. What
 * each means stands in `behaviourFields`.
 */
export type Behaviour = {
  seed: number
  refuse: string | null
  refuseShare: number
  refuseBinds: string | null
  throttleAbove: number
  queueAbove: number
  delayMs: number
  jitterMs: number
  lateMs: number
  lateShare: number
  lateEvery: number
  loseResponses: boolean
  loseShare: number
  loseEvery: number
  dropEvery: number
  reorder: number
  frozen: boolean
  silent: boolean
  receipts: 'text' | 'tlv' | 'both' | 'brief' | 'payload' | 'ucs2' | 'reference' | 'none'
  receiptDelayMs: number
  receiptJitterMs: number
  receiptState: string
  receiptEarly: boolean
  receiptTwice: boolean
  receiptReorder: number
  receiptOn: 'any' | 'submitter' | 'another'
  ids: 'same' | 'hex-then-decimal' | 'decimal-then-hex' | 'upper' | 'padded' | 'useless'
  incomingTwice: boolean
  incomingReorder: number
  incomingLoseEvery: number
  httpStatusCode: number
  httpAnswer: 'normal' | 'error-after-taking' | 'silent'
  airtime: 'delivered' | 'failed' | 'undecided' | 'refused'
  airtimeAnswer: 'normal' | 'error-after-taking' | 'silent'
  airtimeCallbacks: 'once' | 'thrice' | 'none'
  airtimeValidates: boolean
  airtimeDelayMs: number
}

/** What a value may be, and what it does. `ordinary` is what it is until somebody changes it. */
export type Field<Value> = { readonly ordinary: Value; readonly meaning: string } & (
  | { readonly kind: 'flag' }
  | { readonly kind: 'status' }
  | { readonly kind: 'word' }
  | { readonly kind: 'count'; readonly most: number }
  | { readonly kind: 'share' }
  | { readonly kind: 'choice'; readonly choices: readonly Value[] }
)

/** A day: longer pauses are a slip of the finger. */
const LONGEST_MS = 86_400_000
const MOST = 1_000_000

const flag = (meaning: string): Field<boolean> => ({ kind: 'flag', ordinary: false, meaning })
const count = (meaning: string, ordinary = 0, most = MOST): Field<number> => ({
  kind: 'count',
  ordinary,
  meaning,
  most,
})
const pause = (meaning: string, ordinary = 0): Field<number> => count(meaning, ordinary, LONGEST_MS)
const share = (meaning: string, ordinary = 0): Field<number> => ({ kind: 'share', ordinary, meaning })
const status = (meaning: string): Field<string | null> => ({ kind: 'status', ordinary: null, meaning })
const choice = <Value extends string>(meaning: string, ...choices: readonly [Value, ...Value[]]): Field<Value> => ({
  kind: 'choice',
  ordinary: choices[0],
  meaning,
  choices,
})

/** Every field of the behaviour: read by `POST /control`, `--set`, the help and the description at `GET /`. */
export const behaviourFields: { readonly [Name in keyof Behaviour]: Field<Behaviour[Name]> } = {
  seed: count('chance falls the same way in every run with the same seed', 1),
  refuse: status('status that submits are refused with, such as ESME_RINVDSTADR; null refuses none'),
  refuseShare: share('the part of all submits that `refuse` is about', 1),
  refuseBinds: status('status that binds are refused with, such as ESME_RBINDFAIL; null refuses none'),
  throttleAbove: count('submits of one account in a second, beyond which the answer is ESME_RTHROTTLED; 0: no limit'),
  queueAbove: count('submits of one account without an answer, beyond which the answer is ESME_RMSGQFUL; 0: no limit'),
  delayMs: pause('pause before each answer to a submit'),
  jitterMs: pause('up to so much is added to the pause, by chance'),
  lateMs: pause('how much longer a late answer takes'),
  lateShare: share('the part of all answers that is late'),
  lateEvery: count('every so manieth answer is late; 0: none'),
  loseResponses: flag('takes submits, delivers them, and never answers'),
  loseShare: share('the part of all answers that is lost; the messages arrive'),
  loseEvery: count('every so manieth answer is lost; 0: none'),
  dropEvery: count('every so manieth submit is taken, and the connection broken in place of its answer; 0: none'),
  reorder: count(
    'answers that are kept back until there are so many, then sent in another order; 0: in order',
    0,
    1_000,
  ),
  frozen: flag('stops reading: connections stand and are as good as dead'),
  silent: flag('reads and takes everything, and never says a word, not even to a bind or an enquire_link'),
  receipts: choice(
    'how delivery receipts tell: text of appendix B, TLVs, both, id and stat alone, text in message_payload, ASCII marked as ' +
      'UCS-2, user_message_reference instead of an id, none',
    ...(['text', 'tlv', 'both', 'brief', 'payload', 'ucs2', 'reference', 'none'] as const),
  ),
  receiptDelayMs: pause('pause between the answer and the receipt', 20),
  receiptJitterMs: pause('up to so much is added to that pause, by chance'),
  receiptState: {
    kind: 'word',
    ordinary: 'DELIVRD',
    meaning: 'what receipts say: DELIVRD, UNDELIV, EXPIRED, REJECTD, …',
  },
  receiptEarly: flag('the receipt comes before the answer to its submit'),
  receiptTwice: flag('every receipt comes twice'),
  receiptReorder: count('receipts that are kept back until there are so many, then sent in another order', 0, 1_000),
  receiptOn: choice(
    'the bind of the account that a receipt comes by; `another` than submitted, where there is one',
    ...(['any', 'submitter', 'another'] as const),
  ),
  ids: choice(
    'how the answer and the receipt write one id; `useless`: both say msg_id_not_implemented',
    ...(['same', 'hex-then-decimal', 'decimal-then-hex', 'upper', 'padded', 'useless'] as const),
  ),
  incomingTwice: flag('every message from a phone comes twice'),
  incomingReorder: count(
    'messages from phones, or parts of them, that are kept back and sent in another order',
    0,
    1_000,
  ),
  incomingLoseEvery: count('every so manieth message from a phone, or part of one, is lost; 0: none'),
  httpStatusCode: count(
    'recipient status of the HTTP interface: 101 is taken, 403 a bad number, 500 try again, …',
    101,
    999,
  ),
  httpAnswer: choice(
    'the HTTP interface takes the message and then answers, answers 502, or never answers',
    ...(['normal', 'error-after-taking', 'silent'] as const),
  ),
  airtime: choice(
    'airtime is taken and delivered, taken and then fails, taken and not decided, refused',
    ...(['delivered', 'failed', 'undecided', 'refused'] as const),
  ),
  airtimeAnswer: choice(
    'airtime is taken and then answered, answered with 502, never answered',
    ...(['normal', 'error-after-taking', 'silent'] as const),
  ),
  airtimeCallbacks: choice(
    'how often the end of a sale of airtime is posted to the gateway',
    ...(['once', 'thrice', 'none'] as const),
  ),
  airtimeValidates: {
    ...flag('the gateway is asked whether it knows a sale of airtime before it is delivered'),
    ordinary: true,
  },
  airtimeDelayMs: pause('pause between taking airtime and delivering it', 20),
}

export const ordinaryBehaviour: Readonly<Behaviour> = Object.fromEntries(
  Object.entries(behaviourFields).map(([name, { ordinary }]) => [name, ordinary]),
) as Behaviour

/** Reads changes from JSON; a sentence says what is wrong with them, and then none of them is made. */
export function readBehaviour(changes: unknown): Partial<Behaviour> | string {
  if (typeof changes !== 'object' || changes === null || Array.isArray(changes))
    return 'That is no JSON object, so nothing was changed; send one such as {"delayMs": 20}.'
  for (const [name, value] of Object.entries(changes)) {
    const field = Object.hasOwn(behaviourFields, name) ? behaviourFields[name as keyof Behaviour] : undefined
    if (field === undefined)
      return `${name} is not known, so nothing was changed; known are ${Object.keys(behaviourFields).join(', ')}.`
    const wanted = wantedOf(field, value)
    if (wanted !== null) return `${name} cannot be ${show(value)}, so nothing was changed; give ${wanted}.`
  }
  return changes as Partial<Behaviour>
}

/** Reads `name=value` of a command line into what `readBehaviour` takes. */
export function readAssignment(text: string): Record<string, unknown> {
  const at = text.indexOf('=')
  const [name, value] = at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
  if (/^(true|false|null|\d+(\.\d+)?)$/.test(value)) return { [name]: JSON.parse(value) as unknown }
  return { [name]: value }
}

/** What the field takes, in words; null: the value is right. */
function wantedOf(field: Field<unknown>, value: unknown): string | null {
  switch (field.kind) {
    case 'flag':
      return typeof value === 'boolean' ? null : 'true or false'
    case 'share':
      return typeof value === 'number' && value >= 0 && value <= 1 ? null : 'a number from 0 to 1'
    case 'count': {
      const fits = Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= field.most
      return fits ? null : `a whole number from 0 to ${field.most}`
    }
    case 'word':
      return typeof value === 'string' && /^[A-Z]{1,12}$/.test(value) ? null : 'a word in capitals, such as DELIVRD'
    case 'status': {
      const known = typeof value === 'string' && (value === 'ESME_RUNKNOWNERR' || statusNumber(value) !== 0xff)
      return value === null || known ? null : 'null, or a status by its name in the specification, such as ESME_RSYSERR'
    }
    case 'choice':
      return field.choices.includes(value) ? null : `one of ${field.choices.join(', ')}`
  }
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}
