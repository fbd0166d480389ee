import { describe, expect, test } from 'vitest'
import { type Events, makeEvents } from '../../src/telemetry/events.ts'
import { makeLog } from '../../src/telemetry/log.ts'
import { makeMetrics } from '../../src/telemetry/metrics.ts'

/** What the metrics and the log say after some events. */
async function observe(
  happen: (events: Events) => void,
): Promise<{ metrics: string[]; log: Record<string, unknown>[] }> {
  const lines: string[] = []
  const metrics = makeMetrics()
  happen(makeEvents(makeLog({ level: 'debug', destination: { write: (line) => void lines.push(line) } }), metrics))
  return { metrics: (await metrics.render()).split('\n'), log: lines.map((line) => JSON.parse(line)) }
}

describe('an event', () => {
  test('is one log line and one count', async () => {
    const { metrics, log } = await observe((events) =>
      events.hopAnswered({
        aggregator: 'africastalking',
        outcome: 'answered',
        screen: 'main.top',
        end: false,
        durationMs: 12,
      }),
    )
    expect(log).toMatchObject([
      { event: 'hop_answered', aggregator: 'africastalking', outcome: 'answered', durationMs: 12 },
    ])
    expect(metrics).toContain('ussd_hops_total{aggregator="africastalking",outcome="answered"} 1')
    expect(metrics).toContain('ussd_hop_duration_seconds_bucket{le="0.01",aggregator="africastalking"} 0')
    expect(metrics).toContain('ussd_hop_duration_seconds_bucket{le="0.025",aggregator="africastalking"} 1')
    expect(metrics).toContain('ussd_screens_total{screen="main.top"} 1')
  })

  test('of an SMS that was accepted counts its segments, which is what is paid for', async () => {
    const { metrics } = await observe((events) => {
      events.smsSubmitted({ id: 'a', link: 'mno1', outcome: 'accepted', segments: 3, cost: 240, cause: '' })
      events.smsSubmitted({ id: 'b', link: 'mno1', outcome: 'unknown', segments: 2, cost: 0, cause: 'no answer' })
    })
    expect(metrics).toContain('sms_segments_total{link="mno1"} 3')
    expect(metrics).toContain('sms_cost_minor_total{link="mno1"} 240')
    expect(metrics).toContain('sms_submitted_total{link="mno1",outcome="unknown"} 1')
  })

  test('of a link shows its last state', async () => {
    const { metrics } = await observe((events) => {
      events.linkChanged({ link: 'mno1', bind: 1, bound: true, up: true, cause: '' })
      events.linkChanged({ link: 'mno1', bind: 1, bound: false, up: false, cause: 'closed by the peer' })
    })
    expect(metrics).toContain('smpp_bound{link="mno1"} 0')
  })

  test('of a link that lost one of its binds says so, and that it is up still', async () => {
    const { metrics, log } = await observe((events) => {
      events.linkChanged({ link: 'mno1', bind: 2, bound: false, up: true, cause: 'closed by the peer' })
    })
    expect(metrics).toContain('smpp_bound{link="mno1"} 1')
    expect(log).toMatchObject([{ bind: 2, bound: false, up: true }])
  })

  test('of a wrong PIN counts as a failure, a right one does not', async () => {
    const { metrics } = await observe((events) => {
      for (const outcome of ['right', 'wrong', 'locked', 'busy'] as const) events.pinChecked({ outcome })
    })
    expect(metrics).toContain('auth_pin_failures_total 2')
  })
})

describe('a measured gauge', () => {
  test('is read when somebody looks, and left out while it cannot be read', async () => {
    const metrics = makeMetrics()
    let open = 3
    metrics.measured('transfers_open', 'Transfers not yet final', 'state', async () => {
      if (open < 0) throw new Error('no database')
      return { HELD: open }
    })
    expect(await metrics.render()).toContain('transfers_open{state="HELD"} 3')
    open = -1
    expect(await metrics.render()).not.toContain('transfers_open{')
  })
})
