import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { readCall, runCall } from '../../scripts/ledger/run.ts'
import { verbs } from '../../scripts/ledger/verbs.ts'
import { readCsv } from '../../scripts/menus/words/csv.ts'
import { addDays, dateAt, type IsoDate } from '../../src/domain/dates.ts'
import { parseE164 } from '../../src/domain/msisdn.ts'
import { nameContext, numberContext, numberIndex } from '../../src/security/contexts.ts'
import { makeKey } from '../../src/security/keys.ts'
import { makeSealer } from '../../src/security/sealing.ts'
import { backdate, NOON, standAtNoon, tamper } from '../ledger/day-end/tamper.ts'
import { type LedgerWorld, openWorld, type Person, quoted, resolve } from '../ledger/world.ts'
import { createTestDatabase } from '../support/database.ts'

const data = randomBytes(32)
const env = { DATA_KEY: data.toString('base64'), AUDIT_KEY: randomBytes(32).toString('base64') }
const sealer = makeSealer(makeKey(data))
const NUMBER = '+254700000001'
const ago = (days: number): IsoDate => addDays(dateAt(Date.now(), NOON), -days)

let world: LedgerWorld
let amina: Person
let reference = ''
beforeAll(async () => {
  world = await openWorld()
  await standAtNoon(world)
  amina = await world.person(500_000n)
  const juma = await world.person(0n)
  const quote = quoted(await world.quoteSend(amina, juma, 100_000n))
  const held = await world.hold(quote)
  reference = held.kind === 'held' ? held.reference : ''
  await resolve(world.app, quote.id, 'post')
  await naming(amina, NUMBER, 'Amina Otieno')
  await naming(juma, '+254700000002', '=Juma Kariuki')
  await backdate(world, 2)
})
afterAll(() => world?.drop())

/** People whose sealed fields open with the keys of this test. */
async function naming({ id }: Person, number: string, name: string, where: LedgerWorld = world): Promise<void> {
  const msisdn = parseE164(number)
  if (msisdn === null) throw new Error('no number')
  await where.owner.query(
    `UPDATE subscriber SET number_sealed = $2, number_index = $3, name_sealed = $4 WHERE id = $1`,
    [...[id, sealer.seal(msisdn, numberContext(id)), numberIndex(sealer, msisdn), sealer.seal(name, nameContext(id))]],
  )
}

type Told = { code: number; out: string; err: string }

async function run(...args: string[]): Promise<Told> {
  return runOn(world.url, args)
}

async function runOn(url: string, args: readonly string[], keys: Record<string, string> = env): Promise<Told> {
  const call = readCall(args)
  if (call.kind !== 'work') return { code: 2, out: '', err: call.kind === 'wrong' ? call.sentence : call.text }
  const [out, err] = [[] as string[], [] as string[]]
  const code = await runCall(url, keys, () => '', call, {
    print: (text) => void out.push(text),
    warn: (text) => void err.push(text),
  })
  return { code, out: out.join(''), err: err.join('') }
}

describe('npm run ledger', () => {
  test.each([
    [
      ['prove'],
      0,
      /^All is well: \d+ checks of everything\.\n {2}0 accounts, 0 journals, 0 entries; no day is closed\n$/,
    ],
    [['prove', '--since-last-close'], 0, /^All is well/],
    [['close'], 0, /^There is no day to close\.\n$/],
    [['days'], 0, /^No day is closed\.\n$/],
    [['troubled'], 0, /^No transfer is in trouble\.\n$/],
    [['show', 'ABCDEFGH23'], 1, /^No transfer has the reference ABCDEFGH23\.\n$/],
    [['statement', '--number', NUMBER, '--from', '2026-11-01', '--to', '2026-11-02'], 1, /^There is no such account/],
    [
      ['statement', '--number', NUMBER, '--savings', '--from', '2026-11-01', '--to', '2026-11-02'],
      1,
      /^There is no such account/,
    ],
  ] as const)('on an empty database %j ends with %i', async (args, code, says) => {
    const empty = await createTestDatabase()
    try {
      const told = await runOn(empty.url, args)
      expect([told.code, told.out + told.err]).toEqual([code, expect.stringMatching(says)])
    } finally {
      await empty.drop()
    }
  })

  test('proves and tells the figures', async () => {
    const { code, out } = await run('prove')
    expect([code, out]).toEqual([
      0,
      expect.stringMatching(
        /^All is well.*\n {2}5 accounts, 2 journals, 4 entries; no day is closed\n {2}KES 4,987 of e-money, KES 0 in transit, KES 13 of fees and taxes; KES 5,000 in trust; nothing is recorded of the bank\n$/,
      ),
    ])
    expect(JSON.parse((await run('prove', '--json')).out)).toMatchObject({
      found: [],
      figures: { money: [{ eMoney: '498700' }] },
    })
  })

  test('says what is wrong and where, and closes nothing', async () => {
    await tamper(world, `UPDATE account SET held_out = 5 WHERE id = '${amina.wallet}'`)
    const [proved, closed] = [await run('prove'), await run('close')]
    await tamper(world, `UPDATE account SET held_out = 0 WHERE id = '${amina.wallet}'`)
    expect(proved.code).toBe(1)
    expect(proved.out).toMatch(
      /^WRONG held-counters: it should be that .*; it is not so in 1 place\n {2}account \S+: keeps back 5 on the way out/,
    )
    expect(proved.out).toContain(`account ${amina.wallet}`)
    expect([closed.code, closed.out, closed.err]).toEqual([
      1,
      '',
      expect.stringMatching(/was not closed, since the books are wrong/),
    ])
  })

  test('records what the bank says, once, and compares it', async () => {
    const say = (balance: string, ...more: string[]) =>
      run('trust', '--balance', balance, '--reference', 'S-1', ...more)
    await expect(say('4999', '--day', ago(0))).rejects.toThrow(/is not over/)
    await expect(say('4.9.9', '--day', ago(1))).rejects.toThrow(/is no amount in KES/)
    expect(await say('4999', '--day', ago(1))).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^Recorded: the bank held KES 4,999 /),
    })
    expect(await say('4999', '--day', ago(1))).toMatchObject({ code: 0, out: expect.stringMatching(/recorded before/) })
    expect(await say('5000', '--day', ago(1))).toMatchObject({
      code: 1,
      err: expect.stringMatching(/on record with another/),
    })
    expect((await run('prove')).out).toMatch(
      /^LOOK {2}bank: .*\n {2}S-1: says that the bank held KES 4,999 .*; the books say KES 5,000, a difference of KES -1\n/,
    )
    expect(await run('trust', '--balance', '5000', '--reference', 'S-2')).toMatchObject({ code: 0 })
    expect((await run('prove')).code).toBe(0)
    const { rows } = await world.owner.query(
      `SELECT subject FROM audit_event WHERE action = 'trust.recorded' ORDER BY id`,
    )
    expect(rows).toEqual([{ subject: 'S-1' }, { subject: 'S-2' }])
  })

  test('records what an officer says of money asked back only where some was', async () => {
    const said = await run('decide', 'QG7K2M4P9A', '--keep', '--by', 'grace', '--reason', 'complaint 17')
    expect(said).toMatchObject({ code: 1, err: 'No transfer has the reference QG7K2M4P9A.\n' })
  })

  test('closes days and verifies them, with the key for others too', async () => {
    expect(await run('close', '--day', ago(0))).toMatchObject({ code: 1, err: expect.stringMatching(/is not over/) })
    expect(await run('close')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^\S+ is closed\. Its digest, .*\n {2}[0-9a-f]{64}\nAll is well/),
    })
    expect(await run('close')).toMatchObject({ code: 0, out: 'There is no day to close.\n' })
    expect(await run('close', '--day', ago(1))).toMatchObject({ code: 1, err: expect.stringMatching(/closed already/) })
    const listed = await run('days')
    expect(listed).toMatchObject({
      code: 0,
      out: expect.stringMatching(
        / by staff \S+; sound\n {2}digest [0-9a-f]{64}\n {2}2 journals, 4 entries; KES 4,987 of e-money/,
      ),
    })
    expect((await run('days', '--public-key')).out).toMatch(/^-----BEGIN PUBLIC KEY-----\n/)
    const other = { ...env, AUDIT_KEY: randomBytes(32).toString('base64') }
    expect(await runOn(world.url, ['days'], other)).toMatchObject({
      code: 1,
      out: expect.stringMatching(/another AUDIT_KEY/),
    })
  })

  test('shows one transfer whole, and nobody’s number', async () => {
    const { code, out } = await run('show', reference.toLowerCase())
    expect(code).toBe(0)
    for (const part of [
      `${reference}  send, SETTLED`,
      'KES 1,000, fee KES 13 (tax in it KES 1.70)',
      'from 0700***001',
      'to 0700***002',
      'HELD\n',
      'SETTLED\n',
      'leg 1: KES 1,000 from wallet main of',
      'leg 2: KES 11.30 from',
      'hold on wallet main of',
      'the hold was posted',
      `journal ${reference}, send, posted`,
      'number 2, then KES 4,000',
    ]) {
      expect(out).toContain(part)
    }
    expect(out).not.toMatch(/\+?254700000/)
    expect(JSON.parse((await run('show', reference, '--json')).out)).toMatchObject({
      reference,
      payerNumber: '0700***001',
      amount: '100000',
    })
  })

  test('writes a statement for people, for programs and for spreadsheets, and that it was read', async () => {
    const asked = ['statement', '--number', NUMBER, '--from', ago(2), '--to', ago(2)]
    const { code, out } = await run(...asked)
    expect(code).toBe(0)
    expect(out.split('\n')).toEqual([
      `Balance before ${ago(2)}: KES 0`,
      expect.stringMatching(/ funding {3}Nyota: in KES 5,000; balance KES 5,000$/),
      expect.stringMatching(/ send {6}=Juma K\.: out KES 1,000, fee KES 13; balance KES 3,987$/),
      `Balance after ${ago(2)}: KES 3,987`,
      '',
    ])
    const rows = readCsv((await run(...asked, '--csv')).out) ?? []
    expect(rows[0]).toEqual(['time', 'reference', 'kind', 'counterparty', 'in', 'out', 'fee', 'balance', 'currency'])
    expect(rows.slice(1).map((row) => row.slice(2))).toEqual([
      ['opening', '', '', '', '', '0.00', 'KES'],
      ['funding', 'Nyota', '5000.00', '0.00', '0.00', '5000.00', 'KES'],
      ['send', "'=Juma K.", '0.00', '1000.00', '13.00', '3987.00', 'KES'],
      ['closing', '', '', '', '', '3987.00', 'KES'],
    ])
    const lines = (await run(...asked, '--json')).out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object)
    expect(lines).toMatchObject([
      { opening: '0', closing: '398700' },
      { in: '500000' },
      { out: '100000', fee: '1300', balance: '398700' },
    ])
    const { rows: audited } = await world.owner.query(`SELECT subject FROM audit_event WHERE action = 'statement.read'`)
    expect(audited).toEqual([{ subject: amina.wallet }, { subject: amina.wallet }, { subject: amina.wallet }])
  })

  test('lists transfers in trouble', async () => {
    const quote = quoted(await world.quoteSend(amina, await world.person(0n), 1_000n))
    await world.hold(quote)
    expect((await run('troubled')).code).toBe(0)
    await tamper(world, `UPDATE transfer SET created_at = created_at - interval '3 hours' WHERE id = '${quote.id}'`)
    expect(await run('troubled')).toMatchObject({
      code: 1,
      out: expect.stringMatching(/^[A-Z2-9]{10} {2}send, HELD for 3 h, asked 0 times, next at /),
    })
    expect(JSON.parse((await run('troubled', '--json')).out)).toMatchObject({
      transfers: [{ id: quote.id, attempts: 0 }],
    })
    await resolve(world.app, quote.id, 'void')
  })

  test.each(verbs.map(({ name, help }) => [name, help] as const))('%s helps with examples', (name, help) => {
    expect(readCall([name, '--help'])).toEqual({ kind: 'help', text: `npm run ledger -- ${name} ${help}` })
    expect(help).toMatch(new RegExp(`npm run (--silent )?ledger -- ${name}`))
  })

  test.each<[string[], RegExp]>([
    [['prof'], /There is no verb "prof"; say one of prove, close/],
    [['prove', '--fast'], /Unknown option '--fast'/],
    [['prove', '--old-after', '0'], /whole number of hours/],
    [['close', '--day', '2026-02-30'], /--day is "2026-02-30"; write a day as/],
    [['show'], /Which transfer\?/],
    [['show', 'ABCDEFGH01'], /Which transfer\?/],
    [['statement', '--from', '2026-11-01', '--to', '2026-11-02'], /either --account or --number/],
    [['statement', '--number', '0712345678', '--from', '2026-11-01', '--to', '2026-11-02'], /international form/],
    [['statement', '--number', NUMBER], /Of which days\?/],
    [['statement', '--number', NUMBER, '--from', '2026-11-02', '--to', '2026-11-01'], /turn them round/],
    [['trust', '--balance', '5'], /Say --reference/],
    [['decide', 'QG7K2M4P9A', '--by', 'grace', '--reason', 'complaint'], /Say --settle, --give-back or --keep/],
    [['decide', 'QG7K2M4P9A', '--keep', '--give-back', '--by', 'grace', '--reason', 'complaint'], /one of them/],
    [
      ['decide', 'QG7K2M4P9A', '--give-back', '--token', '12', '--by', 'grace', '--reason', 'complaint'],
      /belong to --settle/,
    ],
    [
      ['decide', 'QG7K2M4P9A', '--settle', '--token', '12a', '--by', 'grace', '--reason', 'complaint'],
      /1 to 20 digits/,
    ],
    [['decide', 'QG7', '--keep', '--by', 'grace', '--reason', 'complaint'], /Which transfer\?/],
    [['decide', 'QG7K2M4P9A', '--keep', '--reason', 'complaint'], /Who says so\?/],
    [['decide', 'QG7K2M4P9A', '--keep', '--by', 'grace'], /Why\?/],
    [['trust', '--reference', 'x'], /Say --balance/],
    [['trust', '--balance', '5', '--reference', 'x', '--currency', 'EUR'], /choose one of KES/],
    [['troubled', '--limit', '0'], /--limit is a number/],
  ])('%j is answered with a sentence', async (args, sentence) => {
    expect(readCall(args)).toEqual({ kind: 'wrong', sentence: expect.stringMatching(sentence) })
  })
})

test('records what officers say of a transfer in REVIEW, and shows who has said what', async () => {
  const own = await openWorld()
  onTestFinished(() => own.drop())
  const payer = await own.person(500_000n)
  await naming(payer, NUMBER, 'Amina Otieno', own)
  await own.biller('city-power')
  const quote = quoted(await own.quoteBill(payer, 'city-power', 1_000n))
  const held = await own.hold(quote)
  const bill = held.kind === 'held' ? held.reference : ''
  await own.app.query(`SELECT ledger_submit($1, interval '1 second')`, [quote.id])
  const say = (...more: string[]) => runOn(own.url, ['decide', bill, ...more, '--reason', 'letter 17'])
  expect(await say('--settle', '--by', 'grace')).toMatchObject({ code: 1, err: expect.stringMatching(/SUBMITTED/) })
  await own.app.query(`SELECT ledger_wait($1, 'REVIEW', 'no word', NULL)`, [quote.id])
  expect(await say('--keep', '--by', 'grace')).toMatchObject({
    code: 1,
    err: expect.stringMatching(/--settle or --give-back/),
  })
  expect(await say('--give-back', '--by', 'Grace')).toMatchObject({
    code: 0,
    out: 'Recorded. A second officer has to say the same.\n',
  })
  const shown = await runOn(own.url, ['troubled'])
  expect(shown.out).toContain('waits for people')
  expect(shown.out).toMatch(/\n {2}grace says give back, \S+ \S+: letter 17\n/)
  expect(await say('--give-back', '--by', 'otieno')).toMatchObject({
    code: 0,
    out: expect.stringMatching(/Two officers say the same/),
  })
  const { rows } = await own.owner.query(`SELECT subject FROM audit_event WHERE action = 'transfer.decided'`)
  expect(rows).toEqual([{ subject: quote.id }, { subject: quote.id }])
})
