import { statusNumber } from '../../../src/aggregators/smpp/codec.ts'
import type { UssdCentre } from './ussd.ts'
import { SPOKEN } from './ussd-octets.ts'

export type Acted = { readonly status: number; readonly body: unknown }

/**
 * `POST /ussd` with `{from, dial, dialect?}`, `{from, answer}` or `{from, do: "hangup" | "timeout" | "repeat"}`: what the phone shows then,
 * `{kind: "screen", text, end}` or `{kind: "ended", reason}`. `{refuse: "ESME_RSUBMITFAIL"}` refuses every screen until `{refuse: null}`.
 */
export async function actOnPhone(ussd: UssdCentre, wanted: unknown): Promise<Acted> {
  const { from, dial, answer, dialect, do: what, refuse } = (wanted ?? {}) as Record<string, unknown>
  if (refuse === null || typeof refuse === 'string') {
    ussd.refuseScreens(refuse === null ? 0 : statusNumber(refuse))
    return { status: 200, body: { refuse } }
  }
  if (typeof from !== 'string' || !/^\+?\d{7,15}$/.test(from))
    return bad('Nothing was done: from is missing or no number; give one such as +254700000001.')
  const number = `+${from.replace(/^\+/, '')}`
  if (typeof dial === 'string') {
    if (dialect !== undefined && !(String(dialect) in SPOKEN))
      return bad(`Nothing was dialled: dialect is not known; give one of ${Object.keys(SPOKEN).join(', ')}.`)
    return { status: 200, body: await ussd.dial(number, dial, dialect === undefined ? undefined : String(dialect)) }
  }
  if (typeof answer === 'string') return { status: 200, body: await ussd.answer(number, answer) }
  switch (what) {
    case 'repeat':
      return { status: 200, body: await ussd.repeat(number) }
    case 'hangup':
      await ussd.hangUp(number)
      return { status: 200, body: { kind: 'ended', reason: 'hung up' } }
    case 'timeout':
      ussd.fallSilent(number)
      return { status: 200, body: { kind: 'ended', reason: 'no answer' } }
    default:
      return bad(
        'Nothing was done: send {"from", "dial"}, {"from", "answer"} or {"from", "do": "hangup" | "timeout" | "repeat"}.',
      )
  }
}

function bad(problem: string): Acted {
  return { status: 400, body: { problem } }
}
