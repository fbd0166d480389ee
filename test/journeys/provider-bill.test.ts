import { createServer } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { demoPeople } from '../../scripts/demo/people.ts'
import { makeAfricasTalkingClient } from '../../scripts/dialogues/client.ts'
import { FAKE_GSMA_KEY, type FakeGsma, startFakeGsma } from '../../scripts/fakes/gsma.ts'
import { listen } from '../../scripts/fakes/listen.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'

const KEY = 'canary-callback-key'

let world: TestGateway
let fake: FakeGsma
beforeAll(async () => {
  fake = await startFakeGsma(0)
  const port = await freePort()
  const parameters = { id: 'wave', name: 'Wave', account: 'organisationid:nyota', flow: 'callback', callbackKey: KEY }
  world = await startTestGateway({
    env: {
      PORT: String(port),
      ACCOUNT_PROVIDERS: `${fake.url.replace('//', `//nyota:${FAKE_GSMA_KEY}@`)}?${new URLSearchParams(parameters)}`,
      PROVIDER_CALLBACK_URL: `http://127.0.0.1:${port}`,
      PROVIDER_BILLERS: 'bills:wave/city-gas?id=city-gas&name=City%20Gas&digits=9',
    },
  })
})
afterAll(async () => {
  await world?.stop()
  await fake?.close()
})

/** The provider must know the port before the gateway has it. */
async function freePort(): Promise<number> {
  const server = createServer()
  const port = await listen(server, 0, '127.0.0.1')
  await new Promise((resolve) => server.close(resolve))
  return port
}

test('a bill through a provider is paid from a phone, and its callback brings the receipt without waiting for the next question', async () => {
  const { number, pin } = demoPeople.amina
  fake.control({ pending: true })
  const session = await makeAfricasTalkingClient({ url: world.url, key: world.callbackKey }, 'once').dial(
    number,
    '*384#',
  )
  for (const input of ['2', '4', '123456789', '1']) await session.answer(input)
  expect(session.body()).toContain('Pay KES 490.50')
  expect(await session.answer(pin ?? '')).toMatch(/City Gas/)
  await expect.poll(() => fake.moves().length, { timeout: 10_000 }).toBe(1)
  await expect.poll(() => world.logs().includes('"to":"PENDING"'), { timeout: 10_000 }).toBe(true)
  fake.control({ callbacks: 2 })
  const [receipt] = await world.network.waitForMessages(number, 1)
  expect(receipt?.text).toMatch(/City Gas/)
  await fake.quiet()
  expect(fake.moves()).toMatchObject([{ kind: 'billpayment', state: 'completed', amount: '490.50' }])
  expect(
    fake
      .exchanges()
      .filter(({ way }) => way === 'callback')
      .map(({ status }) => status),
  ).toEqual([204, 204])
  expect(world.logs()).toMatch(/"event":"provider_called_back","provider":"wave","outcome":"asked"/)
  expect(world.logs()).not.toMatch(/canary|123456789|254700000001/)
  expect(world.network.messages(number)).toHaveLength(1)
})
