import { randomBytes } from 'node:crypto'
import type { Call, EndStatus } from '../../scripts/dial/call.ts'
import { answerCall, callbackForm, endForm, parseDialled, placeCall } from '../../scripts/dial/call.ts'
import type { GatewayAddress } from '../../scripts/dial/gateway.ts'
import { postForm } from '../../scripts/dial/gateway.ts'

/**
 * How callbacks arrive. Africa's Talking repeats a callback whose answer it lost; `thrice`: two copies at the same moment and one after
 * their answers. All must get the same bytes.
 */
export type Delivery = 'once' | 'thrice'

export type HttpAnswer = { readonly status: number; readonly body: string }

/** Posts what Africa's Talking posts, by real HTTP. */
export type AfricasTalkingClient = {
  dial(phoneNumber: string, dialled: string): Promise<UssdSession>
  /** Any callback, well-formed or not. */
  post(callback: string, form: Record<string, string>): Promise<HttpAnswer>
}

export type UssdSession = {
  readonly sessionId: string
  /** The whole answer of the last hop, `CON …` or `END …`. */
  body(): string
  answer(input: string): Promise<string>
  /** The last callback once more. */
  repeat(): Promise<string>
  /** Tells the gateway that the session is over. */
  end(status: EndStatus): Promise<void>
}

export function makeAfricasTalkingClient(gateway: GatewayAddress, delivery: Delivery = 'once'): AfricasTalkingClient {
  return {
    dial: async (phoneNumber, dialled) => {
      const parts = parseDialled(dialled)
      if (parts === null) throw new Error(`${dialled} cannot be dialled`)
      const sessionId = `ATUid_${randomBytes(16).toString('hex')}`
      const call = placeCall({ ...parts, sessionId, phoneNumber, startedAtMs: Date.now() })
      return openSession(gateway, delivery, call)
    },
    post: (callback, form) => send(gateway, callback, new URLSearchParams(form)),
  }
}

/** Dials and, where the gateway offers to go on with a session that was dropped before, starts over. In English. */
export async function dialAnew(client: AfricasTalkingClient, phoneNumber: string): Promise<UssdSession> {
  const session = await client.dial(phoneNumber, '*384#')
  if (session.body().endsWith('\n1 Continue\n2 Start over')) await session.answer('2')
  return session
}

async function openSession(gateway: GatewayAddress, delivery: Delivery, dialled: Call): Promise<UssdSession> {
  let call = dialled
  let hops = 1
  let body = await deliver(gateway, delivery, call)
  return {
    sessionId: call.sessionId,
    body: () => body,
    answer: async (input) => {
      call = answerCall(call, input)
      hops += 1
      body = await deliver(gateway, delivery, call)
      return body
    },
    repeat: () => deliver(gateway, 'once', call),
    end: async (status) => {
      await send(gateway, 'ussd-end', endForm(call, { status, atMs: Date.now(), hops, lastBody: body }))
    },
  }
}

async function deliver(gateway: GatewayAddress, delivery: Delivery, call: Call): Promise<string> {
  const once = (): Promise<HttpAnswer> => send(gateway, 'ussd', callbackForm(call))
  const answers = delivery === 'once' ? [await once()] : [...(await Promise.all([once(), once()])), await once()]
  const [first] = answers
  if (first === undefined) throw new Error('no callback was sent')
  if (first.status !== 200) throw new Error(`the gateway answered HTTP ${first.status}: ${first.body}`)
  if (answers.some(({ status, body }) => status !== first.status || body !== first.body)) {
    throw new Error(`the same callback got different bytes:\n${answers.map(({ body }) => body).join('\n--\n')}`)
  }
  return first.body
}

async function send(gateway: GatewayAddress, callback: string, form: URLSearchParams): Promise<HttpAnswer> {
  const posted = await postForm(gateway, callback, form)
  if (posted.kind !== 'answer') throw new Error(`${gateway.url} gave no answer to ${callback}: ${posted.kind}`)
  return posted
}
