import { randomBytes } from 'node:crypto'
import { answerCall, callbackForm, endForm, type Call as Placed, placeCall } from '../dial/call.ts'
import type { FakeNetwork } from '../fakes/network.ts'
import type { Call } from './history.ts'
import { CALLBACK_KEY, SERVICE_CODE } from './world.ts'

/** What came of one request, before it is put into the history. */
export type Answered = Pick<Call, 'outcome' | 'words'> & { readonly ended: boolean }

/** A dialogue as its network carries it. */
export type Dialogue = {
  dial(): Promise<Answered>
  answer(input: string): Promise<Answered>
  /** The last callback once more, on whichever gateway is next. */
  repeat(): Promise<Answered>
  /** An older callback of this dialogue. */
  stale(back: number): Promise<Answered>
  leave(): Promise<void>
}

/** Networks give an application 10 to 15 seconds. */
const PATIENCE_MS = 12_000
const NOTHING: Answered = { outcome: 'info', words: null, ended: true }

/** Posts what Africa's Talking posts, each callback to the next gateway in turn, as a load balancer would. */
export function openCallbacks(gatewayUrls: readonly string[], phoneNumber: string, first: number): Dialogue {
  const sessionId = `ATUid_${randomBytes(16).toString('hex')}`
  let call: Placed = placeCall({ serviceCode: SERVICE_CODE, tail: '', sessionId, phoneNumber, startedAtMs: Date.now() })
  const before: Placed[] = []
  let turn = first
  let lastBody = ''

  async function post(form: URLSearchParams, what: 'ussd' | 'ussd-end'): Promise<Answered> {
    turn += 1
    const url = `${gatewayUrls[turn % gatewayUrls.length]}/africastalking/${CALLBACK_KEY}/${what}`
    try {
      const response = await fetch(url, { method: 'POST', body: form, signal: AbortSignal.timeout(PATIENCE_MS) })
      const body = await response.text()
      if (response.status !== 200 || !/^(CON|END) /.test(body)) return NOTHING
      lastBody = body
      return { outcome: 'ok', words: body.slice(4), ended: body.startsWith('END') }
    } catch (error) {
      return { ...NOTHING, outcome: isRefused(error) ? 'fail' : 'info' }
    }
  }

  return {
    dial: () => post(callbackForm(call), 'ussd'),
    answer(input) {
      before.push(call)
      call = answerCall(call, input)
      return post(callbackForm(call), 'ussd')
    },
    repeat: () => post(callbackForm(call), 'ussd'),
    stale: (back) => post(callbackForm(before.at(-back) ?? before[0] ?? call), 'ussd'),
    async leave() {
      const end = { status: 'Incomplete', atMs: Date.now(), hops: before.length + 1, lastBody } as const
      await post(endForm(call, end), 'ussd-end')
    },
  }
}

/** Nobody listened: the request did nothing. */
function isRefused(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : null
  return cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED'
}

/** The same over SMPP; the fake network's message centre picks the bind. */
export function openSmppDialogue({ ussd }: FakeNetwork, phoneNumber: string): Dialogue {
  const read = (shown: Awaited<ReturnType<typeof ussd.dial>>): Answered =>
    shown.kind === 'screen' ? { outcome: 'ok', words: shown.text, ended: shown.end } : NOTHING
  return {
    dial: () => ussd.dial(phoneNumber, SERVICE_CODE).then(read),
    answer: async (input) => (ussd.isOpen(phoneNumber) ? read(await ussd.answer(phoneNumber, input)) : NOTHING),
    repeat: async () => (ussd.isOpen(phoneNumber) ? read(await ussd.repeat(phoneNumber)) : NOTHING),
    stale: async () => NOTHING,
    leave: async () => (ussd.isOpen(phoneNumber) ? ussd.hangUp(phoneNumber) : undefined),
  }
}
