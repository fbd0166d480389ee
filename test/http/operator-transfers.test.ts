import { afterAll, beforeAll, expect, test } from 'vitest'
import { demoPeople } from '../../scripts/demo/people.ts'
import { dialAnew, makeAfricasTalkingClient } from '../../scripts/dialogues/client.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'

let gateway: TestGateway
beforeAll(async () => {
  gateway = await startTestGateway({ billerTimeoutMs: 300 })
  gateway.billers.control('city-power', { silent: true })
  const session = await dialAnew(
    makeAfricasTalkingClient({ url: gateway.url, key: gateway.callbackKey }),
    demoPeople.amina.number,
  )
  gateway.billers.control('city-power', {})
  for (const input of ['2', '1', '12345678901', '100']) await session.answer(input)
  gateway.billers.control('city-power', { silent: true })
  expect(await session.answer(demoPeople.amina.pin ?? '')).toMatch(/is being processed/)
  await gateway.database.owner.query(
    `INSERT INTO partner_breaker (partner, state, unknowns, openings, until) VALUES ('green-school', 'open', 0, 1, now() + interval '1 hour')`,
  )
})
afterAll(() => gateway?.stop())

const get = (path: string) => fetch(`http://127.0.0.1:${gateway.app.operatorPort}${path}`)

test('a transfer in doubt is on the list, the page and the metrics, and nothing there names a person', async () => {
  const troubled = await (await get('/transfers/troubled')).text()
  expect(JSON.parse(troubled)).toMatchObject({
    transfers: [{ kind: 'bill', state: 'IN_DOUBT', biller: 'city-power', why: 'in_doubt', reason: 'timeout' }],
  })
  const status = await (await get('/status')).text()
  expect(status).toMatch(/^queue +ok$/m)
  expect(status).toMatch(/^transfers +IN_DOUBT 1 \(oldest \d+ s\)$/m)
  expect(status).toMatch(/^partner +city-power works, IN_DOUBT 1 \(oldest \d+ s\)$/m)
  expect(status).toMatch(/^partner +green-school RESTS until \S+Z$/m)
  expect(status).toMatch(/^troubled +in_doubt 1 \(oldest \d+ s\); GET \/transfers\/troubled lists them$/m)
  const metrics = await (await get('/metrics')).text()
  expect(metrics).toContain('partner_transfers_open{partner="city-power",state="IN_DOUBT"} 1')
  expect(metrics).toContain('partner_breaker{partner="green-school",state="open"} 1')
  expect(metrics).toContain('partner_breaker{partner="city-power",state="closed"} 1')
  expect(metrics).toContain('transfers_troubled{why="in_doubt"} 1')
  const partners = await (await get('/partners')).text()
  expect(JSON.parse(partners).partners.map(({ partner }: { partner: string }) => partner)).toEqual(
    [...gateway.settings.billers.map(({ id }) => id), 'airtime', 'wave'].sort(),
  )
  for (const text of [troubled, status, metrics, partners]) expect(text).not.toMatch(/254700000001|12345678901|Amina/)
})

test('who rests is said to be unavailable before the PIN', async () => {
  const client = makeAfricasTalkingClient({ url: gateway.url, key: gateway.callbackKey })
  const session = await dialAnew(client, demoPeople.juma.number)
  for (const input of ['2', '3']) await session.answer(input)
  expect(await session.answer('12345678')).toBe(
    'END Green School does not answer now. No money moved. Please try later.',
  )
})

test.each(['0', '1001', 'all', '1.5'])('a limit of %s is refused with what it may be', async (limit) => {
  const answer = await get(`/transfers/troubled?limit=${limit}`)
  expect(answer.status).toBe(400)
  expect(await answer.json()).toMatchObject({ detail: 'limit must be a whole number from 1 to 1000' })
})
