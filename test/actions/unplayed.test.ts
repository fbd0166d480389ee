import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type DemoPerson, demoPeople } from '../../scripts/demo/people.ts'
import { dialAnew, makeAfricasTalkingClient, type UssdSession } from '../../scripts/dialogues/client.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { unplayed } from '../support/unplayed.ts'

const { amina, juma, wanjiru, baraka } = demoPeople
const METER = '12345678901'

/** What the gateway's clock is ahead by. */
let aheadMs = 0
let world: TestGateway
let walletOfJuma = ''
let walletOfAmina = ''
beforeAll(async () => {
  const clock = Date.now
  vi.spyOn(Date, 'now').mockImplementation(() => clock() + aheadMs)
  world = await startTestGateway()
  const walletOf = async ({ balance }: DemoPerson): Promise<string> => {
    const { rows } = await world.database.owner.query<{ id: string }>(
      `SELECT id FROM account WHERE kind = 'wallet' AND credits - debits = $1`,
      [balance],
    )
    return rows[0]?.id ?? ''
  }
  walletOfJuma = await walletOf(juma)
  walletOfAmina = await walletOf(amina)
})
afterAll(async () => {
  vi.restoreAllMocks()
  await world?.stop()
})
beforeEach(() => {
  aheadMs = 0
})

async function typed(from: DemoPerson, ...inputs: string[]): Promise<UssdSession> {
  const client = makeAfricasTalkingClient({ url: world.url, key: world.callbackKey })
  const session = await dialAnew(client, from.number)
  for (const input of inputs) await session.answer(input)
  return session
}

const change = (sql: string) => world.database.owner.query(sql)

async function newestCode(to: DemoPerson, count: number): Promise<string> {
  const messages = await world.network.waitForMessages(to.number, count)
  return /\b\d{6}\b/.exec(messages.at(-1)?.text ?? '')?.[0] ?? ''
}

describe('between the quote and the PIN', () => {
  test.each([
    ['1', [juma.number, '1500'], 'END Not sent: this is over your limit.'],
    ['2', ['1', METER, '1500'], 'END Not paid: this is over your limit.'],
    ['6', ['1', '1500'], 'END Not bought: this is over your limit.'],
  ])('limits that became lower hold (%s)', async (key, inputs, words) => {
    const late = await typed(amina, key, ...inputs)
    await change(`UPDATE subscriber SET restricted_until = now() + interval '1 hour'`)
    try {
      expect(await late.answer(amina.pin ?? '')).toContain(words)
    } finally {
      await change('UPDATE subscriber SET restricted_until = NULL')
    }
  })

  test.each([
    ['1', [juma.number, '100'], 'END Not sent: this took too long to confirm.'],
    ['2', ['1', METER, '100'], 'END Not paid: this took too long to confirm.'],
    ['6', ['1', '100'], 'END Not bought: this took too long to confirm.'],
  ])('ten minutes are too long (%s)', async (key, inputs, words) => {
    aheadMs = -10 * 60_000 - 1000
    const late = await typed(amina, key, ...inputs)
    aheadMs = 0
    expect(await late.answer(amina.pin ?? '')).toContain(words)
  })

  test.each([
    ['wallet', '1', [juma.number, '100'], 'END Not sent: Juma K. cannot receive this now. No money moved.'],
    ['biller', '2', ['1', METER, '100'], 'END City Power cannot be paid now. No money moved.'],
    ['seller of airtime', '6', ['1', '100'], 'END Airtime cannot be bought now. No money moved.'],
  ])('a %s that was closed gets nothing', async (kind, key, inputs, words) => {
    const late = await typed(amina, key, ...inputs)
    await closed(kind, async () => expect(await late.answer(amina.pin ?? '')).toBe(words))
  })
})

test.each([
  ['wallet', '1', juma.number, 'END This account cannot receive money now. No money moved.'],
  ['biller', '2', '1', 'END City Power cannot be paid now. No money moved.'],
  ['seller of airtime', '6', '1', 'END Airtime cannot be bought now. No money moved. Please try later.'],
])('a closed %s cannot be quoted for', async (kind, key, to, words) => {
  const session = await typed(amina, key, to, ...(key === '2' ? [METER] : []))
  await closed(kind, async () => expect(await session.answer('100')).toBe(words))
})

/** With Juma's wallet, or the account of City Power or of who sells airtime, closed. */
async function closed(kind: string, work: () => Promise<void>): Promise<void> {
  const biller = kind === 'biller' ? 'city-power' : 'airtime'
  const whose = kind === 'wallet' ? `id = '${walletOfJuma}'` : `kind = 'biller' AND code = '${biller}'`
  await change(`UPDATE account SET status = 'closed' WHERE ${whose}`)
  try {
    await work()
  } finally {
    await change(`UPDATE account SET status = 'open' WHERE ${whose}`)
  }
}

describe('what a code allows must follow within ten minutes', () => {
  const CODES = `UPDATE code_challenge SET used_at = used_at - interval '10 minutes'`
  const CHANGES = `UPDATE pin_change SET expires_at = now()`
  const late = /^END This took too long\. /

  test('the terms', async () => {
    const session = await typed(baraka)
    await session.answer(await newestCode(baraka, 1))
    await change(CODES)
    expect(await session.answer('1')).toMatch(late)
  })

  test('the identity answer, the new PIN and its repetition', async () => {
    for (const [at, sql] of [CODES, CHANGES, CHANGES].entries()) {
      const session = await typed(wanjiru, '5', '5')
      await session.answer(await newestCode(wanjiru, at + 1))
      const inputs = [wanjiru.answer ?? '', '40826', '40826']
      for (const input of inputs.slice(0, at)) expect(await session.answer(input)).toMatch(/^CON /)
      await change(sql)
      expect(await session.answer(inputs[at] ?? '')).toMatch(at === 0 ? /^END Something went wrong\./ : late)
    }
  })
})

describe('what people ask of each other', () => {
  const GONE = 'END This is answered already, or it is too late.'
  const requested = async (amount: string): Promise<UssdSession> =>
    typed(juma, '7', '2', wanjiru.number, amount, '1').then(() => typed(wanjiru, '7', '1', '1'))

  test.each(['1', '2'])('a request that runs out while it is read is gone (%s)', async (key) => {
    const session = await requested('50')
    // Only the owner without triggers can make time pass for it.
    await change(`ALTER TABLE money_request DISABLE TRIGGER guarded`)
    await change(`UPDATE money_request SET asked_at = now() - interval '2 days', expires_at = now() - interval '1 day'`)
    await change(`ALTER TABLE money_request ENABLE TRIGGER guarded`)
    expect(await session.answer(key)).toBe(GONE)
  })

  test('a request beyond the day, the room or the standing of who asked is refused', async () => {
    const session = await requested('60')
    await change(`UPDATE account SET ceiling = credits - debits WHERE id = '${walletOfJuma}'`)
    expect(await session.answer('1')).toBe('END Juma K. cannot receive that much now. No money moved.')
    await change(`UPDATE account SET ceiling = 50000000 WHERE id = '${walletOfJuma}'`)
    const again = await typed(wanjiru, '7', '1', '1')
    await closed('wallet', async () =>
      expect(await again.answer('1')).toBe('END This account cannot receive money now. No money moved.'),
    )
    const third = await typed(wanjiru, '7', '1', '1')
    await change(
      `UPDATE account SET day = (now() AT TIME ZONE 'Africa/Nairobi')::date, day_out = 50000000
        WHERE owner_id = (SELECT payer_id FROM money_request ORDER BY asked_at DESC LIMIT 1)`,
    )
    expect(await third.answer('1')).toBe('END Today you can still send KES 0. No money moved.')
    await change(`UPDATE account SET day_out = 0 WHERE kind = 'wallet'`)
  })

  test('who was closed meanwhile is not asked', async () => {
    const session = await typed(juma, '7', '2', amina.number, '50')
    await change(
      `UPDATE subscriber SET status = 'closed' WHERE id = (SELECT owner_id FROM account WHERE id = '${walletOfAmina}')`,
    )
    expect(await session.answer('1')).toBe('END This account cannot be asked now.')
    await change(`UPDATE subscriber SET status = 'active' WHERE status = 'closed'`)
  })

  test('money is asked back once, in time, and where there is room for it', async () => {
    await typed(amina, '1', juma.number, '70', amina.pin ?? '')
    const [first, second] = [
      await typed(amina, '7', '3', amina.pin ?? '', '1'),
      await typed(amina, '7', '3', amina.pin ?? '', '1'),
    ]
    await change(`UPDATE account SET ceiling = credits - debits WHERE id = '${walletOfAmina}'`)
    const full = await typed(amina, '7', '3', amina.pin ?? '', '1')
    expect(await full.answer('1')).toBe('END Your account has no room for it.')
    await change(`UPDATE account SET ceiling = 50000000 WHERE kind = 'wallet'`)
    expect(await first.answer('1')).toMatch(/^END We keep KES 70 at Juma K\./)
    expect(await second.answer('1')).toBe('END You have asked for this already.')
    const [giving, keeping] = [await typed(juma, '7', '1', '1', '1'), await typed(juma, '7', '1', '1')]
    const other = await typed(juma, '7', '1', '1')
    expect(await giving.answer(juma.pin ?? '')).toMatch(/^END You gave KES 70 back to Amina O\./)
    expect(await keeping.answer('2')).toBe(GONE)
    expect(await other.answer('1')).toMatch(/^CON Give KES 70 back/)
    await typed(amina, '1', juma.number, '80', amina.pin ?? '')
    const late = await typed(amina, '7', '3', amina.pin ?? '', '1')
    await change(`ALTER TABLE transfer DISABLE TRIGGER USER`)
    await change(`UPDATE transfer SET changed_at = now() - interval '3 days' WHERE amount = 8000`)
    await change(`ALTER TABLE transfer ENABLE TRIGGER USER`)
    expect(await late.answer('1')).toBe('END It is too late to ask for this. Call 100 for help.')
    await typed(amina, '1', juma.number, '90', amina.pin ?? '')
    await typed(amina, '7', '3', amina.pin ?? '', '1', '1')
    const [keep, give] = [await typed(juma, '7', '1', '1'), await typed(juma, '7', '1', '1', '1')]
    expect(await keep.answer('2')).toBe('END You keep KES 90. Amina O. is told.')
    expect(await give.answer(juma.pin ?? '')).toBe(GONE)
  })
})

describe('what is ordered for later', () => {
  const GONE = 'END This was sent or stopped already.'
  const soon = new Date(Date.now() + 7 * 86_400_000).toISOString().slice(2, 10).split('-').reverse().join('')
  const orders = (...inputs: string[]): Promise<UssdSession> => typed(juma, '5', '6', '2', ...inputs)
  const pin = juma.pin ?? ''

  test('an account that was closed since its name was shown gets no order', async () => {
    const session = await typed(amina, '5', '6', '2', '1', juma.number, '100')
    await closed('wallet', async () =>
      expect(await session.answer(soon)).toBe('END This account cannot receive money now.'),
    )
  })

  test('what was skipped or cancelled meanwhile is gone', async () => {
    await orders('1', wanjiru.number, '100', soon, pin)
    const [skipping, cancelling] = [await orders('5', '1', '1'), await orders('5', '1', '2')]
    expect((await orders('5', '1', '1', '1')).body()).toMatch(/^END Skipped: KES 100 to Wanjiru M\./)
    expect(await cancelling.answer(pin)).toBe(GONE)
    await orders('1', wanjiru.number, '100', soon, pin)
    const late = await orders('5', '1', '1')
    expect((await orders('5', '1', '2', pin)).body()).toMatch(/^END Cancelled: KES 100 to Wanjiru M\./)
    expect(await late.answer('1')).toBe(GONE)
    // The first was skipped by the payer, who hears so again.
    expect(await skipping.answer('1')).toMatch(/^END Skipped: /)
  })

  test('nobody has more than ten', async () => {
    const limited = 'END You have 10 scheduled already. Cancel one first.'
    const [planning, confirming] = [
      await orders('1', wanjiru.number, '100'),
      await orders('1', wanjiru.number, '100', soon),
    ]
    for (let n = 0; n < 10; n += 1) await orders('1', wanjiru.number, '100', soon, pin)
    expect(await planning.answer(soon)).toBe(limited)
    expect(await confirming.answer(pin)).toBe(limited)
  })
})

test('who looks up more than thirty names or bill accounts in an hour is collecting them', async () => {
  const session = await typed(wanjiru, '1')
  for (let n = 0; n < 30; n++)
    expect(await session.answer(`07999999${n + 10}`)).toMatch(/^CON That number has no Nyota account/)
  expect(await session.answer(amina.number)).toMatch(/^END Too many numbers looked up\./)
  expect((await typed(wanjiru, '2', '1', METER)).body()).toMatch(/^END Too many accounts looked up\./)
})

test('money that went elsewhere since the quote is not spent twice', async () => {
  const send = await typed(amina, '1', juma.number, '3000')
  const bill = await typed(amina, '2', '1', METER, '3000')
  const airtime = await typed(amina, '6', '1', '3000')
  expect((await typed(amina, '1', juma.number, '2500', amina.pin ?? '')).body()).toMatch(/^END (Sent KES|KES) 2,500/)
  expect(await send.answer(amina.pin ?? '')).toMatch(/^END Not sent: you do not have enough money\./)
  expect(await airtime.answer(amina.pin ?? '')).toMatch(/^END Not bought: you do not have enough money\./)
  expect(await bill.answer(amina.pin ?? '')).toMatch(/^END Not paid: you do not have enough money\./)
})

test('a transfer that is not settled in time is being processed', async () => {
  const session = await typed(amina, '1', juma.number, '500')
  await world.database.owner.transaction(async (tx) => {
    // The hold changes payer and payee, the posting also the account of the fees.
    await tx.query(`SELECT FROM account WHERE kind = 'fee_income' FOR NO KEY UPDATE`)
    expect(await session.answer(amina.pin ?? '')).toMatch(/^END KES 500 to Juma K\. is being processed, ref /)
  })
})

describe('the limit of a month', () => {
  const LEFT = 'This month you can still'
  beforeAll(async () => {
    // A tariff is never edited, but by the owner without triggers.
    await change(`ALTER TABLE tier_limit DISABLE TRIGGER USER`)
    await change(`UPDATE tier_limit SET per_month = 1000000 WHERE tier = 'standard'`)
    await change(
      `UPDATE account SET month = date_trunc('month', now() AT TIME ZONE 'Africa/Nairobi'), month_out = 985000 WHERE kind = 'wallet'`,
    )
  })
  afterAll(async () => {
    await change(`UPDATE tier_limit SET per_month = NULL`)
    await change(`ALTER TABLE tier_limit ENABLE TRIGGER USER`)
    await change(`UPDATE account SET month_out = 0 WHERE kind = 'wallet'`)
  })

  test.each([
    ['1', [juma.number, '151'], 'send KES 150.'],
    ['2', ['1', METER, '151'], 'pay KES 150.'],
    ['6', ['1', '151'], 'pay KES 150.'],
  ])('is told as what is left of it, not as the most at one time (%s)', async (key, inputs, words) => {
    expect((await typed(amina, key, ...inputs)).body()).toContain(`${LEFT} ${words}`)
  })

  test('also where somebody asks for more', async () => {
    await typed(juma, '7', '2', amina.number, '155', '1')
    const session = await typed(amina, '7', '1')
    const key = /(\d) KES 155 /.exec(session.body())?.[1] ?? ''
    await session.answer(key)
    expect(await session.answer('1')).toBe(`END ${LEFT} send KES 150. No money moved.`)
  })
})

describe('savings', () => {
  const [ASIDE, OUT] = [
    ['5', '6', '1', '1'],
    ['5', '6', '1', '2'],
  ]
  const PIN = amina.pin ?? ''
  beforeAll(async () => {
    await change(`UPDATE account SET ceiling = 9000000000 WHERE kind = 'wallet' AND code = 'main'`)
    await change(`SELECT ledger_fund(gen_random_uuid(), 'more than a tariff prices', '${walletOfAmina}', 120000000)`)
  })

  test('more than the tariff prices is not moved at one time', async () => {
    expect((await typed(amina, ...ASIDE, '500001')).body()).toContain('The most at one time is KES 500,000.')
    for (const amount of ['500000', '1000'])
      expect((await typed(amina, ...ASIDE, amount, PIN)).body()).toMatch(/^END KES .* put aside\n/)
    expect((await typed(amina, ...OUT, '500001')).body()).toContain('The most at one time is KES 500,000.')
  })

  test('ten minutes are too long', async () => {
    aheadMs = -10 * 60_000 - 1000
    const [aside, out] = [await typed(amina, ...ASIDE, '11'), await typed(amina, ...OUT, '11')]
    aheadMs = 0
    expect(await aside.answer(PIN)).toMatch(/^END Not put aside: this took too long to confirm\./)
    expect(await out.answer(PIN)).toMatch(/^END Not taken out: this took too long to confirm\./)
  })

  test('what is under way is told so, and not counted as there', async () => {
    const out = await typed(amina, ...OUT, '12')
    await world.database.owner.transaction(async (tx) => {
      // The hold writes no journal, the posting does.
      await tx.query('LOCK TABLE journal IN EXCLUSIVE MODE')
      expect(await out.answer(PIN)).toMatch(/^END KES 12 is being taken out, ref /)
      expect((await typed(amina, '5', '6', '1', '3', PIN)).body()).toBe(
        'END You can take out KES 500,988. Still being processed: KES 12.',
      )
    })
  })

  test('money that went elsewhere since the quote is not moved twice', async () => {
    const [aside, out] = [await typed(amina, ...ASIDE, '13'), await typed(amina, ...OUT, '13')]
    const whose = (code: string) =>
      `kind = 'wallet' AND code = '${code}' AND owner_id = (SELECT owner_id FROM account WHERE id = '${walletOfAmina}')`
    const floor = async (code: string, sql: string) => change(`UPDATE account SET floor = ${sql} WHERE ${whose(code)}`)
    for (const code of ['main', 'savings']) await floor(code, 'credits - debits - held_out')
    try {
      expect(await aside.answer(PIN)).toBe('END Not put aside: you do not have enough money. No money moved.')
      expect(await out.answer(PIN)).toBe('END Not taken out: you do not have that much in savings. No money moved.')
    } finally {
      for (const code of ['main', 'savings']) await floor(code, '0')
    }
  })

  test('closed savings are neither quoted for nor moved', async () => {
    const [aside, out] = [await typed(amina, ...ASIDE, '14'), await typed(amina, ...OUT, '14')]
    const [asking, wanting] = [await typed(amina, ...ASIDE), await typed(amina, ...OUT)]
    const stand = (status: string) =>
      change(`UPDATE account SET status = '${status}' WHERE id = '${walletOfAmina}' OR code = 'savings'`)
    await stand('closed')
    try {
      expect(await asking.answer('14')).toBe('END Savings cannot be used now. No money moved.')
      expect(await wanting.answer('14')).toBe('END Savings cannot be used now. No money moved.')
    } finally {
      await stand('open')
    }
    await change(`UPDATE account SET status = 'closed' WHERE code = 'savings'`)
    try {
      expect(await aside.answer(PIN)).toBe('END Not put aside: savings cannot be used now. No money moved.')
      expect(await out.answer(PIN)).toMatch(/^END /)
    } finally {
      await stand('open')
    }
  })
})

test('every outcome that no dialogue plays has been brought about', () => {
  const had = new Set(outcomesIn(world.logs()))
  const missing = Object.entries(unplayed).flatMap(([action, outcomes]) =>
    outcomes.map((outcome) => `${action} ${outcome}`).filter((each) => !had.has(each)),
  )
  expect(missing).toEqual([])
})

/** What actions ended with, by the log: `quote-send insufficient`. */
function outcomesIn(logs: string): string[] {
  const lines = logs.split('\n').filter((line) => line.includes('"event":"action_ran"'))
  return lines.map((line) => {
    const { action, outcome }: { action: string; outcome: string } = JSON.parse(line)
    return `${action} ${outcome}`
  })
}
