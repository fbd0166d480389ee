import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { demoPeople } from '../../scripts/demo/people.ts'
import { dialAnew, makeAfricasTalkingClient, type UssdSession } from '../../scripts/dialogues/client.ts'
import { parseE164 } from '../../src/domain/msisdn.ts'
import { openLinkedAccount } from '../../src/ledger/linked-accounts.ts'
import { makeSealer } from '../../src/security/sealing.ts'
import { findByNumber } from '../../src/subscribers/find.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { unplayedLinked } from '../support/unplayed-linked.ts'

const { amina, juma } = demoPeople
const METER = '12345678901'
const OTHER = ['5', '6', '3'] as const
/** By screen: what leads to the question for the amount and the account, and whether the amount comes first. */
const roads = {
  in: [[...OTHER, '2', '1'], []],
  out: [[...OTHER, '3', '1'], []],
  send: [['1', juma.number], ['2']],
  bill: [['2', '1', METER], ['2']],
} as const
type Road = keyof typeof roads

/** What the gateway's clock is ahead by. */
let aheadMs = 0
let world: TestGateway
beforeAll(async () => {
  const clock = Date.now
  vi.spyOn(Date, 'now').mockImplementation(() => clock() + aheadMs)
  world = await startTestGateway()
  const sealer = makeSealer(world.settings.keys.data)
  const number = parseE164(amina.number)
  const found = number === null ? null : await findByNumber(world.database.app, sealer, number)
  if (found === null) throw new Error('the demo has lost Amina')
  await world.database.app.transaction((tx) =>
    openLinkedAccount(tx, sealer, found, { id: 'wave', name: 'Wave' }, 'KES'),
  )
})
afterAll(async () => {
  vi.restoreAllMocks()
  await world?.stop()
})
beforeEach(() => {
  aheadMs = 0
})

async function typed(...inputs: string[]): Promise<UssdSession> {
  const client = makeAfricasTalkingClient({ url: world.url, key: world.callbackKey })
  const session = await dialAnew(client, amina.number)
  for (const input of inputs) await session.answer(input)
  return session
}

const quoted = (road: Road, amount: string) => typed(...roads[road][0], amount, ...roads[road][1])
const change = (sql: string) => world.database.owner.query(sql)

/** While something is not as it was. */
async function during<T>(trouble: string, well: string, work: () => Promise<T>): Promise<T> {
  await change(trouble)
  try {
    return await work()
  } finally {
    await change(well)
  }
}
const unlinked = <T>(work: () => Promise<T>) =>
  during(
    `UPDATE account SET status = 'closed' WHERE kind = 'linked'`,
    `UPDATE account SET status = 'open' WHERE kind = 'linked'`,
    work,
  )
const all: readonly Road[] = ['in', 'out', 'send', 'bill']

describe('between the screens', () => {
  test.each(all)('an account that was unlinked cannot be quoted for, nor confirmed (%s)', async (road) => {
    const [asked, late] = [
      await typed(...roads[road][0], ...(roads[road][1].length > 0 ? ['300'] : [])),
      await quoted(road, '300'),
    ]
    await unlinked(async () => {
      expect(await asked.answer(roads[road][1][0] ?? '300')).toMatch(
        /^END .*cannot be (used|paid from Wave) now\. No money moved\.$/,
      )
      expect(await late.answer(amina.pin ?? '')).toMatch(
        /^END .*cannot be (used|paid from Wave) now\. No money moved\.$/,
      )
    })
  })

  test('nor put first, nor unlinked again', async () => {
    const [first, gone] = [await typed(...OTHER, '5'), await typed(...OTHER, '6', '1')]
    await unlinked(async () => {
      expect(await first.answer('2')).toBe('END This account is not linked any more.')
      expect(await gone.answer(amina.pin ?? '')).toBe('END This account is not linked any more.')
    })
  })

  test.each(all)('limits that became lower hold (%s)', async (road) => {
    const late = await quoted(road, '1500')
    await during(
      `UPDATE subscriber SET restricted_until = now() + interval '1 hour'`,
      'UPDATE subscriber SET restricted_until = NULL',
      async () => expect(await late.answer(amina.pin ?? '')).toContain('this is over your limit. No money moved.'),
    )
  })

  test.each(all)('ten minutes are too long (%s)', async (road) => {
    aheadMs = -10 * 60_000 - 1000
    const late = await quoted(road, '100')
    aheadMs = 0
    expect(await late.answer(amina.pin ?? '')).toContain('this took too long to confirm. No money moved.')
  })

  test.each(all)('what the day allows is used up (%s)', async (road) => {
    const day = (out: string) =>
      `UPDATE account SET day = (now() AT TIME ZONE 'Africa/Nairobi')::date, day_out = ${out} WHERE kind IN ('wallet', 'linked')`
    await during(day('50000000'), day('0'), async () =>
      expect((await quoted(road, '100')).body()).toMatch(/^CON Today .*KES 0\./),
    )
  })
})

test('a payee who is gone once the money came: it stays in the wallet, and screen and SMS say so', async () => {
  const session = await quoted('send', '400')
  const juma_ = `id = (SELECT id FROM account WHERE kind = 'wallet' AND credits - debits = ${juma.balance})`
  const { rows } = await world.database.owner.query<{ id: string }>(`SELECT id FROM account WHERE ${juma_}`)
  const whose = `id = '${rows[0]?.id}'`
  await during(
    `UPDATE account SET status = 'closed' WHERE ${whose}`,
    `UPDATE account SET status = 'open' WHERE ${whose}`,
    async () =>
      expect(await session.answer(amina.pin ?? '')).toMatch(
        /^END Not sent: Juma K\. cannot receive this\. KES 407 from Wave is in your Nyota account now, ref /,
      ),
  )
  const messages = await world.network.waitForMessages(amina.number, 1)
  expect(messages.at(-1)?.text).toMatch(
    /KES 407 came from your Wave account .* could not be paid on to Juma K\. and is in your Nyota account\./,
  )
})

test('money that went elsewhere since the quote is not sent out', async () => {
  const late = await quoted('out', '5000')
  await typed('1', juma.number, '3000', '1', amina.pin ?? '')
  expect(await late.answer(amina.pin ?? '')).toBe('END Not done: you do not have enough money. No money moved.')
})

test('every outcome that no dialogue plays has been brought about', () => {
  const lines = world
    .logs()
    .split('\n')
    .filter((line) => line.includes('"event":"action_ran"'))
  const had = new Set(lines.map((line) => JSON.parse(line)).map(({ action, outcome }) => `${action} ${outcome}`))
  const wanted = Object.entries(unplayedLinked).flatMap(([action, outcomes]) =>
    outcomes.map((each) => `${action} ${each}`),
  )
  expect(wanted.filter((each) => !had.has(each))).toEqual([])
})
