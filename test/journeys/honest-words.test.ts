import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { demoPeople } from '../../scripts/demo/people.ts'
import { openDatabase } from '../../src/database/database.ts'
import { dialAnew, makeAfricasTalkingClient, type UssdSession } from '../support/africastalking-client.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'

const { amina, juma, wanjiru } = demoPeople

let world: TestGateway
beforeAll(async () => {
  world = await startTestGateway()
})
afterAll(() => world?.stop())

/** Each test breaks the database in a way of its own; afterwards it is whole again. */
const broken: string[] = []
beforeEach(() => void broken.splice(0))
afterEach(async () => {
  for (const repair of broken.reverse()) await world.database.owner.query(repair)
})

async function typed(from: string, ...inputs: string[]): Promise<UssdSession> {
  const session = await dialAnew(makeAfricasTalkingClient({ url: world.url, key: 'demo' }), from)
  for (const input of inputs) await session.answer(input)
  return session
}
const transfers = async (): Promise<number> => (await world.database.owner.query('SELECT FROM transfer')).rowCount

const IF_MONEY_MOVED = /^END .*If money (moved|moves), an SMS will tell you/

test('an answer that cannot be kept for repeats is still the true answer', async () => {
  const session = await typed(amina.number, '1', juma.number, '61')
  broken.push('GRANT UPDATE (reply, ended, answered_at) ON ussd_hop TO nyota_app')
  await world.database.owner.query('REVOKE UPDATE (reply, ended, answered_at) ON ussd_hop FROM nyota_app')
  expect(await session.answer(amina.pin ?? '')).toMatch(/^END Sent KES 61 to Juma K/)
  expect(await session.repeat()).toBe(session.body())
})

test('a confirm whose commit fails never says that no money moved', async () => {
  const session = await typed(amina.number, '1', juma.number, '62')
  const before = await transfers()
  broken.push('GRANT INSERT ON audit_event TO nyota_app')
  await world.database.owner.query('REVOKE INSERT ON audit_event FROM nyota_app')
  expect(await session.answer(amina.pin ?? '')).toMatch(IF_MONEY_MOVED)
  expect(await transfers()).toBe(before)
})

test('a copy of a confirm that nobody has answered yet is not told that no money moved', async () => {
  const session = await typed(amina.number, '1', juma.number, '63')
  const patient = openDatabase(world.database.ownerUrl, {
    maxConnections: 1,
    applicationName: 'lock',
    statementTimeoutMs: 20_000,
  })
  const { answers } = await patient.transaction(async (tx) => {
    await tx.query('LOCK TABLE account IN ACCESS EXCLUSIVE MODE')
    const owner = session.answer(amina.pin ?? '')
    await new Promise((resolve) => setTimeout(resolve, 300))
    await world.redis.flush()
    const copy = session.repeat()
    return { answers: await Promise.all([owner, copy]) }
  })
  await patient.close()
  for (const answer of answers) {
    expect(answer).toMatch(IF_MONEY_MOVED)
    expect(answer).not.toContain('No money moved')
  }
}, 30_000)

test('an end that the network reports while the PIN is checked loses nothing of the answer', async () => {
  const session = await typed(amina.number, '1', juma.number, '64')
  const answered = session.answer(amina.pin ?? '')
  await Promise.all(Array.from({ length: 5 }, () => session.end('Incomplete')))
  expect(await answered).toMatch(/^END Sent KES 64/)
  expect(await session.repeat()).toBe(session.body())
})

test('a callback that does not continue a session with a transfer names the transfer', async () => {
  const session = await typed(amina.number, '1', juma.number, '65', amina.pin ?? '')
  const reference = /Ref ([A-Z2-9]{10})/.exec(session.body())?.[1]
  const stray = await makeAfricasTalkingClient({ url: world.url, key: 'demo' }).post('ussd', {
    sessionId: session.sessionId,
    phoneNumber: amina.number,
    serviceCode: '*384#',
    text: '9*9*9*9*9*9*9*9*9*9*9*9*9*9*9',
  })
  expect(stray.body).toContain(`transfer ${reference}`)
})

test('after Redis is lost nobody else learns of a transfer by the session’s name', async () => {
  const session = await typed(amina.number, '1', juma.number, '66', amina.pin ?? '')
  await world.redis.flush()
  const intruder = await makeAfricasTalkingClient({ url: world.url, key: 'demo' }).post('ussd', {
    sessionId: session.sessionId,
    phoneNumber: wanjiru.number,
    serviceCode: '*384#',
    text: '1*0700000002*66*73915',
  })
  expect(intruder.body).not.toMatch(/[A-Z2-9]{10}|transfer/)
})

test('a repeat of a confirm that can be looked up nowhere is not told that no money moved', async () => {
  const session = await typed(amina.number, '1', juma.number, '67', amina.pin ?? '')
  await world.redis.flush()
  broken.push('GRANT SELECT ON ussd_hop TO nyota_app')
  await world.database.owner.query('REVOKE SELECT ON ussd_hop FROM nyota_app')
  expect(await session.repeat()).toMatch(IF_MONEY_MOVED)
})
