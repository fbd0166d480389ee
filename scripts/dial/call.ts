/**
 * One USSD call as Africa's Talking reports it to a gateway: form fields `sessionId, serviceCode, phoneNumber, networkCode, text`, where
 * `text` holds every answer so far joined by `*`; the reply is plain text that starts with `CON ` or `END `.
 */
export type Call = {
  readonly sessionId: string
  readonly serviceCode: string
  readonly phoneNumber: string
  readonly networkCode: string
  /** The tail of a dialled shortcut, then one entry per answer. */
  readonly inputs: readonly string[]
  /** Answers given so far, without what was dialled. */
  readonly hops: number
  readonly startedAtMs: number
}

/** What the network says of a session that is over. `Incomplete`: the subscriber left while a menu waited for an answer. */
export type EndStatus = 'Success' | 'Incomplete' | 'Failed'

export type Reply =
  | { readonly kind: 'screen'; readonly text: string; readonly end: boolean }
  /** What a handset shows as "connection problem": the network ends the session on any other answer. */
  | { readonly kind: 'fault'; readonly reason: string }

/** The sandbox's network code: no real network carries these calls. */
const SANDBOX_NETWORK = '99999'

/**
 * Takes a dialled string apart: `*384*1*0712345678#` is the service code `*384#` and the tail `1*0712345678`. A service code that itself has
 * a `*` (shared codes such as `*384*77#`) must be named. Null when it is nothing that can be dialled.
 */
export function parseDialled(dialled: string, serviceCode?: string): { serviceCode: string; tail: string } | null {
  if (!/^\*\d+(\*[^#]*)?#$/.test(dialled)) return null
  const whole = dialled.slice(0, -1)
  const code = (serviceCode ?? `*${whole.slice(1).split('*')[0]}#`).slice(0, -1)
  if (whole === code) return { serviceCode: `${code}#`, tail: '' }
  return whole.startsWith(`${code}*`) ? { serviceCode: `${code}#`, tail: whole.slice(code.length + 1) } : null
}

export function placeCall(call: {
  sessionId: string
  serviceCode: string
  tail: string
  phoneNumber: string
  startedAtMs: number
}): Call {
  const { tail, ...rest } = call
  return { ...rest, networkCode: SANDBOX_NETWORK, inputs: tail === '' ? [] : [tail], hops: 0 }
}

export function answerCall(call: Call, input: string): Call {
  return { ...call, inputs: [...call.inputs, input], hops: call.hops + 1 }
}

/** The form of the callback for the call as it stands. */
export function callbackForm(call: Call): URLSearchParams {
  const { sessionId, serviceCode, phoneNumber, networkCode } = call
  return new URLSearchParams({ sessionId, serviceCode, phoneNumber, networkCode, text: call.inputs.join('*') })
}

/** The form of the notification that a session is over; as in reality its `input` repeats every answer. */
export function endForm(
  call: Call,
  end: { status: EndStatus; atMs: number; hops: number; lastBody: string; errorMessage?: string },
): URLSearchParams {
  const { sessionId, serviceCode, phoneNumber, networkCode } = call
  return new URLSearchParams({
    date: new Date(end.atMs).toISOString().slice(0, 19).replace('T', ' '),
    sessionId,
    serviceCode,
    networkCode,
    phoneNumber,
    status: end.status,
    cost: 'KES 0.10',
    durationInMillis: String(Math.max(0, end.atMs - call.startedAtMs)),
    hopsCount: String(end.hops),
    input: call.inputs.join('*'),
    lastAppResponse: end.lastBody,
    ...(end.errorMessage === undefined ? {} : { errorMessage: end.errorMessage }),
  })
}

export function readReply(status: number, body: string): Reply {
  if (status === 401 || status === 403 || status === 404) {
    return { kind: 'fault', reason: `HTTP ${status}: the gateway does not take callbacks under this key (--key)` }
  }
  if (status !== 200) return { kind: 'fault', reason: `HTTP ${status}${body === '' ? '' : `: ${body.slice(0, 200)}`}` }
  if (body.startsWith('CON ')) return { kind: 'screen', text: body.slice(4), end: false }
  if (body.startsWith('END ')) return { kind: 'screen', text: body.slice(4), end: true }
  return { kind: 'fault', reason: 'the answer starts with neither "CON " nor "END "' }
}
