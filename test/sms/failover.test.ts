import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { deliverSms } from '../../src/sms/deliver.ts'
import { makeLinkHealth } from '../../src/sms/health.ts'
import { losing, makeLink, makeWorld, refusing, type SmsWorld, unfit } from './world.ts'

let world: SmsWorld
beforeAll(async () => {
  world = await makeWorld()
})
afterAll(() => world.db.drop())

type Attempt = { link: string; state: string; segments: number; cost: bigint | null }

async function attemptsOf(id: string): Promise<Attempt[]> {
  const { rows } = await world.db.app.query<Attempt>(
    'SELECT link, state, segments, cost FROM sms_attempt WHERE outbox_id = $1 ORDER BY number',
    [id],
  )
  return rows
}

describe('a final refusal by one link that is about the link', () => {
  test('does not end the message while another link may take it', async () => {
    world.services.links = [
      makeLink('unfit', { prefixes: ['254'], script: unfit('ESME_RINVSRCADR') }),
      makeLink('spare'),
    ]
    const { id } = await world.enqueue()
    await deliverSms(world.services, id)
    expect(await world.stateOf(id)).toBe('sent')
    expect((await attemptsOf(id)).map(({ link, state }) => [link, state])).toEqual([
      ['unfit', 'refused'],
      ['spare', 'accepted'],
    ])
  })

  test('ends it once every link has refused for good', async () => {
    world.services.links = [
      makeLink('one', { script: unfit('ESME_RINVSRCADR') }),
      makeLink('other', { script: unfit('ESME_RPROHIBITED') }),
    ]
    const { id } = await world.enqueue()
    await deliverSms(world.services, id)
    expect(await world.stateOf(id)).toBe('refused')
  })

  test.each([
    ['another is only busy', makeLink('busy', { script: refusing('ESME_RMSGQFUL', true) })],
    ['another is down', Object.assign(makeLink('down'), { up: false })],
  ])('leaves it waiting where %s', async (_, other) => {
    world.services.links = [other, makeLink('unfit', { script: unfit('ESME_RINVSRCADR') })]
    const { id } = await world.enqueue()
    await deliverSms(world.services, id)
    expect(await world.stateOf(id)).toBe('queued')
  })

  test('says nothing for the message itself: a bad number ends it at once', async () => {
    const spare = makeLink('spare')
    world.services.links = [makeLink('first', { script: refusing('ESME_RINVDSTADR', false) }), spare]
    const { id } = await world.enqueue()
    await deliverSms(world.services, id)
    expect(await world.stateOf(id)).toBe('refused')
    expect(spare.sent).toEqual([])
  })
})

test('messages prefer a healthy link to one that keeps failing', async () => {
  const failing = makeLink('failing', { prefixes: ['254'], script: refusing('ESME_RSYSERR', true) })
  const spare = makeLink('spare')
  const services = { ...world.services, links: [failing, spare], health: makeLinkHealth() }
  for (let count = 0; count < 6; count += 1) {
    const { id } = await world.enqueue()
    await deliverSms(services, id)
    expect(await world.stateOf(id)).toBe('sent')
  }
  expect([failing.sent.length, spare.sent.length]).toEqual([3, 6])
})

describe('what an attempt costs', () => {
  test('is its segments as the network counted them, and nothing where it refused', async () => {
    const dear = makeLink('dear', {
      cost: 80n,
      script: () => ({ kind: 'accepted', providerIds: ['a', 'b'], segments: 2 }),
    })
    world.services.links = [makeLink('busy', { cost: 10n, script: refusing('ESME_RSYSERR', true) }), dear]
    const { id } = await world.enqueue({ body: { kind: 'text', text: 'x'.repeat(400) } })
    world.submitted.length = 0
    await deliverSms(world.services, id)
    expect(await attemptsOf(id)).toEqual([
      { link: 'busy', state: 'refused', segments: 3, cost: 0n },
      { link: 'dear', state: 'accepted', segments: 2, cost: 160n },
    ])
    expect(world.submitted.map(({ outcome, cost }) => [outcome, cost])).toEqual([
      ['refused', 0],
      ['accepted', 160],
    ])
  })

  test('is what it may be where the outcome is unknown, and unknown where the price is', async () => {
    world.services.links = [makeLink('lost', { cost: 80n, script: losing })]
    const first = await world.enqueue()
    await deliverSms(world.services, first.id)
    expect((await attemptsOf(first.id))[0]).toMatchObject({ state: 'unknown', segments: 1, cost: 80n })
    world.services.links = [makeLink('free')]
    const second = await world.enqueue()
    await deliverSms(world.services, second.id)
    expect((await attemptsOf(second.id))[0]).toMatchObject({ state: 'accepted', segments: 1, cost: null })
  })
})
