import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { IncomingSms } from '../../src/aggregators/aggregator.ts'
import type { PushOutcome, UssdPush } from '../../src/aggregators/ussd-push.ts'
import { Secret } from '../../src/domain/secret.ts'
import { hasOptedOut } from '../../src/sms/consent.ts'
import { withoutShortcuts } from '../support/without-shortcuts.ts'
import { compiledMenus, type KeywordWorld, makeKeywordWorld, numberOf } from './sms-world.ts'

const STRANGER = '+254700000009'
const HOUR_S = 3600

let world: KeywordWorld
beforeAll(async () => {
  world = await makeKeywordWorld()
})
beforeEach(() => world.forget())
afterAll(() => world.db.drop())

const texts = async (): Promise<string[]> => (await world.outbox()).map(({ text }) => text)
const beginnings = async (): Promise<string[]> => (await texts()).map((text) => text.split(' ').slice(0, 4).join(' '))
/** Makes everything so far look that much older. */
const age = (seconds: number): Promise<unknown> =>
  world.db.owner.query('UPDATE sms_answer SET at = at - make_interval(secs => $1)', [seconds])

/** A push that ends so, and what it was asked for. */
function pushing(outcome: PushOutcome | 'throws'): { push: UssdPush; asked: (readonly string[])[] } {
  const asked: (readonly string[])[] = []
  return {
    asked,
    push: async (_to, inputs) => {
      asked.push(inputs)
      if (outcome === 'throws') throw new Error('the link broke')
      return outcome
    },
  }
}

describe('a message that comes again is answered once', () => {
  test('one after the other', async () => {
    const conversation = world.conversation()
    for (let times = 0; times < 3; times += 1) await world.send(conversation, 'amina', 'BAL', 'again')
    expect(await texts()).toHaveLength(1)
    expect(world.rung).toHaveLength(1)
  })

  test('at the same moment, with whatever is written', async () => {
    // Each as in a process of its own.
    await Promise.all([1, 2, 3, 4].map(() => world.send(world.conversation(), 'amina', 'BAL 73915', 'twin')))
    expect(await beginnings()).toEqual(['Dial *384*3# to see', 'Never send your PIN'])
  })

  test('and an answer that cannot be written leaves no message stored, so that the network sends it again', async () => {
    const broken = world.conversation(null, { ...world.program, texts: {} })
    await expect(world.send(broken, 'amina', 'BAL', 'broken')).rejects.toThrow()
    expect((await world.db.app.query('SELECT FROM sms_inbox')).rowCount).toBe(0)
    await world.send(world.conversation(), 'amina', 'BAL', 'broken')
    expect(await texts()).toHaveLength(1)
  })
})

describe('no two machines answer each other for ever', () => {
  test('words that mean nothing are helped once an hour', async () => {
    const conversation = world.conversation()
    for (const text of ['thank you', 'Your call is important', 'ok']) await world.send(conversation, 'amina', text)
    expect(await texts()).toHaveLength(1)
    await age(HOUR_S - 60)
    await world.send(conversation, 'amina', 'hm')
    expect(await texts()).toHaveLength(1)
    await age(120)
    await world.send(conversation, 'amina', 'hm')
    expect(await texts()).toHaveLength(2)
  })

  test('also where they come to several processes at the same moment', async () => {
    const words = ['hello', 'ok', 'thanks', 'hm', 'yes', 'no']
    await Promise.all(words.map((text) => world.send(world.conversation(), 'juma', text)))
    expect(await texts()).toHaveLength(1)
  })

  test('somebody without an account is told how to get one once a day', async () => {
    const conversation = world.conversation()
    for (const text of ['BAL', 'hello', 'SEND 0712345678 500', 'HELP']) await world.send(conversation, STRANGER, text)
    expect(await texts()).toHaveLength(1)
    await age(23 * HOUR_S)
    await world.send(conversation, STRANGER, 'hello')
    expect(await texts()).toHaveLength(1)
    await age(HOUR_S + 60)
    await world.send(conversation, STRANGER, 'hello')
    expect(await texts()).toHaveLength(2)
  })

  test('a machine that writes keywords is answered twelve times an hour and forty times a day, and heard in the end', async () => {
    const conversation = world.conversation()
    for (let n = 0; n < 15; n += 1) await world.send(conversation, 'amina', 'HELP')
    expect(await texts()).toHaveLength(12)
    // The rest of what it may have in a day, as if that had been some hours ago.
    await world.db.owner.query(
      "INSERT INTO sms_answer (number_index, kind, at) SELECT number_index, kind, at - interval '5 hours' FROM sms_answer, generate_series(1, 2)",
    )
    await age(HOUR_S + 60)
    for (let n = 0; n < 6; n += 1) await world.send(conversation, 'amina', 'HELP')
    expect(await texts()).toHaveLength(16)
    await world.send(conversation, 'amina', 'STOP')
    expect(await hasOptedOut(world.db.app, world.sealer, numberOf('amina'))).toBe(true)
    expect((await texts()).at(-1)).toMatch(/^You will get no more news/)
    expect((await world.db.app.query('SELECT FROM sms_inbox')).rowCount).toBe(22)
  })

  test('one number’s limits are no other’s', async () => {
    const conversation = world.conversation()
    for (const person of ['amina', 'juma', 'wanjiru']) await world.send(conversation, person, 'hello')
    expect(await texts()).toHaveLength(3)
  })
})

describe('STOP and START', () => {
  const isOut = (person: string): Promise<boolean> => hasOptedOut(world.db.app, world.sealer, numberOf(person))

  test('what was said last holds, each is confirmed, and one that changes nothing once a day', async () => {
    const conversation = world.conversation()
    const said: [string, boolean][] = []
    for (const text of ['STOP', 'STOP', 'START', 'START', 'STOP', 'STOP ALL', 'STOP', 'START']) {
      await world.send(conversation, 'amina', text)
      said.push([text, await isOut('amina')])
    }
    expect(said.map(([, out]) => out)).toEqual([true, true, false, false, true, true, true, false])
    expect(await beginnings()).toEqual(
      ['no more', 'no more', 'news and', 'news and', 'no more', 'news and'].map((words) =>
        `You will get ${words}`.split(' ').slice(0, 4).join(' '),
      ),
    )
    const { rows } = await world.db.app.query<{ kind: string }>('SELECT kind FROM sms_consent ORDER BY id')
    expect(rows).toHaveLength(8)
    expect(await isOut('juma')).toBe(false)
  })

  test('STOP, START, STOP within seconds ends with a stop, though the last looks like a copy of the first', async () => {
    const conversation = world.conversation()
    for (const text of ['STOP', 'START', 'STOP'])
      await conversation.receive({
        link: 'mno1',
        id: null,
        from: numberOf('amina'),
        to: '22384',
        text: new Secret(text),
      })
    expect(await isOut('amina')).toBe(true)
    expect(await texts()).toHaveLength(2)
  })

  test.each(['STOP 12345', 'please stop', 'STOP sending', 'do not stop', 'stopped', 'START now'])(
    '%s is neither',
    async (text) => {
      await world.send(world.conversation(), 'amina', text)
      expect((await world.db.app.query('SELECT FROM sms_consent')).rowCount).toBe(0)
      expect((await texts()).some((answer) => answer.includes('write BAL'))).toBe(true)
    },
  )

  test('the network’s own opt-out is the same, and both are told apart in the history', async () => {
    const conversation = world.conversation()
    await conversation.optOut('africastalking', numberOf('amina'))
    await conversation.optOut('africastalking', numberOf('amina'))
    await conversation.optOut('africastalking', numberOf('amina'))
    expect(await isOut('amina')).toBe(true)
    expect(await beginnings()).toEqual(['You will get no', 'You will get no'])
    await world.send(conversation, 'amina', 'START')
    expect(await isOut('amina')).toBe(false)
    const { rows } = await world.db.app.query(
      'SELECT kind, via, link, message_id IS NULL AS bare FROM sms_consent ORDER BY id',
    )
    expect(rows.slice(2)).toEqual([
      { kind: 'stop', via: 'network', link: 'africastalking', bare: true },
      { kind: 'start', via: 'sms', link: 'mno1', bare: false },
    ])
  })

  test('a number that we answer to nothing is kept all the same', async () => {
    await world.send(world.conversation(), '+2238400', 'STOP')
    expect(await isOut('+2238400')).toBe(true)
    expect(await texts()).toEqual([])
  })

  test('the history can be added to and not changed', async () => {
    await world.send(world.conversation(), 'amina', 'STOP')
    for (const change of [
      "UPDATE sms_consent SET kind = 'start'",
      'DELETE FROM sms_consent',
      'DELETE FROM sms_answer',
      "UPDATE sms_answer SET kind = 'pin'",
    ])
      await expect(world.db.app.query(change)).rejects.toThrow(/permission denied/)
  })
})

describe('a keyword opens the dialogue on the phone', () => {
  const CASES: [string, string[]][] = [
    ['BAL', ['3']],
    ['MINI', ['4']],
    ['SEND 0712345678 500', ['1', '0712345678', '500']],
    ['SEND 0712345678 500.50', ['1', '0712345678', '500.50']],
    ['SEND 0712345678', ['1', '0712345678']],
    // A figure as long as a PIN is an amount where it is round, or says that it is money.
    ['SEND 0712345678 12350', ['1', '0712345678', '12350']],
    ['SEND 0712345678 1,234', ['1', '0712345678', '1234']],
    ['SEND 0712345678 1234/=', ['1', '0712345678', '1234']],
    ['SEND Ksh 12345 0712345678', ['1', '0712345678', '12345']],
    ['SEND 0712345678 123', ['1', '0712345678', '123']],
    ['PAY City Power 12345678901 300', ['2', '1', '12345678901']],
    ['PAY', ['2']],
  ]
  test.each(CASES)('%s as if %j had been dialled, and no SMS goes', async (text, inputs) => {
    const { push, asked } = pushing({ kind: 'shown', answerWithinMs: null })
    const conversation = world.conversation(push)
    await world.send(conversation, 'amina', text)
    await conversation.close()
    expect(asked).toEqual([inputs])
    expect((await world.outbox()).map(({ state }) => state)).toEqual(['expired'])
    expect(world.rung).toEqual([])
    const { rows } = await world.db.app.query('SELECT kind, reason FROM sms_event ORDER BY id')
    expect(rows).toEqual([
      { kind: 'queued', reason: null },
      { kind: 'expired', reason: 'pushed' },
    ])
  })

  const OTHERS: [string, PushOutcome | 'throws'][] = [
    ['cannot be pushed', { kind: 'unavailable' }],
    ['is refused', { kind: 'refused', reason: 'busy' }],
    ['may or may not have been shown', { kind: 'unknown', cause: 'no_answer' }],
    ['ends in an error', 'throws'],
  ]
  test.each(OTHERS)('one that %s is asked for once, and the string to dial goes at once', async (_what, outcome) => {
    const { push, asked } = pushing(outcome)
    const conversation = world.conversation(push)
    await world.send(conversation, 'amina', 'SEND 0712345678 500', 'once')
    await conversation.close()
    await world.send(conversation, 'amina', 'SEND 0712345678 500', 'once')
    await conversation.close()
    expect(asked).toHaveLength(1)
    const [sms] = await world.outbox()
    expect(sms).toMatchObject({
      state: 'queued',
      text: 'Dial *384*1*0712345678*500# to send KES 500. Enter your PIN only there.',
    })
    expect(world.rung).toEqual([sms?.id])
    const { rows } = await world.db.app.query('SELECT not_before <= now() AS due FROM sms_outbox')
    expect(rows).toEqual([{ due: true }])
  })

  test('one that asks something keeps the string to dial until it is answered, and a minute longer than that can be', async () => {
    const conversation = world.conversation(pushing({ kind: 'shown', answerWithinMs: 120_000 }).push)
    await world.send(conversation, 'amina', 'SEND 0712345678 500')
    await conversation.close()
    const due =
      'SELECT count(*)::int AS due FROM sms_outbox WHERE ring_at <= now() + make_interval(secs => $1) AND not_before <= ring_at'
    expect((await world.db.app.query(due, [170])).rows).toEqual([{ due: 0 }])
    expect((await world.db.app.query(due, [181])).rows).toEqual([{ due: 1 }])
    expect((await world.outbox())[0]?.state).toBe('queued')
  })

  test('a process that dies before the outcome is known leaves the string to dial, which goes by itself a minute later', async () => {
    // It never settles, as for a process that is gone.
    const conversation = world.conversation(() => new Promise(() => undefined))
    await world.send(conversation, 'amina', 'SEND 0712345678 500')
    expect(world.rung).toEqual([])
    const due =
      'SELECT count(*)::int AS due FROM sms_outbox WHERE ring_at <= now() + make_interval(secs => $1) AND not_before <= ring_at'
    expect((await world.db.app.query(due, [50])).rows).toEqual([{ due: 0 }])
    expect((await world.db.app.query(due, [61])).rows).toEqual([{ due: 1 }])
    expect((await world.outbox())[0]?.state).toBe('queued')
  })

  test('nobody without an account and nothing but these keywords opens one', async () => {
    const { push, asked } = pushing({ kind: 'shown', answerWithinMs: null })
    const conversation = world.conversation(push)
    await world.send(conversation, STRANGER, 'BAL')
    for (const text of ['HELP', 'STOP', 'START', 'LANG en', 'LANG', 'hello', '73915'])
      await world.send(conversation, 'juma', text)
    await conversation.close()
    expect(asked).toEqual([])
  })

  test('no more often than it would be answered', async () => {
    const { push, asked } = pushing({ kind: 'shown', answerWithinMs: null })
    const conversation = world.conversation(push)
    for (let n = 0; n < 15; n += 1) await world.send(conversation, 'amina', 'BAL')
    await conversation.close()
    expect(asked).toHaveLength(12)
  })
})

describe('what is dialled comes from the menus', () => {
  const service = readFileSync('menus/service.yaml', 'utf8')

  test('menus with other codes are answered by those', async () => {
    const moved = service
      .replace('"1*{to}*{amount}": send-money.confirm', '"77*{amount}*{to}": send-money.confirm')
      .replace('"3": main.balance', '"6": main.balance')
    const program = await compiledMenus({ 'service.yaml': moved })
    const conversation = world.conversation(null, program)
    await world.send(conversation, 'amina', 'SEND 0712345678 500')
    await world.send(conversation, 'amina', 'BAL')
    expect(await beginnings()).toEqual(['Dial *384*77*500*0712345678# to send', 'Dial *384*6# to see'])
  })

  test('menus without codes are answered by the bare code', async () => {
    const program = await compiledMenus({ 'service.yaml': withoutShortcuts(service) })
    const conversation = world.conversation(null, program)
    for (const text of ['SEND 0712345678 500', 'BAL', 'PAY City Power 12345678901'])
      await world.send(conversation, 'amina', text)
    expect(await beginnings()).toEqual(['Dial *384# to send', 'Dial *384# to see', 'Dial *384# to pay'])
  })
})

test('another language is remembered, recorded once and answered in', async () => {
  const conversation = world.conversation()
  for (const text of ['LANG french', 'LUGHA fr', 'BAL']) await world.send(conversation, 'wanjiru', text)
  expect(await beginnings()).toEqual([
    'Désormais nous vous écrivons',
    'Désormais nous vous écrivons',
    'Composez *384*3# pour voir',
  ])
  const { rows } = await world.db.app.query("SELECT FROM audit_event WHERE action = 'language.chosen'")
  expect(rows).toHaveLength(1)
  await world.speak('wanjiru', 'en')
})

test('a part of a long message is kept and not answered', async () => {
  const part = { reference: 1, total: 2, number: 1 }
  const message: IncomingSms = {
    link: 'mno1',
    id: 'part',
    from: numberOf('amina'),
    to: '22384',
    text: new Secret('STOP'),
    part,
  }
  await world.conversation().receive(message)
  expect(await texts()).toEqual([])
  expect((await world.db.app.query('SELECT FROM sms_inbox_part')).rowCount).toBe(1)
})

describe('a PIN in an SMS', () => {
  /** Written in so many ways; the digits of each are nowhere else in this world. */
  const PIN = '86420'
  const FORMS = [
    ...[
      'BAL 86420',
      'PIN 86420',
      '86420',
      'SEND 0712345678 86420',
      'SEND 86420 0712345678',
      'SEND 0712345678 500 86420',
      'SEND 500 86420',
      'SEND 500 0712345678 86420',
      'SEND 0712345678 86420 500',
      'BAL86420',
      '8 6 4 2 0',
    ],
    ...[
      'MINI pin:86420',
      'LANG sw 86420',
      'HELP 86420',
      'STOP 86420',
      'START 86420',
      'PAY City Power 12345678901 300 86420',
    ],
    ...['my pin is 86420 please help', 'PAY Moon 12345678901 86420 86420', 'SEND 86420 0712345678 500', '٨٦٤٢٠'],
  ]

  async function everythingStored(): Promise<string> {
    const { rows: tables } = await world.db.owner.query<{ name: string }>(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
    )
    const lines: string[] = []
    for (const { name } of tables) {
      const { rows } = await world.db.owner.query<{ line: string }>(`SELECT t::text AS line FROM ${name} t`)
      lines.push(...rows.map(({ line }) => line))
    }
    const inbox = await world.db.app.query<{ id: string; body_sealed: Buffer }>('SELECT id, body_sealed FROM sms_inbox')
    lines.push(...inbox.rows.map(({ id, body_sealed }) => world.sealer.open(body_sealed, `sms_inbox.body:${id}`)))
    return [...lines, ...(await texts()), ...world.heard].join('\n')
  }
  const holds = (text: string): boolean => new RegExp(`(?<![0-9a-f])${PIN}(?![0-9a-f])`).test(text)

  test.each(FORMS)('%s is stored nowhere, said to nobody, and warned of', async (text) => {
    await world.send(world.conversation(), 'amina', text)
    const stored = await everythingStored()
    expect(stored.length).toBeGreaterThan(1000)
    expect(holds(stored)).toBe(false)
    expect((await texts()).some((answer) => answer.startsWith('Never send your PIN'))).toBe(true)
    await world.speak('amina', 'en')
  })

  test('the search finds what is planted', async () => {
    await world.send(world.conversation(), 'amina', 'SEND 0712345678 KES 86420')
    expect(holds(await everythingStored())).toBe(true)
  })

  test('whatever else is written, four to six digits behind BAL are never kept', async () => {
    const conversation = world.conversation()
    const around = fc.string({ unit: fc.constantFrom('a', 'ሰ', ' ', '.', ',', '*', '#', '\n'), maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(around, around, async (before, after) => {
        await world.send(conversation, 'juma', `BAL ${before} ${PIN} ${after}`)
      }),
      { numRuns: 25 },
    )
    expect(holds(await everythingStored())).toBe(false)
  })

  test('is warned of once an hour', async () => {
    const conversation = world.conversation()
    for (let n = 0; n < 3; n += 1) await world.send(conversation, 'amina', '86420')
    expect(await texts()).toHaveLength(1)
  })
})
