import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type DemoPerson, demoPeople } from '../../scripts/demo/people.ts'
import { makeAfricasTalkingClient } from '../../scripts/dialogues/client.ts'
import { isMachine, type Pace, paced } from '../../src/conversations/pace.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'

const { amina, juma } = demoPeople
const paceOf = (...thinks: number[]): Pace => thinks.reduce<Pace>(paced, [])

describe('a machine is told by the median of its last answers', () => {
  test.each<[string, number[], boolean]>([
    ['three quick answers may be a menu known by heart', [100, 100, 100], false],
    ['four are not', [100, 100, 100, 100], true],
    ['one slow answer among quick ones hides nothing', [100, 5_000, 100, 100, 100], true],
    ['one quick answer among slow ones is a double press', [2_000, 100, 1_500, 3_000], false],
    ['a person who got faster at the end', [3_000, 2_000, 2_500, 100, 100], false],
    ['a machine that read the first screens slowly', [3_000, 3_000, 100, 100, 100, 100, 100], true],
    ['clocks that went back', [-5, -5, -5, -5], true],
  ])('%s', (_, thinks, expected) => {
    expect(isMachine(paceOf(...thinks))).toBe(expected)
  })

  test('nobody who takes a second for each answer is one, and no more than five answers are kept', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1_000, max: 1e9 })), (thinks) => {
        expect(isMachine(paceOf(...thinks))).toBe(false)
        expect(paceOf(...thinks).length).toBeLessThanOrEqual(5)
      }),
    )
  })
})

describe('in a dialogue', () => {
  let world: TestGateway
  beforeAll(async () => {
    // The gateway keeps the clock that it finds at its start.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
    world = await startTestGateway({ people: [amina, juma], env: { MACHINE_SPEED: 'refuse' } })
  })
  afterAll(async () => {
    await world?.stop()
    vi.useRealTimers()
  })

  /** Each answer comes so long after its screen, by the gateway's clock. */
  async function send(from: DemoPerson, to: DemoPerson, thinkMs: number, amount: string): Promise<string> {
    const session = await makeAfricasTalkingClient({ url: world.url, key: 'demo' }).dial(from.number, '*384#')
    for (const input of ['1', to.number, amount, from.pin ?? '']) {
      vi.setSystemTime(Date.now() + thinkMs)
      await session.answer(input)
    }
    expect(await session.repeat()).toBe(session.body())
    return session.body()
  }

  test('what answers faster than any thumb is flagged and moves no money; a person does', async () => {
    expect(await send(amina, juma, 50, '81')).toMatch(/^END We are busy. No money moved/)
    expect((await world.database.owner.query('SELECT FROM transfer')).rowCount).toBe(0)
    expect(await send(juma, amina, 3_000, '82')).toMatch(/^END Sent KES 82/)
    // The refused answer and its copy; nothing of the other's.
    expect(world.logs().match(/machine_seen/g)).toHaveLength(2)
    const metrics = await (await fetch(`http://127.0.0.1:${world.app.operatorPort}/metrics`)).text()
    expect(metrics).toContain('ussd_machine_sessions_total{partner="africastalking"} 2')
  })
})
