import type { Call, EndStatus } from './call.ts'
import { endForm } from './call.ts'
import { causeOf, type GatewayAddress, type Posted, postCallback, postForm } from './gateway.ts'

/** What carries a phone's dialogue to the gateway. Screens come as `CON …` and `END …`, whatever the network's own octets are. */
export type Carrier = {
  /** Who answers, for the words about one that does not. */
  readonly url: string
  hop(call: Call): Promise<Posted>
  /** What the network sent last, once more. */
  repeat(call: Call): Promise<Posted>
  end(call: Call, end: Ended): Promise<Posted>
}

export type Ended = Omit<Parameters<typeof endForm>[1], 'status'> & {
  readonly status: EndStatus
  readonly idle: boolean
}

/** Africa's Talking's callbacks, posted to the gateway. */
export function overAfricasTalking(gateway: GatewayAddress): Carrier {
  return {
    url: gateway.url,
    hop: (call) => postCallback(gateway, call),
    repeat: (call) => postCallback(gateway, call),
    end: (call, end) => postForm(gateway, 'ussd-end', endForm(call, end)),
  }
}

/** A network gives up a screen after ten seconds; its own answer comes a little later. */
const PATIENCE_MS = 15_000

/** The fake network's phones, which dial over its SMPP links. */
export function overSmpp(networkUrl: string): Carrier {
  const url = networkUrl.replace(/\/+$/, '')

  async function act(body: Record<string, unknown>): Promise<Posted> {
    const signal = AbortSignal.timeout(PATIENCE_MS)
    try {
      const response = await fetch(`${url}/ussd`, {
        method: 'POST',
        body: JSON.stringify(body),
        signal,
        redirect: 'error',
      })
      const shown = (await response.json()) as Record<string, unknown>
      if (!response.ok) return { kind: 'answer', status: response.status, body: String(shown.problem) }
      if (shown.kind !== 'screen') return { kind: 'answer', status: 503, body: String(shown.reason) }
      return { kind: 'answer', status: 200, body: `${shown.end === true ? 'END' : 'CON'} ${String(shown.text)}` }
    } catch (error) {
      return signal.aborted ? { kind: 'late', afterMs: PATIENCE_MS } : { kind: 'unreachable', cause: causeOf(error) }
    }
  }

  return {
    url,
    hop({ phoneNumber: from, serviceCode, inputs, hops }) {
      const [tail = ''] = inputs
      const dial = tail === '' ? serviceCode : `${serviceCode.slice(0, -1)}*${tail}#`
      return act(hops === 0 ? { from, dial } : { from, answer: inputs.at(-1) })
    },
    repeat: ({ phoneNumber: from }) => act({ from, do: 'repeat' }),
    async end({ phoneNumber: from }, { status, idle }) {
      // The last screen has ended it.
      if (status === 'Success') return { kind: 'answer', status: 200, body: '' }
      const done = await act({ from, do: idle ? 'timeout' : 'hangup' })
      return done.kind === 'answer' && done.status === 503 ? { ...done, status: 200 } : done
    },
  }
}

/** Calls back for every screen that the gateway begins on this phone, until `signal`; a network without them is left alone. */
export async function followPushes(
  networkUrl: string,
  phoneNumber: string,
  onPush: (text: string, end: boolean) => void,
  signal: AbortSignal,
): Promise<void> {
  const url = `${networkUrl.replace(/\/+$/, '')}/phones/${encodeURIComponent(phoneNumber)}/ussd`
  const response = await fetch(url, { signal }).catch(() => null)
  if (response?.ok !== true || response.body === null) return
  const decoder = new TextDecoder()
  let rest = ''
  try {
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines.filter((each) => each.trim() !== '')) {
        const shown = JSON.parse(line) as Record<string, unknown>
        if (shown.kind === 'screen') onPush(String(shown.text), shown.end === true)
      }
    }
  } catch {
    // The network has gone, or the phone was put away.
  }
}
