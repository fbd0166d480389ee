import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openDatabase } from '../../src/database/database.ts'
import { deliverSms } from '../../src/sms/deliver.ts'
import { possibleKeys, providerKey } from '../../src/sms/provider-ids.ts'
import { recordDelivery } from '../../src/sms/record-delivery.ts'
import { tidySms } from '../../src/sms/tidy.ts'
import { countSms, readSmsHistory } from './history.ts'
import { AMINA, JUMA, losing, makeLink, makeWorld, type Script, type SmsWorld } from './world.ts'

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

let references = 0
/** Instead of the random one, so that no two of a test's messages ever have the same. */
async function giveReference(id: string): Promise<number> {
  references += 100
  const reference = references
  await world.db.owner.query('UPDATE sms_attempt SET reference = $2 WHERE outbox_id = $1', [id, reference])
  return reference
}

describe('a network without usable ids', () => {
  let phone = 0
  /** Each test has a phone of its own, since what is left over is looked at by phone. */
  const newPhone = (): typeof JUMA => {
    phone += 1
    return `+2547000002${String(phone).padStart(2, '0')}` as typeof JUMA
  }
  /** Sends a message in as many parts to a network that names them so; returns the reference of its first part. */
  async function sendTo(
    to: typeof JUMA,
    providerIds: string[],
    script = accepting(providerIds),
  ): Promise<[string, number]> {
    const link = makeLink('mno1', { script })
    world.services.links = [link]
    const text = 'x'.repeat(providerIds.length === 1 ? 10 : 153 * providerIds.length)
    const { id } = await world.enqueue({ to, body: { kind: 'text', text } })
    await deliverSms(world.services, id)
    return [id, await giveReference(id)]
  }
  const accepting =
    (providerIds: string[]): Script =>
    () => ({ kind: 'accepted', providerIds, segments: providerIds.length })
  const NO_ID = 'msg_id_not_implemented'

  test.each([
    ['the same id for every message', NO_ID],
    ['an empty one', ''],
    ['zeros', '00000000'],
  ])('that gives %s has its reports told apart by the reference', async (_, providerId) => {
    const to = newPhone()
    const sent = [await sendTo(to, [providerId]), await sendTo(to, [providerId]), await sendTo(to, [providerId])]
    const [, second] = sent
    expect(await world.report({ to, providerId, reference: second?.[1] ?? -1, link: 'mno1-receiver' })).toBe('recorded')
    expect(await world.report({ to, providerId, reference: second?.[1] ?? -1 })).toBe('repeated')
    expect(await Promise.all(sent.map(([id]) => world.stateOf(id)))).toEqual(['sent', 'delivered', 'sent'])
  })

  test('has a long message delivered when all its parts are, the reference going round at 65,536', async () => {
    const to = newPhone()
    const [id] = await sendTo(to, ['', '', ''])
    await world.db.owner.query('UPDATE sms_attempt SET reference = 65535 WHERE outbox_id = $1', [id])
    for (const reference of [1, 65_535]) await world.report({ to, providerId: NO_ID, reference })
    expect(await world.stateOf(id)).toBe('sent')
    expect(await world.report({ to, providerId: NO_ID, reference: 2 })).toBe('stray')
    await world.report({ to, providerId: NO_ID, reference: 0 })
    expect(await world.stateOf(id)).toBe('delivered')
  })

  test('whose report comes before the answer has it kept for its message', async () => {
    const to = newPhone()
    const [id] = await sendTo(to, [''], async ({ reference = -1 }) => {
      expect(await world.report({ to, providerId: '', reference })).toBe('stray')
      return { kind: 'accepted', providerIds: [], segments: 1 }
    })
    expect(await world.stateOf(id)).toBe('delivered')
  })

  test('settles a message of unknown outcome by the reference, over another link too, however many there are', async () => {
    const to = newPhone()
    const sent = [await sendTo(to, [''], losing), await sendTo(to, [''], losing)]
    await world.report({ to, providerId: 'never-seen', reference: sent[1]?.[1] ?? -1, link: 'mno1-receiver' })
    expect(await Promise.all(sent.map(([id]) => world.stateOf(id)))).toEqual(['unknown', 'delivered'])
  })

  test('that gives no reference either is believed only where one message can be meant', async () => {
    const to = newPhone()
    const [only] = await sendTo(to, [NO_ID])
    expect(await world.report({ to, providerId: '' })).toBe('recorded')
    expect(await world.stateOf(only)).toBe('delivered')
    const two = [await sendTo(to, [NO_ID]), await sendTo(to, [NO_ID])]
    expect(await world.report({ to, providerId: NO_ID })).toBe('stray')
    expect(await Promise.all(two.map(([id]) => world.stateOf(id)))).toEqual(['sent', 'sent'])
    const long = newPhone()
    const [parts] = await sendTo(long, ['', ''])
    expect([
      await world.report({ to: long, providerId: '' }),
      await world.report({ to: long, providerId: '' }),
    ]).toEqual(['stray', 'stray'])
    expect(await world.stateOf(parts)).toBe('sent')
  })

  test('in the answer but not in the report is taken by the id that the report names', async () => {
    const to = newPhone()
    const [id] = await sendTo(to, [''])
    expect(await world.report({ to, providerId: 'told-late' })).toBe('recorded')
    expect(await world.report({ to, providerId: 'TOLD-LATE' })).toBe('repeated')
    expect(await world.stateOf(id)).toBe('delivered')
  })

  test('for some parts only keeps the others in their places', async () => {
    const to = newPhone()
    const [id, reference] = await sendTo(to, ['', `second-${number}`])
    await world.report({ to, providerId: `second-${number}` })
    expect(await world.stateOf(id)).toBe('sent')
    await world.report({ to, providerId: '', reference })
    expect(await world.stateOf(id)).toBe('delivered')
  })

  test('a reference that belongs to another phone’s message is nothing to go by', async () => {
    const [id, reference] = await sendTo(newPhone(), [''])
    expect(await world.report({ to: newPhone(), providerId: '', reference })).toBe('stray')
    expect(await world.stateOf(id)).toBe('sent')
  })
})

test('of two messages with one id to one phone, the one that carried the reference is meant', async () => {
  const link = makeLink('mno1', { script: () => ({ kind: 'accepted', providerIds: ['came-round'], segments: 1 }) })
  world.services.links = [link]
  const ids: string[] = []
  for (const _ of [1, 2]) {
    const { id } = await world.enqueue()
    await deliverSms(world.services, id)
    ids.push(id)
  }
  const [reference = -1] = await Promise.all(ids.map(giveReference))
  await world.report({ providerId: 'came-round', reference })
  expect(await Promise.all(ids.map((id) => world.stateOf(id)))).toEqual(['delivered', 'sent'])
})

test('a report is matched by a process that began after the message was sent', async () => {
  const id = await sent(['2b67'])
  const later = openDatabase(world.db.url, { maxConnections: 1, applicationName: 'after-the-restart' })
  const report = { link: 'mno1', providerId: '00002B67', state: 'delivered', reason: null, to: AMINA } as const
  expect(await recordDelivery({ ...world.services, database: later }, report)).toEqual({ kind: 'recorded' })
  await later.close()
  expect(await world.stateOf(id)).toBe('delivered')
})

describe('a report that no message is found for', () => {
  const to = '+254700000301' as typeof JUMA
  async function ageStrays(days: number): Promise<void> {
    await world.db.owner.query('UPDATE sms_stray_report SET received_at = received_at - make_interval(days => $1)', [
      days,
    ])
  }
  async function strays(providerId: string): Promise<unknown[]> {
    const { rows } = await world.db.app.query(
      'SELECT expired_at IS NOT NULL AS expired, claimed_by FROM sms_stray_report WHERE provider_id = $1',
      [providerId],
    )
    return rows
  }

  test('is never about a message that was sent after it came', async () => {
    expect(await world.report({ providerId: 'foreign', to })).toBe('stray')
    await world.db.owner.query("UPDATE sms_stray_report SET received_at = received_at - interval '1 second'")
    world.services.links = [makeLink('mno1', { script: losing })]
    const { id } = await world.enqueue({ to })
    await deliverSms(world.services, id)
    expect(await world.stateOf(id)).toBe('unknown')
    expect(await strays('foreign')).toEqual([{ expired: false, claimed_by: null }])
  })

  test('is compared for two days, kept for ninety, and then gone', async () => {
    await world.report({ providerId: 'orphan', to: '+254700000302' as typeof JUMA })
    await ageStrays(1)
    await tidySms(world.db.app, world.services.sealer)
    expect(await strays('orphan')).toEqual([{ expired: false, claimed_by: null }])
    await ageStrays(2)
    await tidySms(world.db.app, world.services.sealer)
    expect(await strays('orphan')).toEqual([{ expired: true, claimed_by: null }])
    await ageStrays(88)
    await tidySms(world.db.app, world.services.sealer)
    expect(await strays('orphan')).toEqual([])
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
