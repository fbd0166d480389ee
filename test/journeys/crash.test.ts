import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { demoPeople } from '../../scripts/demo/people.ts'
import { makeAfricasTalkingClient } from '../../scripts/dialogues/client.ts'
import { proveBalances, trialBalance } from '../../src/ledger/prove.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'

const { amina, juma } = demoPeople

let world: TestGateway
let running: GatewayProcess | null = null

beforeEach(async () => {
  world = await startTestGateway({ started: false })
})
afterEach(async () => {
  await running?.kill()
  running = null
  await world.stop()
})

async function start(env: Record<string, string> = {}): Promise<GatewayProcess> {
  running = await startGatewayProcess({ ...world.env, ...env })
  return running
}

async function sendMoney(url: string): Promise<string> {
  const session = await makeAfricasTalkingClient({ url, key: 'demo' }).dial(amina.number, '*384#')
  for (const input of ['1', juma.number, '500', amina.pin ?? '']) await session.answer(input)
  return session.body()
}

async function transfers(): Promise<{ state: string; events: string[] }[]> {
  const { rows } = await world.database.owner.query<{ state: string; events: string[] }>(
    `SELECT state, ARRAY(SELECT e.to_state FROM transfer_event e WHERE e.transfer_id = t.id ORDER BY e.version) AS events FROM transfer t`,
  )
  return rows
}

async function until(what: () => Promise<boolean>, timeoutMs = 15_000): Promise<void> {
  for (const end = Date.now() + timeoutMs; !(await what()); ) {
    if (Date.now() > end)
      throw new Error(`not within ${timeoutMs} ms; the transfers are ${JSON.stringify(await transfers())}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function expectOneSend(): Promise<void> {
  await until(async () => (await transfers()).every(({ state }) => state === 'SETTLED'))
  // A message whose ring was lost is rung again ten seconds after it was written, and swept for every two.
  await world.network.waitForMessages(amina.number, 1, 15_000)
  await world.network.waitForMessages(juma.number, 1, 15_000)
  // Two sweeps later (there is one a second) nothing has come twice.
  await new Promise((resolve) => setTimeout(resolve, 2200))
  expect(await transfers()).toHaveLength(1)
  expect(world.network.messages(amina.number).map(({ text }) => text)).toEqual([
    expect.stringContaining('KES 500 sent to Juma K.'),
  ])
  expect(world.network.messages(juma.number).map(({ text }) => text)).toEqual([
    expect.stringContaining('You received KES 500'),
  ])
  expect((await trialBalance(world.database.owner)).every(({ difference }) => difference === 0n)).toBe(true)
  expect(await proveBalances(world.database.owner)).toEqual([])
}

describe('a gateway that is killed between the confirm and the settlement', () => {
  test('settles once after the next start, and each party hears of it once', async () => {
    const gateway = await start({ ROLES: 'gateway' })
    expect(await sendMoney(gateway.url)).toMatch(/^END KES 500 to Juma K\. is being processed, ref [A-Z2-9]{10}/)
    await gateway.kill()
    expect((await transfers()).map(({ state }) => state)).toEqual(['HELD'])
    await start()
    await expectOneSend()
  }, 60_000)

  test('does so also when Redis has lost everything meanwhile', async () => {
    const gateway = await start({ ROLES: 'gateway' })
    await sendMoney(gateway.url)
    await gateway.kill()
    await world.redis.flush()
    await start()
    await expectOneSend()
  }, 60_000)

  test('and a Redis that loses everything under a running worker delays the settlement, no more', async () => {
    const gateway = await start({ ROLES: 'gateway' })
    const worker = await startGatewayProcess({ ...world.env, ROLES: 'gateway,worker' })
    try {
      await world.redis.flush()
      await sendMoney(gateway.url)
      await world.redis.flush()
      await expectOneSend()
    } finally {
      await worker.kill()
    }
  }, 60_000)
})

test('a gateway killed while a biller works asks the biller by reference and never pays twice', async () => {
  world.billers.control('city-power', { delayMs: 1500 })
  const gateway = await start()
  const session = await makeAfricasTalkingClient({ url: gateway.url, key: 'demo' }).dial(amina.number, '*384#')
  for (const input of ['2', '1', '12345678901', '300']) await session.answer(input)
  const answered = session.answer(amina.pin ?? '').catch(() => 'the connection broke')
  await until(async () => world.billers.payments().length === 1)
  await gateway.kill()
  expect((await transfers()).map(({ state }) => state)).toEqual(['SUBMITTED'])
  await answered
  await start()
  await until(async () => (await transfers()).every(({ state }) => state === 'SETTLED'), 30_000)
  await world.network.waitForMessages(amina.number, 1, 10_000)
  expect(world.billers.payments().map(({ received }) => received)).toEqual([1])
  expect(world.network.messages(amina.number).map(({ text }) => text)).toEqual([expect.stringMatching(/Token \d{20}/)])
  expect(await proveBalances(world.database.owner)).toEqual([])
}, 60_000)

test('SIGTERM ends the process within ten seconds, and what a hop has begun is answered', async () => {
  const gateway = await start()
  const session = await makeAfricasTalkingClient({ url: gateway.url, key: 'demo' }).dial(amina.number, '*384#')
  for (const input of ['2', '1', '12345678901', '300']) await session.answer(input)
  world.billers.control('city-power', { silent: true })
  const answered = session.answer(amina.pin ?? '')
  await until(async () => (await transfers()).length === 1)
  const stopped = await gateway.stop()
  expect(await answered).toMatch(/^END KES 300 to City Power is being processed, ref [A-Z2-9]{10}/)
  expect(stopped.code).toBe(0)
  expect(stopped.tookMs).toBeLessThan(10_000)
}, 60_000)
