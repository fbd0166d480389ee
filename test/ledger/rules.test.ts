import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { uuidv7 } from '../../src/domain/ids.ts'
import { fundWallet } from '../../src/ledger/accounts.ts'
import { loadTariffs } from '../../src/ledger/load-tariffs.ts'
import { postTransfer } from '../../src/ledger/post.ts'
import { proveBalances } from '../../src/ledger/prove.ts'
import type { Quote } from '../../src/ledger/quote.ts'
import { voidTransfer } from '../../src/ledger/void.ts'
import { marketOf, uganda } from '../support/tariffs.ts'
import { type LedgerWorld, newTransferId, openWorld, type Person, quoted } from './world.ts'

let world: LedgerWorld
let payer: Person
let payee: Person
let quote: Quote

beforeAll(async () => {
  world = await openWorld()
  await world.biller('city-power')
})
afterAll(() => world?.drop())
beforeEach(async () => {
  payer = await world.person(100_000n)
  payee = await world.person(0n)
  quote = quoted(await world.quoteSend(payer, payee, 20_000n))
})

const held = async (): Promise<void> => expect(await world.hold(quote)).toMatchObject({ kind: 'held' }) as undefined
const loadUganda = () => world.owner.transaction((tx) => loadTariffs(tx, marketOf('UG'), [uganda]))
const post = () => world.app.transaction((tx) => postTransfer(tx, quote.id))
const giveBack = () => world.app.transaction((tx) => voidTransfer(tx, quote.id, 'test'))

const history = [
  ...[
    'entry',
    'journal',
    'transfer_event',
    'transfer_leg',
    'hold',
    'hold_resolution',
    'partner_attempt',
    'partner_answer',
    'transfer_refusal',
  ],
  ...['tariff', 'tariff_service', 'tariff_band', 'tariff_duty', 'tariff_duty_band', 'tier_limit', 'transfer_edge'],
]

test.each(history)('the application cannot change, remove or empty %s', async (table) => {
  for (const statement of [`DELETE FROM ${table}`, `TRUNCATE ${table} CASCADE`]) {
    await expect(world.app.query(statement)).rejects.toThrow('permission denied')
  }
  const column = await world.owner.query<{ name: string }>(
    `SELECT column_name AS name FROM information_schema.columns WHERE table_name = $1 LIMIT 1`,
    [table],
  )
  const name = column.rows[0]?.name
  await expect(world.app.query(`UPDATE ${table} SET ${name} = ${name}`)).rejects.toThrow('permission denied')
})

test.each(history)('even the owner cannot change or remove a row of %s', async (table) => {
  const bill = quoted(await world.quoteBill(payer, 'city-power', 1_000n))
  await held()
  await post()
  await world.hold(bill)
  await world.app.query(`SELECT ledger_submit($1, '1 s')`, [bill.id])
  await world.app.query(`SELECT ledger_record_answer($1, 1, 'pending')`, [bill.id])
  await world.hold({ ...quote, id: newTransferId(), quotedAtMs: 0 })
  await expect(world.owner.query(`DELETE FROM ${table}`)).rejects.toThrow('append-only')
  await expect(world.owner.query(`TRUNCATE ${table} CASCADE`)).rejects.toThrow('append-only')
})

test.each([
  `INSERT INTO account (kind, code, currency, credits) VALUES ('trust', 'mine', 'KES', 1000000)`,
  `UPDATE account SET credits = credits + 1000000`,
  `DELETE FROM account`,
  `INSERT INTO journal (id, kind, reference, business_day) VALUES (gen_random_uuid(), 'funding', 'X', '2026-01-01')`,
  `INSERT INTO entry SELECT * FROM entry`,
  `UPDATE transfer SET state = 'REJECTED'`,
  `UPDATE transfer SET ring_at = NULL`,
  `INSERT INTO hold_resolution (transfer_id, outcome) SELECT id, 'posted' FROM transfer`,
  `INSERT INTO partner_attempt (transfer_id, attempt, action) SELECT id, 1, 'query' FROM transfer`,
  `SELECT ledger_fund(gen_random_uuid(), 'X', id, 100) FROM account WHERE kind = 'wallet'`,
  `SELECT ledger_write_entries('{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}')`,
  `SELECT ledger_uncount(id, 1, true) FROM transfer`,
  `INSERT INTO partner_answer (transfer_id, attempt, outcome) VALUES (gen_random_uuid(), 1, 'done')`,
  `INSERT INTO transfer_refusal (id, content_mac, outcome) VALUES (gen_random_uuid(), 'x', 'expired')`,
  `INSERT INTO pair_counter SELECT * FROM pair_counter`,
  `UPDATE pair_counter SET day_out = 0`,
  `DELETE FROM ledger_poison`,
  `SELECT nextval('transfer_ordinal')`,
  `ALTER TABLE entry DISABLE TRIGGER ALL`,
])('the application may not: %s', async (statement) => {
  await held()
  await expect(world.app.query(statement)).rejects.toThrow(/permission denied|must be owner/)
})

test('PostgreSQL refuses an overdraft and an over-full wallet whoever asks', async () => {
  await expect(
    world.owner.query('UPDATE account SET debits = debits + 100001 WHERE id = $1', [payer.wallet]),
  ).rejects.toThrow('account_never_overdrawn')
  await expect(world.owner.query('UPDATE account SET held_out = 100001 WHERE id = $1', [payer.wallet])).rejects.toThrow(
    'account_never_overdrawn',
  )
  await expect(
    world.owner.query('UPDATE account SET credits = ceiling + debits + 1 WHERE id = $1', [payee.wallet]),
  ).rejects.toThrow('account_never_over_full')
  await expect(
    world.owner.query('UPDATE account SET held_in = ceiling + 1 WHERE id = $1', [payee.wallet]),
  ).rejects.toThrow('account_never_over_full')
})

test('PostgreSQL refuses an entry between two currencies', async () => {
  await loadUganda()
  const trusts = await world.owner.query<{ id: string }>(
    `SELECT id FROM account WHERE kind = 'trust' ORDER BY currency`,
  )
  const journal = uuidv7()
  await world.owner.query(
    `INSERT INTO journal (id, kind, reference, business_day) VALUES ($1, 'funding', 'MIX', '2026-01-01')`,
    [journal],
  )
  await expect(
    world.owner.query(
      `INSERT INTO entry (journal_id, leg, debit, credit, currency, amount, debit_seq, credit_seq, debit_balance, credit_balance)
       VALUES ($1, 1, $2, $3, 'KES', 5, 900001, 900001, 0, 0)`,
      [journal, trusts.rows[0]?.id, trusts.rows[1]?.id],
    ),
  ).rejects.toThrow('foreign key')
})

test('a transfer between two currencies cannot be held', async () => {
  await loadUganda()
  const foreign = await world.owner.query<{ id: string }>(`SELECT ledger_open_wallet($1, 'standard', 'UGX') AS id`, [
    payee.id,
  ])
  const payeeAccount = foreign.rows[0]?.id as typeof payee.wallet
  const legs = quote.legs.map((leg, index) => (index === 0 ? { ...leg, credit: payeeAccount } : leg))
  expect(await world.hold({ ...quote, payeeAccount, legs })).toEqual({ kind: 'payee_unavailable' })
})

test('an id is posted once', async () => {
  await held()
  await post()
  await expect(
    world.owner.query(
      `INSERT INTO journal (id, kind, reference, business_day) VALUES ($1, 'send', 'AGAIN', '2026-01-01')`,
      [quote.id],
    ),
  ).rejects.toThrow('journal_pkey')
})

test('a hold is resolved once', async () => {
  await held()
  expect(await giveBack()).toMatchObject({ kind: 'voided', payerAvailable: 100_000n })
  expect(await giveBack()).toEqual({ kind: 'already' })
  expect(await post()).toEqual({ kind: 'rejected' })
  await expect(
    world.owner.query(`INSERT INTO hold_resolution (transfer_id, outcome) VALUES ($1, 'posted')`, [quote.id]),
  ).rejects.toThrow('hold_resolution_pkey')
})

test('posting and giving back at the same moment: one of them, and the books are right', async () => {
  await held()
  const outcomes = await Promise.all([post(), giveBack(), post(), giveBack()])
  expect(outcomes.filter(({ kind }) => kind === 'posted' || kind === 'voided')).toHaveLength(1)
  expect(await proveBalances(world.app)).toEqual([])
})

test.each([
  ['SETTLED', 'without a posting', 'not resolved so'],
  ['REJECTED', 'with the hold in place', 'not resolved so'],
  ['REVERSED', 'from HELD', 'cannot go from HELD'],
  ['PENDING', 'from HELD', 'cannot go from HELD'],
  ['NONSENSE', 'at all', 'cannot go from HELD'],
])('a transfer cannot become %s %s', async (state, _how, message) => {
  await held()
  await expect(
    world.owner.query(`UPDATE transfer SET state = $2, version = version + 1 WHERE id = $1`, [quote.id, state]),
  ).rejects.toThrow(message)
})

test('nothing leaves an end', async () => {
  await held()
  await giveBack()
  for (const state of ['HELD', 'SUBMITTED', 'SETTLED', 'REVIEW']) {
    await expect(
      world.owner.query(`UPDATE transfer SET state = $2, version = version + 1 WHERE id = $1`, [quote.id, state]),
    ).rejects.toThrow('cannot go from REJECTED')
  }
})

test.each([
  'amount = amount + 1',
  'payee_id = payer_id',
  'fee = 0, tax = 0',
  `reference = 'ABCDEFGHJK'`,
  'created_at = now()',
  'ordinal = 0',
])('the content of a transfer never changes: %s', async (change) => {
  await held()
  await expect(
    world.owner.query(`UPDATE transfer SET ${change}, version = version + 1 WHERE id = $1`, [quote.id]),
  ).rejects.toThrow('never changes')
})

test('every move of a transfer is on record, and its version counts every change', async () => {
  await held()
  await post()
  const { rows } = await world.app.query(
    'SELECT version, from_state, to_state FROM transfer_event WHERE transfer_id = $1 ORDER BY version',
    [quote.id],
  )
  expect(rows).toEqual([
    { version: 1, from_state: null, to_state: 'HELD' },
    { version: 2, from_state: 'HELD', to_state: 'SETTLED' },
  ])
  await expect(world.owner.query('UPDATE transfer SET rings = 3 WHERE id = $1', [quote.id])).rejects.toThrow(
    'to the next only',
  )
})

test('who sets the mark of the posting functions by hand gets around no rule: moves are on record and along the edges', async () => {
  quote = quoted(await world.quoteBill(payer, 'city-power', 20_000n))
  await held()
  await world.app.transaction(async (tx) => {
    await tx.query(`SELECT set_config('ledger.referenced', 'yes', true)`)
    await tx.query(`SELECT ledger_submit($1, '1 s')`, [quote.id])
  })
  const { rows } = await world.app.query(
    'SELECT to_state FROM transfer_event WHERE transfer_id = $1 ORDER BY version',
    [quote.id],
  )
  expect(rows).toEqual([{ to_state: 'HELD' }, { to_state: 'SUBMITTED' }])
  const wrong = world.owner.transaction(async (tx) => {
    await tx.query(`SELECT set_config('ledger.referenced', 'yes', true)`)
    await tx.query(`UPDATE transfer SET state = 'REVERSED', version = version + 1 WHERE id = $1`, [quote.id])
  })
  await expect(wrong).rejects.toThrow('cannot go from SUBMITTED')
})

test('a bill is not posted without a partner’s word, not given back after submitting without one, and paid once', async () => {
  quote = quoted(await world.quoteBill(payer, 'city-power', 20_000n))
  await held()
  await expect(post()).rejects.toThrow('no partner said that it is done')
  expect((await world.app.query('SELECT ledger_submit($1, $2) AS attempt', [quote.id, '1 second'])).rows).toEqual([
    { attempt: 1 },
  ])
  expect((await world.app.query('SELECT ledger_submit($1, $2) AS attempt', [quote.id, '1 second'])).rows).toEqual([
    { attempt: null },
  ])
  await expect(giveBack()).rejects.toThrow('no partner refused it')
  await expect(
    world.owner.query(`INSERT INTO partner_attempt (transfer_id, attempt, action) VALUES ($1, 2, 'pay')`, [quote.id]),
  ).rejects.toThrow('partner_attempt_pays_once')
})

test('the same quote again is known, in its present state; the same id with any other content is a conflict', async () => {
  await held()
  expect(await world.hold(quote)).toMatchObject({ kind: 'known', state: 'HELD' })
  expect(await world.hold(JSON.parse(JSON.stringify(quote)) as Quote)).toMatchObject({ kind: 'known', state: 'HELD' })
  expect(await world.hold({ ...quote, amount: '20001' })).toEqual({ kind: 'conflict' })
  expect(await world.hold({ ...quote, payeeName: 'Somebody else' })).toEqual({ kind: 'conflict' })
  expect(await world.hold({ ...quote, payeeReceives: '19999' })).toEqual({ kind: 'conflict' })
  const [amount, fee, tax] = quote.legs
  if (amount === undefined || fee === undefined || tax === undefined) throw new Error('not the legs of Kenya')
  const levied = { ...quote, legs: [amount, fee, { ...tax, what: 'levy' as const }] }
  expect(await world.hold(levied)).toEqual({ kind: 'conflict' })
  const stranger = await world.person(100_000n)
  const other = quoted(await world.quoteSend(stranger, payee, 20_000n, quote.id))
  expect(await world.hold(other)).toEqual({ kind: 'conflict' })
  await post()
  expect(await world.hold(quote)).toMatchObject({ kind: 'known', state: 'SETTLED' })
})

test('one id in many hands at once is held once', async () => {
  const stranger = await world.person(100_000n)
  const other = quoted(await world.quoteSend(stranger, payee, 20_000n, quote.id))
  const outcomes = await Promise.all([quote, other, quote, other, quote, other].map((each) => world.hold(each)))
  const kinds = outcomes.map(({ kind }) => kind).sort()
  expect(kinds).toEqual(['conflict', 'conflict', 'conflict', 'held', 'known', 'known'])
})

test.each<[string, (quote: Quote) => Quote]>([
  [
    'a leg dearer than the amounts',
    (q) => ({ ...q, legs: q.legs.map((leg, n) => (n === 1 ? { ...leg, amount: '9999' } : leg)) }),
  ],
  ['a leg missing', (q) => ({ ...q, legs: q.legs.slice(0, 2) })],
  ['the fee to the payee', (q) => ({ ...q, legs: q.legs.map((leg) => ({ ...leg, credit: q.payeeAccount })) })],
  ['somebody else’s money', (q) => ({ ...q, payerAccount: payee.wallet, payeeAccount: payer.wallet })],
  ['a total that is not the sum', (q) => ({ ...q, fee: '0', tax: '0' })],
])('a quote with %s is not held', async (_what, change) => {
  await expect(world.hold(change(quote))).rejects.toThrow(/do not add up|not those of its parties/)
})

test('the same deposit again adds nothing, with another amount it is refused', async () => {
  expect(await fundWallet(world.owner, payer.id, 500n, 'deposit 1')).toBe(true)
  expect(await fundWallet(world.owner, payer.id, 500n, 'deposit 1')).toBe(false)
  await expect(fundWallet(world.owner, payer.id, 501n, 'deposit 1')).rejects.toThrow('other content')
  await expect(fundWallet(world.owner, payee.id, 500n, 'deposit 1')).rejects.toThrow('other content')
  await expect(fundWallet(world.owner, payer.id, -500n, 'deposit 2')).rejects.toThrow('entry_amount_check')
})
