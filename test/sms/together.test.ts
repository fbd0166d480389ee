import { afterAll, beforeAll, expect, test } from 'vitest'
import { gather } from '../../src/database/gather.ts'
import { deliverSms } from '../../src/sms/deliver.ts'
import { makeLink, makeWorld, type SmsWorld } from './world.ts'

let world: SmsWorld
beforeAll(async () => {
  world = await makeWorld()
})
afterAll(() => world.db.drop())

async function sendTogether(providerIds: readonly string[], jobsEach = 1): Promise<string[]> {
  const ids = await Promise.all(providerIds.map(async () => (await world.enqueue()).id))
  world.services.links = [
    makeLink('mno1', {
      script: ({ id }) => ({ kind: 'accepted', providerIds: [providerIds[ids.indexOf(id)] ?? ''], segments: 1 }),
    }),
  ]
  await Promise.all(ids.flatMap((id) => Array.from({ length: jobsEach }, () => deliverSms(world.services, id))))
  return ids
}

test('of messages sent in one moment each goes out once, with its own id and its own report', async () => {
  const providerIds = Array.from({ length: 60 }, (_, n) => `own-${n}`)
  const ids = await sendTogether(providerIds, 3)
  for (const id of ids) expect(await world.kindsOf(id)).toEqual(['queued', 'attempted', 'accepted'])
  const even = providerIds.filter((_, n) => n % 2 === 0)
  expect(await Promise.all(even.map((providerId) => world.report({ providerId })))).toEqual(even.map(() => 'recorded'))
  expect(await Promise.all(ids.map((id) => world.stateOf(id)))).toEqual(
    ids.map((_, n) => (n % 2 === 0 ? 'delivered' : 'sent')),
  )
})

test('of the same report three times in one moment one is new', async () => {
  const [id = ''] = await sendTogether(['thrice'])
  const outcomes = await Promise.all([1, 2, 3].map(() => world.report({ providerId: 'thrice' })))
  expect(outcomes.sort()).toEqual(['recorded', 'repeated', 'repeated'])
  expect(await world.kindsOf(id)).toEqual(['queued', 'attempted', 'accepted', 'delivered'])
})

test('different reports on one part in one moment are all heard, and the delivery stays', async () => {
  const [id = ''] = await sendTogether(['all-heard'])
  await Promise.all(
    (['pending', 'failed', 'delivered'] as const).map((state) => world.report({ providerId: 'all-heard', state })),
  )
  expect(await world.stateOf(id)).toBe('delivered')
})

test('a report in the packet of its answer waits for it instead of being kept as nobody’s', async () => {
  const { id } = await world.enqueue()
  let reported: Promise<string> | undefined
  const link = makeLink('mno1', {
    script: () => {
      reported = world.report({ providerId: '00AB01' })
      return { kind: 'accepted', providerIds: ['ab01'], segments: 1 }
    },
  })
  await deliverSms({ ...world.services, links: [link] }, id)
  expect(await reported).toBe('recorded')
  const { rows } = await world.db.app.query('SELECT FROM sms_stray_report')
  expect([await world.stateOf(id), rows]).toEqual(['delivered', []])
})

test('one bad question fails nobody else', async () => {
  const ask = gather(
    async (questions: readonly number[]) => {
      if (questions.includes(7)) throw new Error('seven')
      return questions.map((question) => question * 2)
    },
    4,
    2,
  )
  const answers = await Promise.allSettled(Array.from({ length: 20 }, (_, n) => ask(n)))
  expect(answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : 'failed'))).toEqual(
    answers.map((_, n) => (n === 7 ? 'failed' : n * 2)),
  )
})

test('no more journeys are under way than allowed, and every question is answered', async () => {
  let [underWay, most] = [0, 0]
  const ask = gather(
    async (questions: readonly number[]) => {
      underWay += 1
      most = Math.max(most, underWay)
      await new Promise((resolve) => setImmediate(resolve))
      underWay -= 1
      return questions
    },
    4,
    2,
  )
  const asked = Array.from({ length: 30 }, (_, n) => n)
  expect(await Promise.all(asked.map(ask))).toEqual(asked)
  expect(most).toBe(2)
})
