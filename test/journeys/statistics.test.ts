import { afterAll, beforeAll, expect, test } from 'vitest'
import { demoPeople } from '../../scripts/demo/people.ts'
import { describeInspected, inspectSession } from '../../scripts/dial/inspector.ts'
import { dialAnew, makeAfricasTalkingClient, type UssdSession } from '../../scripts/dialogues/client.ts'
import { describeRows, readRows } from '../../scripts/menus/report.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'

const { amina, juma } = demoPeople
let gateway: TestGateway
let operator = ''
beforeAll(async () => {
  gateway = await startTestGateway({ people: [amina, juma], env: { INSPECT_SESSIONS: 'on' } })
  operator = `http://127.0.0.1:${gateway.app.operatorPort}`
})
afterAll(() => gateway?.stop())

function dial(): Promise<UssdSession> {
  return dialAnew(makeAfricasTalkingClient({ url: gateway.url, key: gateway.callbackKey }), amina.number)
}

async function counted(screen: string): Promise<Record<string, number | string>> {
  const text = await (await fetch(`${operator}/metrics`)).text()
  return { ...readRows(text).find((row) => row.screen === screen && row.language === 'en') }
}

test('what happened on a screen is counted there, a repeated callback once', async () => {
  const session = await dial()
  await session.repeat()
  for (const input of ['9', '3', '0', '3', '00', '1']) await session.answer(input)
  await session.repeat()
  await session.end('Incomplete')
  await session.end('Incomplete')
  // Shown by the dial, by the hint, by back and by home.
  expect(await counted('main.services')).toMatchObject({ shown: 4, answered: 3, invalid: 1, back: 0, dropped: 0 })
  expect(await counted('main.balance')).toMatchObject({ shown: 2, answered: 0, back: 1, home: 1, dropped: 0 })
  expect(await counted('send-money.to')).toMatchObject({ shown: 1, answered: 0, dropped: 1, failed: 0, ended: 0 })
})

test('a dialogue that came to its end is not abandoned, and its last words are no new showing', async () => {
  const before = await counted('main.balance')
  const session = await dial()
  for (const input of ['3', amina.pin ?? '']) await session.answer(input)
  await session.end('Success')
  const after = await counted('main.balance')
  expect(after).toMatchObject({ shown: Number(before.shown) + 1, answered: 1, ended: 1, dropped: 0 })
})

test('a report has a row for each screen, with shares of its answers', async () => {
  const rows = readRows(await (await fetch(`${operator}/metrics`)).text())
  const table = describeRows(rows)
  expect(table).toMatch(/^menus [0-9a-f]{12}, en$/m)
  expect(table).toMatch(/^ +main\.services +\d+ +\d+ +\d+\.\d %/m)
  expect(rows.map(({ shown }) => shown)).toEqual(rows.map(({ shown }) => shown).sort((a, b) => b - a))
})

test('a developer sees screen, menus, variables and what ran, but no number, no secret and no long value', async () => {
  const session = await dial()
  for (const input of ['1', juma.number, '500']) await session.answer(input)
  const inspection = await inspectSession(operator, session.sessionId)
  if (inspection.kind === 'not') throw new Error(inspection.sentence)
  const { inspected } = inspection
  expect(inspected).toMatchObject({
    ...{ screen: 'send-money.confirm', language: 'en', status: 'active', state: 'shown', hops: 4 },
    actions: [
      { screen: 'send-money.sources', action: 'list-sources', effect: 'read', outcome: 'wallet' },
      { screen: 'send-money.quote', action: 'quote-send', effect: 'read', outcome: 'quoted' },
    ],
    history: ['main.services', 'send-money.to', 'send-money.amount'],
  })
  expect(inspected.flows.at(-1)?.variables).toMatchObject({ amount: '50000', name: 'Juma K.', to: '0700***002' })
  expect(JSON.stringify(inspected)).not.toContain(juma.number)
  await session.answer('99999')
  const wrong = await inspectSession(operator, session.sessionId)
  expect(JSON.stringify(wrong)).not.toContain('99999')
  expect(wrong).toMatchObject({
    inspected: { actions: [{ action: 'send-money', effect: 'write', outcome: 'wrong_pin' }] },
  })
  expect(describeInspected(inspected, 40).every((line) => line.length <= 40)).toBe(true)
  expect(describeInspected(inspected, 60).join('\n')).toContain('ran quote-send (read): quoted')
})

test('a session that nobody has is not found', async () => {
  expect((await fetch(`${operator}/sessions/africastalking/nobody`)).status).toBe(404)
})

test('without the setting there is nothing to ask', async () => {
  const plain = await startTestGateway({ people: [amina] })
  try {
    const client = makeAfricasTalkingClient({ url: plain.url, key: plain.callbackKey })
    const session = await client.dial(amina.number, '*384#')
    const asked = await inspectSession(`http://127.0.0.1:${plain.app.operatorPort}`, session.sessionId)
    expect(asked).toMatchObject({ kind: 'not', sentence: expect.stringContaining('INSPECT_SESSIONS=on') })
  } finally {
    await plain.stop()
  }
})
