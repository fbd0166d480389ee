import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { demoPeople } from '../../scripts/demo/people.ts'
import { openDatabase } from '../../src/database/database.ts'
import { makeAfricasTalkingClient, type UssdSession } from '../support/africastalking-client.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'

const { amina, juma } = demoPeople

let world: TestGateway
beforeAll(async () => {
  world = await startTestGateway()
})
afterAll(() => world?.stop())

const client = () => makeAfricasTalkingClient({ url: world.url, key: 'demo' })
const say = async (from: string, language: string): Promise<void> => {
  const session = await client().dial(from, '*384*5*2#')
  await session.answer(language)
}
async function typed(code: string, ...inputs: string[]): Promise<UssdSession> {
  const session = await client().dial(amina.number, code)
  for (const input of inputs) await session.answer(input)
  return session
}
const transfers = async (): Promise<number> => (await world.database.owner.query('SELECT FROM transfer')).rowCount

test('the dropped session and the one that goes on with it send the money once between them', async () => {
  const before = await transfers()
  const first = await typed(`*384*1*${juma.number.replace('+254', '0')}*71#`)
  const second = await typed('*384#', '1')
  expect(second.body()).toMatch(/^CON Send KES 71 to Juma K\./)
  const answers = await Promise.all([first.answer(amina.pin ?? ''), second.answer(amina.pin ?? '')])
  for (const answer of answers) expect(answer).toMatch(/^END (Sent KES 71|KES 71 to Juma K\. is being processed)/)
  expect(await transfers()).toBe(before + 1)
})

test('a dial while the write is on its way offers nothing', async () => {
  const session = await typed(`*384*1*${juma.number.replace('+254', '0')}*72#`)
  const claimed = async (): Promise<number> =>
    (await world.database.owner.query('SELECT FROM ussd_hop WHERE answered_at IS NULL')).rowCount
  const patient = openDatabase(world.database.ownerUrl, {
    ...{ maxConnections: 1, applicationName: 'lock', statementTimeoutMs: 20_000 },
  })
  const { sending, during } = await patient.transaction(async (tx) => {
    await tx.query('LOCK TABLE account IN ACCESS EXCLUSIVE MODE')
    const answer = session.answer(amina.pin ?? '')
    while ((await claimed()) === 0) await pause(10)
    return { sending: answer, during: (await typed('*384#')).body() }
  })
  await patient.close()
  expect(during).toMatch(/^CON Nyota: Amina/)
  expect(await sending).toMatch(/^END/)
})

test('what cannot go on is said in the language of the session or of the subscriber', async () => {
  await say(amina.number, '3')
  const form = (sessionId: string, text: string) => ({
    ...{ sessionId, phoneNumber: amina.number, serviceCode: '*384#', text },
  })
  const lost = 'END La session est perdue. Aucun argent envoyé. Veuillez recomposer.'
  const session = await typed('*384*1#')
  const unrelated = await client().post('ussd', form(session.sessionId, '2*7'))
  expect(unrelated.body).toBe(lost)

  const wrong = await typed('*384*3#', '11111')
  await world.redis.flush()
  expect(await wrong.answer(amina.pin ?? '')).toBe(lost)

  const sent = await typed(`*384*1*${juma.number.replace('+254', '0')}*73#`, amina.pin ?? '')
  const reference = /[Rr]éf ([A-Z2-9]{10})/.exec(sent.body())?.[1]
  await world.redis.flush()
  expect(await sent.answer('1')).toBe(
    `END La session est perdue. Un SMS donne le résultat du transfert ${reference}. N'envoyez pas une deuxième fois.`,
  )
})
