import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { deliverSms } from '../../src/sms/deliver.ts'
import { possibleKeys, providerKey } from '../../src/sms/provider-ids.ts'
import { countSms, readSmsHistory } from './history.ts'
import { JUMA, losing, makeLink, makeWorld, type SmsWorld } from './world.ts'

let world: SmsWorld
let number = 0
beforeAll(async () => {
  world = await makeWorld()
})
beforeEach(() => {
  number += 1
})
afterAll(() => world.db.drop())

/** Sends a message that got these ids. */
async function sent(providerIds: string[], options: { reports?: 'per_message' } = {}): Promise<string> {
  const link = makeLink('mno1', {
    ...options,
    script: () => ({ kind: 'accepted', providerIds, segments: providerIds.length }),
  })
  world.services.links = [link]
  const { id } = await world.enqueue()
  await deliverSms(world.services, id)
  return id
}

describe('a report finds its message', () => {
  test.each([
    ['as written', '1000', '1000'],
    ['hex in the answer, decimal in the receipt', '1f4a1', '128161'],
    ['decimal in the answer, hex in the receipt', '228162', '37b42'],
    ['in upper case', 'abcdef01', 'ABCDEF01'],
    ['padded with zeros', '5d2', '00000000000005D2'],
    ['no longer padded', '0000077', '77'],
    ['a UUID in another case', '0B5C-AA', '0b5c-aa'],
  ])('%s', async (_, answered, reported) => {
    const id = await sent([answered])
    expect(await world.report({ providerId: reported })).toBe('recorded')
    expect(await world.stateOf(id)).toBe('delivered')
  })

  test('and never another phone’s, whatever the ids', async () => {
    const id = await sent(['4242'])
    expect(await world.report({ providerId: '4242', to: JUMA })).toBe('stray')
    expect(await world.stateOf(id)).toBe('sent')
  })

  test('exactly as written before another base', async () => {
    const decimal = await sent(['16'])
    const hex = await sent(['10'])
    await world.report({ providerId: '10' })
    expect([await world.stateOf(decimal), await world.stateOf(hex)]).toEqual(['sent', 'delivered'])
  })

  test('the newest, where a network uses ids again', async () => {
    const old = await sent(['wrapped'])
    const young = await sent(['wrapped'])
    await world.report({ providerId: 'wrapped' })
    expect([await world.stateOf(old), await world.stateOf(young)]).toEqual(['sent', 'delivered'])
  })

  test('over another link of the same network', async () => {
    const id = await sent([`other-${number}`])
    expect(await world.report({ providerId: `other-${number}`, link: 'mno1-receiver' })).toBe('recorded')
    expect(await world.stateOf(id)).toBe('delivered')
  })
})

test('twice is recorded once', async () => {
  const id = await sent(['twice'])
  expect(await world.report({ providerId: 'twice' })).toBe('recorded')
  expect(await world.report({ providerId: 'twice' })).toBe('repeated')
  expect(await Promise.all([1, 2, 3].map(() => world.report({ providerId: 'twice' })))).toEqual(
    Array(3).fill('repeated'),
  )
  expect(await world.kindsOf(id)).toEqual(['queued', 'attempted', 'accepted', 'delivered'])
})

test('a failure is told with its reason; a late delivery corrects it, and nothing corrects a delivery', async () => {
  const id = await sent(['fails'])
  await world.report({ providerId: 'fails', state: 'pending' })
  await world.report({ providerId: 'fails', state: 'failed', reason: 'UNDELIV err:045' })
  expect(await world.stateOf(id)).toBe('failed')
  expect((await readSmsHistory(world.db.app, id)).at(-1)).toMatchObject({
    kind: 'failed',
    part: 1,
    reason: 'UNDELIV err:045',
  })
  await world.report({ providerId: 'fails' })
  expect(await world.stateOf(id)).toBe('delivered')
  await world.report({ providerId: 'fails', state: 'failed', reason: 'late' })
  expect(await world.stateOf(id)).toBe('delivered')
})

describe('a long message', () => {
  test('is delivered when all its parts are, in any order and at the same moment', async () => {
    const ids = ['l1', 'l2', 'l3', 'l4', 'l5']
    const id = await sent(ids)
    await world.report({ providerId: 'l4' })
    expect(await world.stateOf(id)).toBe('sent')
    await Promise.all(['l5', 'l1', 'l3', 'l2'].map((providerId) => world.report({ providerId })))
    expect(await world.stateOf(id)).toBe('delivered')
  })

  test('has failed when one part has', async () => {
    const id = await sent(['m1', 'm2'])
    await world.report({ providerId: 'm1' })
    await world.report({ providerId: 'm2', state: 'failed', reason: 'EXPIRED' })
    expect(await world.stateOf(id)).toBe('failed')
  })

  test('with one id for all parts needs one report', async () => {
    const id = await sent(['joined'], { reports: 'per_message' })
    await world.report({ providerId: 'joined' })
    expect(await world.stateOf(id)).toBe('delivered')
  })
})

describe('a report before the answer to the submit', () => {
  test('is kept and given to its message', async () => {
    const link = makeLink('mno1')
    link.script = async () => {
      expect(await world.report({ providerId: 'early' })).toBe('stray')
      return { kind: 'accepted', providerIds: ['early'], segments: 1 }
    }
    world.services.links = [link]
    const { id } = await world.enqueue()
    await deliverSms(world.services, id)
    expect(await world.stateOf(id)).toBe('delivered')
  })

  test('is kept also where the partner does not name the phone', async () => {
    const link = makeLink('mno1')
    link.script = async () => {
      await world.db.app.query('SELECT 1')
      const { to: _, ...report } = {
        link: 'mno1',
        providerId: 'nameless',
        state: 'delivered',
        reason: null,
        to: null,
      } as const
      const { recordDelivery } = await import('../../src/sms/record-delivery.ts')
      expect(await recordDelivery(world.services, report)).toEqual({ kind: 'stray' })
      return { kind: 'accepted', providerIds: ['nameless'], segments: 1 }
    }
    world.services.links = [link]
    const { id } = await world.enqueue()
    await deliverSms(world.services, id)
    expect(await world.stateOf(id)).toBe('delivered')
  })

  test('at the same moment as the answer is never lost', async () => {
    const ids = await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        const providerId = `race-${index}`
        const link = makeLink('mno1', { script: () => ({ kind: 'accepted', providerIds: [providerId], segments: 1 }) })
        const { id } = await world.enqueue()
        await Promise.all([deliverSms({ ...world.services, links: [link] }, id), world.report({ providerId })])
        return id
      }),
    )
    expect(await Promise.all(ids.map((id) => world.stateOf(id)))).toEqual(Array(40).fill('delivered'))
  })
})

describe('a message of unknown outcome', () => {
  async function lost(to = JUMA): Promise<string> {
    world.services.links = [makeLink('mno1', { script: losing })]
    const { id } = await world.enqueue({ to })
    await deliverSms(world.services, id)
    return id
  }

  test('is settled by a report with an id nobody knows, when it is the only one to that phone', async () => {
    const id = await lost('+254700000011' as typeof JUMA)
    expect(await world.report({ providerId: 'lost-id', to: '+254700000011' as typeof JUMA })).toBe('recorded')
    expect(await world.stateOf(id)).toBe('delivered')
    expect(await world.kindsOf(id)).toEqual(['queued', 'attempted', 'unknown', 'delivered'])
  })

  test('is settled by a report that came before it was known to be unknown', async () => {
    const to = '+254700000012' as typeof JUMA
    const link = makeLink('mno1')
    link.script = async () => {
      expect(await world.report({ providerId: 'before-unknown', to })).toBe('stray')
      return { kind: 'unknown', cause: 'no_answer', providerIds: [] }
    }
    world.services.links = [link]
    const { id } = await world.enqueue({ to })
    await deliverSms(world.services, id)
    expect(await world.stateOf(id)).toBe('delivered')
  })

  test('is not guessed among two', async () => {
    const to = '+254700000013' as typeof JUMA
    const both = [await lost(to), await lost(to)]
    expect(await world.report({ providerId: 'whose', to })).toBe('stray')
    expect(await Promise.all(both.map((id) => world.stateOf(id)))).toEqual(['unknown', 'unknown'])
  })

  test('with some parts answered needs the reports of all', async () => {
    const to = '+254700000014' as typeof JUMA
    world.services.links = [
      makeLink('mno1', { script: () => ({ kind: 'unknown', cause: 'closed_by_peer', providerIds: ['part-a'] }) }),
    ]
    const { id } = await world.enqueue({ to, body: { kind: 'text', text: 'x'.repeat(200) } })
    await deliverSms(world.services, id)
    await world.report({ providerId: 'part-a', to })
    expect(await world.stateOf(id)).toBe('unknown')
    await world.report({ providerId: 'part-b', to })
    expect(await world.stateOf(id)).toBe('delivered')
  })
})

test('a report about nothing that we sent is kept once and counted', async () => {
  const before = (await countSms(world.db.app)).strays
  expect(await world.report({ providerId: 'nobody', to: JUMA })).toBe('stray')
  expect(await world.report({ providerId: 'nobody', to: JUMA })).toBe('repeated')
  expect((await countSms(world.db.app)).strays).toBe(before + 1)
})

test('any id in any writing has the key it was stored under', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.nat(8), fc.boolean(), (value, zeros, upper) => {
      const hex = value.toString(16)
      const written = '0'.repeat(zeros) + (upper ? hex.toUpperCase() : hex)
      expect(possibleKeys(written)).toContain(providerKey(hex))
      expect(possibleKeys(written)).toContain(value.toString())
      expect(possibleKeys(value.toString())).toContain(hex)
    }),
  )
})
