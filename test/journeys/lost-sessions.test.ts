import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { demoPeople, STRANGER } from '../../scripts/demo/people.ts'
import { dialAnew, makeAfricasTalkingClient, type UssdSession } from '../../scripts/dialogues/client.ts'
import { startRedis, stopRedis } from '../../scripts/local/redis.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'

const { amina, juma, wanjiru } = demoPeople

let world: TestGateway
beforeAll(async () => {
  world = await startTestGateway()
})
afterAll(() => world?.stop())

const client = () => makeAfricasTalkingClient({ url: world.url, key: 'demo' })
async function typed(from: string, ...inputs: string[]): Promise<UssdSession> {
  const session = await dialAnew(client(), from)
  for (const input of inputs) await session.answer(input)
  return session
}
const form = (sessionId: string, phoneNumber: string, text: string) => ({
  sessionId,
  phoneNumber,
  serviceCode: '*384#',
  text,
})
const count = async (what: string): Promise<number> => {
  const { rows } = await world.database.owner.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${what}`)
  return rows[0]?.n ?? -1
}

describe('when Redis has lost the session', () => {
  test('a repeat of the confirm gets its bytes from PostgreSQL and moves nothing', async () => {
    const session = await typed(amina.number, '1', juma.number, '50', amina.pin ?? '')
    const before = await count('transfer')
    await world.redis.flush()
    expect(await Promise.all([session.repeat(), session.repeat()])).toEqual([session.body(), session.body()])
    expect(await count('transfer')).toBe(before)
  })

  test('a repeated wrong PIN is one attempt', async () => {
    const session = await typed(wanjiru.number, '3', '11111')
    const attempts = await count(`audit_event WHERE action = 'pin.wrong'`)
    await world.redis.flush()
    expect(await session.repeat()).toBe(session.body())
    expect(await count(`audit_event WHERE action = 'pin.wrong'`)).toBe(attempts)
  })

  test('an answer after a confirm ends politely and names the transfer', async () => {
    const session = await typed(amina.number, '1', juma.number, '51', amina.pin ?? '')
    await world.redis.flush()
    const reference = /Ref ([A-Z2-9]{10})/.exec(session.body())?.[1]
    expect(await session.answer('1')).toBe(
      `END Your session was lost. An SMS tells you the result of your transfer ${reference}. Please do not send it again.`,
    )
  })

  test('an answer after a PIN that moved nothing says that no money moved', async () => {
    const session = await typed(amina.number, '3', '11111')
    await world.redis.flush()
    expect(await session.answer(amina.pin ?? '')).toBe(
      'END Your session was lost. No money moved in it. Please dial again.',
    )
  })

  test('a dialogue that only browsed goes on where it was', async () => {
    const session = await typed(amina.number, '1', juma.number)
    await world.redis.flush()
    expect(await session.answer('52')).toMatch(/^CON Send KES 52 \(fifty-two shillings\) to Juma K/)
  })
})

describe('a session belongs to one number', () => {
  test('its name used by another number shows nothing of it and takes no step', async () => {
    const session = await typed(amina.number, '1', juma.number, '53')
    const intruder = await client().post(
      'ussd',
      form(session.sessionId, juma.number, `1*${juma.number}*53*${juma.pin}`),
    )
    expect(intruder.body).toBe('END Your session was lost. No money moved in it. Please dial again.')
    expect(await session.answer(amina.pin ?? '')).toMatch(/^END Sent KES 53/)
  })

  test('the end that the network reports for it stops it, and its repeats keep their bytes', async () => {
    const session = await typed(amina.number, '1', juma.number, '54')
    const before = await count('transfer')
    await session.end('Incomplete')
    const shown = session.body()
    expect(await session.repeat()).toBe(shown)
    expect(await session.answer(amina.pin ?? '')).toBe(shown)
    expect(await count('transfer')).toBe(before)
  })
})

test('however many guesses arrive at once over as many sessions, three are evaluated', async () => {
  const sessions = await Promise.all(Array.from({ length: 12 }, () => client().dial(juma.number, '*384*3#')))
  const answers = await Promise.all(sessions.map((session, n) => session.answer(`1000${n % 10}`)))
  const { rows } = await world.database.owner.query<{ wrong: bigint }>(
    'SELECT wrong FROM pin_guard ORDER BY wrong DESC LIMIT 1',
  )
  expect(rows[0]?.wrong).toBe(3n)
  expect(answers.filter((answer) => answer.includes('locked')).length).toBeGreaterThanOrEqual(9)
})

test('someone who is nobody runs no action, whatever is typed', async () => {
  for (const text of ['', '1', '1*0700000002*500', '3*73915']) {
    const answer = await client().post('ussd', form(`nobody-${text.length}`, STRANGER, text))
    expect(answer.body).toMatch(/^END You have no Nyota account yet/)
  }
})

test('while Redis is away nobody waits; a confirm that was told that no money moved moves none when it comes again', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'nyota-redis-'))
  const own = { port: 0, password: 'away' }
  let redis = await startRedis(directory, own)
  const gateway = await startTestGateway({ env: { REDIS_URL: `redis://:${redis.password}@127.0.0.1:${redis.port}/0` } })
  try {
    const phone = makeAfricasTalkingClient({ url: gateway.url, key: 'demo' })
    const session = await phone.dial(amina.number, '*384#')
    for (const input of ['1', juma.number, '55']) await session.answer(input)
    await stopRedis(directory)
    const from = Date.now()
    const busy = 'END We are busy. No money moved. Please dial again.'
    expect(await session.answer(amina.pin ?? '')).toBe(busy)
    expect(Date.now() - from).toBeLessThan(3000)
    expect((await phone.dial(amina.number, '*384#')).body()).toBe(busy)
    redis = await startRedis(directory, redis)
    const end = Date.now() + 10_000
    while ((await phone.dial(juma.number, '*384#')).body() === busy) expect(Date.now()).toBeLessThan(end)
    for (const _late of [1, 2, 3]) expect(await session.repeat()).toBe(busy)
    expect((await gateway.database.owner.query('SELECT FROM transfer')).rowCount).toBe(0)
    expect((await gateway.database.owner.query('SELECT FROM ussd_hop')).rowCount).toBe(0)
    const sent = await dialAnew(phone, amina.number)
    for (const input of ['1', juma.number, '56', amina.pin ?? '']) await sent.answer(input)
    expect(sent.body()).toMatch(/^END (Sent KES 56|KES 56 .* being processed)/)
    expect((await gateway.network.waitForMessages(juma.number, 1, 15_000)).length).toBe(1)
  } finally {
    await gateway.stop()
    await stopRedis(directory).catch(() => undefined)
    await rm(directory, { recursive: true, force: true })
  }
}, 60_000)
