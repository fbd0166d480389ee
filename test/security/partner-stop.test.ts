import { afterAll, beforeAll, expect, test } from 'vitest'
import { demoPeople } from '../../scripts/demo/people.ts'
import { dialAnew, makeAfricasTalkingClient } from '../../scripts/dialogues/client.ts'
import { runPartners } from '../../scripts/partners/run.ts'
import { type PartnerControl, startPartnerControl } from '../../src/security/partner-control.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'

const { amina, juma } = demoPeople

let world: TestGateway
const opened: PartnerControl[] = []
beforeAll(async () => {
  world = await startTestGateway({ people: [amina, juma] })
})
afterAll(async () => {
  for (const control of opened) await control.close()
  await world?.stop()
})

/** `npm run partners -- …`, as its exit code and what it says. */
async function call(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' }
  const code = await runPartners([...args, '--operator', `http://127.0.0.1:${world.app.operatorPort}`], {
    out: (words) => (said.out += words),
    err: (words) => (said.err += words),
  })
  return { code, ...said }
}

const client = () => makeAfricasTalkingClient({ url: world.url, key: 'demo' })
const rows = async (sql: string): Promise<number> => (await world.database.owner.query(sql)).rowCount

test('a stopped partner begins nothing, goes on with nothing and stores nothing, until it is resumed', async () => {
  const waiting = await dialAnew(client(), amina.number)
  for (const input of ['1', juma.number, '71']) await waiting.answer(input)
  const paid = await dialAnew(client(), juma.number)
  for (const input of ['1', amina.number, '72', juma.pin ?? '']) await paid.answer(input)
  expect(paid.body()).toMatch(/^END Sent KES 72/)

  expect(await call('stop', 'africastalking', '--by', 'Grace')).toMatchObject({
    ...{ code: 0, out: expect.stringContaining('africastalking STOPPED by Grace') },
  })
  // What was answered is answered again; the PIN that comes now moves nothing.
  expect(await paid.repeat()).toBe(paid.body())
  const transfers = await rows('SELECT FROM transfer')
  expect(await waiting.answer(amina.pin ?? '')).toMatch(/^END .*No money moved/)
  expect((await client().dial(amina.number, '*384#')).body()).toMatch(/^END We are restarting/)
  expect(await rows('SELECT FROM transfer')).toBe(transfers)
  const sms = { id: 'stop-1', from: juma.number, to: '384', text: 'BAL' }
  expect((await client().post('sms', sms)).status).toBe(503)
  expect(await rows('SELECT FROM sms_inbox')).toBe(0)
  const status = await (await fetch(`http://127.0.0.1:${world.app.operatorPort}/status`)).text()
  expect(status).toContain('trust      africastalking STOPPED by order')

  expect((await call('resume', 'africastalking')).code).toBe(0)
  expect((await client().post('sms', sms)).status).toBe(200)
  expect((await dialAnew(client(), amina.number)).body()).toMatch(/^CON /)
  expect(
    await rows(
      `SELECT FROM audit_event WHERE action IN ('partner.stopped', 'partner.resumed') AND actor_kind = 'staff'`,
    ),
  ).toBe(2)
})

test('every other process and every later one obeys within moments', async () => {
  const start = (refreshEveryMs: number): PartnerControl => {
    const control = startPartnerControl({
      ...{ database: world.database.app, names: ['africastalking'], refreshEveryMs },
      audit: { record: async () => undefined, recordAll: async () => undefined, verify: () => true },
      events: { partnerOrdered: () => undefined, partnerOrdersNotRead: () => undefined },
    })
    opened.push(control)
    return control
  }
  const other = start(20)
  expect((await call('stop', 'africastalking')).code).toBe(0)
  await expect.poll(() => other.isStopped('africastalking')).toBe(true)
  const restarted = start(60_000)
  await restarted.refresh()
  expect(restarted.isStopped('africastalking')).toBe(true)
  await call('resume', 'africastalking')
  await expect.poll(() => other.isStopped('africastalking')).toBe(false)
})

test.each([
  ['a partner that is none', ['stop', 'mno9'], 1, /There is no such partner; there are: africastalking, smpp\./],
  ['no name', ['stop'], 2, /Name the partner: npm run partners -- stop <name>/],
  ['a verb that is none', ['drain', 'smpp'], 2, /There is no verb drain; there are list, stop, resume\./],
  ['a verb of every object', ['list', 'constructor'], 2, /list takes no name/],
])('npm run partners refuses %s', async (_, args, code, words) => {
  expect(await call(...args)).toMatchObject({ code, err: expect.stringMatching(words) })
})

test('orders come from this machine and from no page', async () => {
  const url = `http://127.0.0.1:${world.app.operatorPort}/trust/africastalking/stop`
  const answer = await fetch(url, { method: 'POST', headers: { Origin: 'http://evil.example' } })
  expect([answer.status, (await call('list')).out]).toEqual([403, 'africastalking active\nsmpp active\n'])
  expect((await fetch(url.replace('/stop', '/constructor'), { method: 'POST' })).status).toBe(404)
})
