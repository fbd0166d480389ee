import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Database } from '../../../src/database/database.ts'
import { checks } from '../../../src/ledger/proofs/registry.ts'
import { OLD_AFTER_MS, type Proof, proveLedger, proveSnapshot } from '../../../src/ledger/prove-ledger.ts'
import { createTestDatabase } from '../../support/database.ts'
import { type LedgerWorld, openWorld, type Person, quoted, resolve } from '../world.ts'
import { openAsSuperuser, undone } from './tamper.ts'

const everything = { sinceLastClose: false, oldAfterMs: OLD_AFTER_MS }
const prove = (db: Database): Promise<Proof> => proveLedger(db, everything)

/** One check may be the first to see what others see too; what is asked is that the one named does, and where. */
type Tampering = {
  readonly what: string
  readonly sql: readonly string[]
  readonly check: string
  /** A part of what is said of it, and of where. */
  readonly says: RegExp
  readonly where: Partial<Record<'account' | 'reference' | 'entry', string | null>>
}

let world: LedgerWorld
let payer = { id: '', wallet: '' } as Person
let payee = payer
const ids = { sent: '', sentReference: '', rejected: '', rejectedReference: '', held: '', heldReference: '' }

beforeAll(async () => {
  world = await openWorld()
  await world.biller('city-power')
})
afterAll(() => world?.drop())

describe('on an empty database', () => {
  test('there is nothing to find', async () => {
    const empty = await createTestDatabase()
    try {
      expect(await prove(empty.app)).toMatchObject({ found: [], figures: { accounts: 0n, entries: 0n, money: [] } })
    } finally {
      await empty.drop()
    }
  })
})

describe('of books that are right', () => {
  test('nothing is found, and the figures are told', async () => {
    await fill(world)
    const proof = await prove(world.app)
    expect(proof).toMatchObject({ found: [], skipped: [], checked: checks.length, sinceDay: null })
    expect(proof.figures).toMatchObject({
      journals: 3n,
      entries: 5n,
      money: [{ currency: 'KES', eMoney: 598_700n, inTransit: 0n, house: 1_300n, trust: 600_000n, bank: null }],
      open: [{ state: 'HELD', count: 1n, amount: 20_700n }],
    })
  })

  test('nothing is found while money moves', async () => {
    const people = await Promise.all(Array.from({ length: 4 }, () => world.person(1_000_000n)))
    let moving = true
    const moves = people.map(async (one, n) => {
      for (let turn = 0; moving || turn < 3; turn += 1) {
        const quote = quoted(await world.quoteSend(one, people[(n + 1) % 4] ?? one, BigInt(1_000 + turn)))
        if ((await world.hold(quote)).kind === 'held')
          await resolve(world.app, quote.id, turn % 3 === 0 ? 'void' : 'post')
      }
    })
    for (let proof = 0; proof < 6; proof += 1) expect((await prove(world.app)).found).toEqual([])
    moving = false
    await Promise.all(moves)
    expect((await prove(world.app)).found).toEqual([])
  })
})

/** A settled, a rejected and a held transfer of one payer, whose ids are kept. */
async function fill(at: LedgerWorld): Promise<void> {
  ;[payer, payee] = [await at.person(500_000n), await at.person(100_000n)]
  const [sent, rejected, held] = [
    quoted(await at.quoteSend(payer, payee, 100_000n)),
    quoted(await at.quoteSend(payer, payee, 30_000n)),
    quoted(await at.quoteSend(payer, payee, 20_000n)),
  ]
  for (const quote of [sent, rejected, held]) await at.hold(quote)
  await resolve(at.app, sent.id, 'post')
  await resolve(at.app, rejected.id, 'void')
  const { rows } = await at.app.query<{ id: string; reference: string }>('SELECT id, reference FROM transfer')
  const referenceOf = (id: string): string => rows.find((row) => row.id === id)?.reference ?? ''
  Object.assign(ids, { sent: sent.id, rejected: rejected.id, held: held.id })
  ids.sentReference = referenceOf(sent.id)
  ids.rejectedReference = referenceOf(rejected.id)
  ids.heldReference = referenceOf(held.id)
}

describe('of books that were edited', () => {
  const tamperings = (): readonly Tampering[] => [
    {
      what: 'a debit that nothing was credited for',
      sql: [`UPDATE account SET debits = debits + 5 WHERE id = '${payer.wallet}'`],
      check: 'trial-balance',
      says: /all accounts in KES have debits of \d+ and credits of \d+/,
      where: {},
    },
    {
      what: 'a balance that was raised on both sides',
      sql: [`UPDATE account SET credits = credits + 5, debits = debits + 5 WHERE id = '${payee.wallet}'`],
      check: 'account-counters',
      says: /has debits of 5 and credits of 200005, but its entries add up to 0 and 200000/,
      where: { account: payee.wallet },
    },
    {
      what: 'an entry of another amount',
      sql: [`UPDATE entry SET amount = 90000 WHERE journal_id = '${ids.sent}' AND leg = 1`],
      check: 'entry-chain',
      says: /leaves a balance of 200000, but 100000 and 90000 make 190000/,
      where: { account: payee.wallet, reference: ids.sentReference, entry: `${ids.sent}/1` },
    },
    {
      what: 'an entry that is gone',
      sql: [`DELETE FROM entry WHERE journal_id = '${ids.sent}' AND leg = 2`],
      check: 'entry-chain',
      says: /is number 4 of its account and comes after number 2/,
      where: { account: payer.wallet, entry: `${ids.sent}/3` },
    },
    {
      what: 'the last entry of an account, gone',
      sql: [`DELETE FROM entry WHERE journal_id = '${ids.sent}' AND leg = 1`],
      check: 'entry-chain',
      says: /has counted 2 entries, but its last one is number 1/,
      where: { account: payee.wallet },
    },
    {
      what: 'an entry without its journal',
      sql: [`DELETE FROM journal WHERE id = '${ids.sent}'`],
      check: 'entries',
      says: /is of no journal/,
      where: { entry: `${ids.sent}/1` },
    },
    {
      what: 'an entry in another currency',
      sql: [`UPDATE entry SET currency = 'UGX' WHERE journal_id = '${ids.sent}' AND leg = 2`],
      check: 'entries',
      says: /is in UGX, but its accounts are in KES and KES/,
      where: { reference: ids.sentReference, entry: `${ids.sent}/2` },
    },
    {
      what: 'a journal that is empty',
      sql: [
        `INSERT INTO journal (id, kind, reference, business_day) VALUES (gen_random_uuid(), 'adjustment', 'EMPTY', current_date)`,
      ],
      check: 'entries',
      says: /is a journal without entries/,
      where: { reference: 'EMPTY' },
    },
    {
      what: 'money that is kept back by no hold',
      sql: [`UPDATE account SET held_out = held_out + 7 WHERE id = '${payer.wallet}'`],
      check: 'held-counters',
      says: /keeps back 20707 on the way out and 0 on the way in, but its open holds are 20700 and 0/,
      where: { account: payer.wallet },
    },
    {
      what: 'room that is kept back by no hold',
      sql: [`UPDATE account SET held_in = held_in + 7 WHERE id = '${payee.wallet}'`],
      check: 'held-counters',
      says: /20007 on the way in/,
      where: { account: payee.wallet },
    },
    {
      what: 'a hold that was given back while its transfer waits',
      sql: [`INSERT INTO hold_resolution (transfer_id, outcome) VALUES ('${ids.held}', 'voided')`],
      check: 'holds',
      says: /is HELD, but its hold is voided/,
      where: { account: payer.wallet, reference: ids.heldReference },
    },
    {
      what: 'a hold that stays open after the transfer has ended',
      sql: [`DELETE FROM hold_resolution WHERE transfer_id = '${ids.rejected}'`],
      check: 'holds',
      says: /is REJECTED, but its hold is open/,
      where: { reference: ids.rejectedReference },
    },
    {
      what: 'a hold of another amount',
      sql: [`UPDATE hold SET out_amount = 1 WHERE transfer_id = '${ids.held}' AND account_id = '${payer.wallet}'`],
      check: 'holds',
      says: /was quoted 20700 out and 0 in, but keeps back 1 and 0/,
      where: { account: payer.wallet, reference: ids.heldReference },
    },
    {
      what: 'a hold that is gone',
      sql: [`DELETE FROM hold WHERE transfer_id = '${ids.held}' AND account_id = '${payer.wallet}'`],
      check: 'holds',
      says: /keeps back 0 and 0/,
      where: { account: payer.wallet, reference: ids.heldReference },
    },
    {
      what: 'a hold of the day before yesterday',
      sql: [`UPDATE transfer SET created_at = created_at - interval '50 hours' WHERE id = '${ids.held}'`],
      check: 'old-holds',
      says: /keeps back KES 207 since 50 h, HELD/,
      where: { account: payer.wallet, reference: ids.heldReference },
    },
    {
      what: 'a transfer long in doubt',
      sql: [
        `UPDATE transfer SET state = 'IN_DOUBT', created_at = created_at - interval '50 hours' WHERE id = '${ids.held}'`,
        `INSERT INTO transfer_event (transfer_id, version, from_state, to_state)
         VALUES ('${ids.held}', 2, 'HELD', 'SUBMITTED'), ('${ids.held}', 3, 'SUBMITTED', 'IN_DOUBT')`,
      ],
      check: 'in-doubt',
      says: /is IN_DOUBT since 50 h/,
      where: { reference: ids.heldReference },
    },
    {
      what: 'a transfer that waits for people',
      sql: [`UPDATE transfer SET state = 'REVIEW' WHERE id = '${ids.held}'`],
      check: 'in-doubt',
      says: /is REVIEW since \d+ min and waits for people/,
      where: { reference: ids.heldReference },
    },
    {
      what: 'a posting of more than was quoted',
      sql: [`UPDATE transfer_leg SET amount = 99999 WHERE transfer_id = '${ids.sent}' AND leg = 1`],
      check: 'posted-as-quoted',
      says: /was quoted a leg of 99999, and 100000 was posted/,
      where: { reference: ids.sentReference, entry: `${ids.sent}/1` },
    },
    {
      what: 'a posting of less than was quoted',
      sql: [`UPDATE transfer_leg SET amount = 100001 WHERE transfer_id = '${ids.sent}' AND leg = 1`],
      check: 'posted-in-part',
      says: /was quoted a leg of 100001, and only 100000 was posted/,
      where: { reference: ids.sentReference, entry: `${ids.sent}/1` },
    },
    {
      what: 'a fee that was quoted and not posted',
      sql: [`DELETE FROM entry WHERE journal_id = '${ids.sent}' AND leg = 3`],
      check: 'posted-in-part',
      says: /was quoted a leg of 170, and only 0 was posted/,
      where: { reference: ids.sentReference, entry: null },
    },
    {
      what: 'a posting to somebody else',
      sql: [
        `UPDATE transfer_leg SET credit = '${payer.wallet}', debit = '${payee.wallet}' WHERE transfer_id = '${ids.sent}' AND leg = 1`,
      ],
      check: 'posted-as-quoted',
      says: /was quoted a leg of 100000 between other accounts/,
      where: { reference: ids.sentReference },
    },
    {
      what: 'a settled transfer that was never posted',
      sql: [`DELETE FROM journal WHERE id = '${ids.sent}'`, `DELETE FROM entry WHERE journal_id = '${ids.sent}'`],
      check: 'posted-as-quoted',
      says: /is settled, but its leg 1 of 100000 was not posted/,
      where: { reference: ids.sentReference },
    },
    {
      what: 'an entry beside those that were quoted',
      sql: [`DELETE FROM transfer_leg WHERE transfer_id = '${ids.sent}' AND leg = 3`],
      check: 'posted-as-quoted',
      says: /has an entry of 170 that was never quoted/,
      where: { reference: ids.sentReference, entry: `${ids.sent}/3` },
    },
    {
      what: 'a journal of a transfer that was rejected',
      sql: [
        'ALTER TABLE journal DROP CONSTRAINT journal_of_transfer',
        `UPDATE journal SET transfer_id = '${ids.rejected}' WHERE id = '${ids.sent}'`,
      ],
      check: 'posted-as-quoted',
      says: /has a journal, but is REJECTED/,
      where: { reference: ids.rejectedReference },
    },
    {
      what: 'a state that history knows nothing of',
      sql: [`UPDATE transfer SET state = 'PENDING' WHERE id = '${ids.held}'`],
      check: 'transfer-states',
      says: /is PENDING, but its history ends with HELD/,
      where: { reference: ids.heldReference },
    },
    {
      what: 'an end that was left again',
      sql: [
        `INSERT INTO transfer_event (transfer_id, version, from_state, to_state) VALUES ('${ids.rejected}', 99, 'REJECTED', 'SETTLED')`,
        `UPDATE transfer SET state = 'SETTLED' WHERE id = '${ids.rejected}'`,
      ],
      check: 'transfer-states',
      says: /went from REJECTED to SETTLED/,
      where: { reference: ids.rejectedReference },
    },
    {
      what: 'a transfer without a history',
      sql: [`DELETE FROM transfer_event WHERE transfer_id = '${ids.held}'`],
      check: 'transfer-states',
      says: /has no history/,
      where: { reference: ids.heldReference },
    },
    {
      what: 'a reversal of more than was moved',
      sql: [
        `INSERT INTO journal (id, kind, reference, business_day, reversal_of)
         VALUES ('00000000-0000-7000-8000-000000000001', 'reversal', 'BACK', current_date, '${ids.sent}')`,
        `INSERT INTO entry SELECT '00000000-0000-7000-8000-000000000001', 1, credit, debit, currency, 101301, 90, 90, 0, 0
           FROM entry WHERE journal_id = '${ids.sent}' AND leg = 1`,
      ],
      check: 'reversals',
      says: /moved 101300, but 101301 of it was reversed/,
      where: { reference: ids.sentReference },
    },
    {
      what: 'a transfer called REVERSED that nothing reversed',
      sql: [`UPDATE transfer SET state = 'REVERSED' WHERE id = '${ids.sent}'`],
      check: 'reversals',
      says: /is REVERSED, but nothing reverses its journal/,
      where: { reference: ids.sentReference },
    },
    ...(
      [
        ['day_out', '0', /has counted 0 as day_out of \S+, but its transfers make 120000/, () => payer],
        ['month_out', '9', /has counted 9 as month_out of \S+-01, but its transfers make 120000/, () => payer],
        ['day_in', '8', /has counted 8 as day_in of \S+, but its transfers make 120000/, () => payee],
        ['month_in', '7', /has counted 7 as month_in of \S+-01, but its transfers make 120000/, () => payee],
      ] as const
    ).map(([column, value, says, whose]) => ({
      what: `a wrong ${column}`,
      sql: [
        `UPDATE account a SET day = t.business_day, month = date_trunc('month', t.business_day)::date, ${column} = ${value}
           FROM transfer t WHERE t.id = '${ids.sent}' AND a.id = '${whose().wallet}'`,
      ],
      check: 'limit-counters',
      says,
      where: { account: whose().wallet },
    })),
    {
      what: 'a pair that was counted wrongly',
      sql: [
        `UPDATE pair_counter c SET day_count = 1 FROM transfer t
          WHERE t.id = '${ids.sent}' AND c.payer_account = t.payer_account AND c.payee_account = t.payee_account`,
      ],
      check: 'pair-counters',
      says: /has counted 1 transfers of 120000 to account \S+ in the day of \S+, but there are 2 of 120000/,
      where: { account: payer.wallet },
    },
    {
      what: 'a pair whose month was counted wrongly',
      sql: [
        `UPDATE pair_counter c SET month_out = 119999 FROM transfer t
          WHERE t.id = '${ids.sent}' AND c.payer_account = t.payer_account AND c.payee_account = t.payee_account`,
      ],
      check: 'pair-counters',
      says: /has counted 2 transfers of 119999 to account \S+ in the month of \S+-01, but there are 2 of 120000/,
      where: { account: payer.wallet },
    },
    {
      what: 'a main wallet that leaves less room than its savings take',
      sql: [
        `INSERT INTO account (kind, owner_id, code, currency, floor, credits, debits) VALUES ('wallet', '${payer.id}', 'savings', 'KES', 0, 5, 0)`,
      ],
      check: 'savings',
      says: /leaves room for savings of 0, but they are 5/,
      where: { account: payer.wallet },
    },
    {
      what: 'two wallets that hold more than they may together',
      sql: [
        `INSERT INTO account (kind, owner_id, code, currency, floor, credits, debits) VALUES ('wallet', '${payee.id}', 'savings', 'KES', 0, 50000, 0)`,
        `UPDATE account SET aside = 50000, ceiling = 199999 WHERE id = '${payee.wallet}'`,
      ],
      check: 'savings',
      says: /holds 200000, and 20000 is on its way in, but its savings leave room for 199999/,
      where: { account: payee.wallet },
    },
    {
      what: 'savings that somebody else was paid from',
      sql: [
        `INSERT INTO account (id, kind, owner_id, code, currency, floor) VALUES ('00000000-0000-7000-8000-000000000003', 'wallet', '${payee.id}', 'savings', 'KES', 0)`,
        `UPDATE entry SET credit = '00000000-0000-7000-8000-000000000003' WHERE journal_id = '${ids.sent}' AND leg = 1`,
      ],
      check: 'own-only',
      says: /is between savings and an account that is not their owner’s main wallet/,
      where: { account: '00000000-0000-7000-8000-000000000003', entry: `${ids.sent}/1` },
    },
    {
      what: 'more e-money than there is in trust',
      sql: [
        `INSERT INTO account (id, kind, code, currency, debits, seq) SELECT gen_random_uuid(), 'fee_income', 'hole', 'KES', 2000, 0`,
        `UPDATE account SET credits = credits + 2000 WHERE id = '${payee.wallet}'`,
      ],
      check: 'e-money',
      says: /people own KES 6,007 and KES 0 is on its way, but the trust account has KES 6,000/,
      where: {},
    },
    {
      what: 'a bank that holds less than the books say',
      sql: [
        `INSERT INTO trust_statement (currency, as_of, balance, reference, recorded_by) VALUES
         ('KES', current_date + 1, 1, 'STATEMENT-0', 'x'), ('KES', current_date + 1, 599999, 'STATEMENT-1', 'x')`,
      ],
      check: 'bank',
      says: /the bank held KES 5,999.99 at the end of \S+; the books say KES 6,000, a difference of KES -0.01/,
      where: { reference: 'STATEMENT-1' },
    },
    {
      what: 'money in suspense for two days',
      sql: [
        `INSERT INTO account (id, kind, code, currency, credits, seq) VALUES ('00000000-0000-7000-8000-000000000002', 'suspense', '', 'KES', 5, 0)`,
      ],
      check: 'suspense',
      says: /keeps KES 0.05 in suspense/,
      where: { account: '00000000-0000-7000-8000-000000000002' },
    },
    {
      what: 'a closed day that is not what was signed',
      sql: [
        `INSERT INTO day_close (business_day, content, digest, key_id, signature, closed_by)
         VALUES ('2020-01-01', '{"day":"2020-01-01"}', '\\x00', '00000000', decode(repeat('00', 64), 'hex'), 'x')`,
      ],
      check: 'closed-days',
      says: /is not what was closed/,
      where: { reference: '2020-01-01' },
    },
  ]

  let right: LedgerWorld
  let superuser: Database
  beforeAll(async () => {
    right = await openWorld()
    await right.biller('city-power')
    await fill(right)
    superuser = openAsSuperuser(right)
  })
  afterAll(async () => {
    await superuser?.close()
    await right?.drop()
  })

  test.each(tamperings().map(({ what }) => what))('%s is found, and where', async (what) => {
    const { sql, check, says, where } = tamperings().find((each) => each.what === what) as Tampering
    const { found } = await undone(superuser, async (tx) => {
      await tx.query('SET LOCAL session_replication_role = replica')
      for (const statement of sql) await tx.query(statement)
      return proveSnapshot(tx, everything)
    })
    const result = found.find(({ name }) => name === check)
    expect(
      result?.findings.filter((finding) => says.test(finding.says)),
      JSON.stringify(found, null, 1),
    ).toEqual(expect.arrayContaining([expect.objectContaining(where)]))
  })

  test('no check is left without something planted for it', () => {
    const planted = new Set([...tamperings().map(({ check }) => check), 'closed-totals'])
    expect(checks.map(({ name }) => name).filter((name) => !planted.has(name))).toEqual([])
  })
})
