import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type FakeNetwork, startFakeNetwork } from '../../scripts/fakes/network.ts'
import type { SmsConversation } from '../../src/conversations/sms.ts'
import { linkTo, type TestLink, until } from '../aggregators/smpp/support.ts'
import { AMINA } from '../sms/world.ts'
import { type KeywordWorld, makeKeywordWorld } from './sms-world.ts'

let world: KeywordWorld
let network: FakeNetwork
let peer: TestLink
let sms: SmsConversation

beforeAll(async () => {
  world = await makeKeywordWorld()
})
beforeEach(async () => {
  await world.forget()
  sms = world.conversation()
  network = await startFakeNetwork({ smppPort: 0, httpPort: 0 })
  peer = linkTo(network.smppPort)
  peer.listeners.take = sms.receive
  await until(() => peer.link.isUp(), 'bound')
})
afterEach(async () => {
  await peer.link.close()
  await network.close()
})
afterAll(() => world.db.drop())

const received = (): string[] => world.heard.flatMap((line) => /^smsReceived .*"outcome":"(\w+)"/.exec(line)?.[1] ?? [])

async function arrivals(): Promise<{ acknowledged: boolean }[]> {
  const { rows } = await world.db.app.query<{ acknowledged: boolean }>(
    'SELECT acknowledged_at IS NOT NULL AS acknowledged FROM sms_arrival ORDER BY stored_at',
  )
  return rows
}

test('a message is acknowledged once it is stored, and that is remembered once the answer has left', async () => {
  network.send(AMINA, '22384', 'BAL')
  await until(() => peer.heard.acknowledged.length === 1, 'acknowledged')
  expect(received()).toEqual(['whole'])
  expect(await arrivals()).toEqual([{ acknowledged: false }])
  for (const message of peer.heard.acknowledged) sms.acknowledged(message)
  await expect.poll(arrivals).toEqual([{ acknowledged: true }])
})

test('a connection that breaks between the store and the answer brings the message again, and it is told once', async () => {
  let takes = 0
  peer.listeners.take = async (message) => {
    await sms.receive(message)
    takes += 1
    if (takes === 1) network.dropLinks()
    // Until the loss is known here too, so that the answer has nowhere to go.
    if (takes === 1) await until(() => !peer.link.isUp(), 'the loss is noticed')
  }
  network.send(AMINA, '22384', 'LANG')
  await until(() => peer.heard.acknowledged.length === 1, 'the copy is acknowledged', 10_000)
  expect([takes, received()]).toEqual([2, ['whole', 'repeated']])
})

test('a long message from a phone is one message', async () => {
  network.send(AMINA, '22384', 'Habari ya asubuhi. '.repeat(20))
  await until(() => received().length === 3, 'three parts')
  expect(received().sort()).toEqual(['part', 'part', 'whole'])
})
