import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { GsmaTrouble } from '../../scripts/fakes/gsma/trouble.ts'
import { FAKE_GSMA_KEY, type FakeGsma, startFakeGsma } from '../../scripts/fakes/gsma.ts'
import type {
  MoveOutcome,
  RemoteProvider,
  QueryOutcome as ReversalOutcome,
} from '../../src/account-providers/account-provider.ts'
import type { GsmaSettings } from '../../src/account-providers/gsma/settings.ts'
import { makeLinkableProviders } from '../../src/account-providers/registry.ts'
import type { Biller } from '../../src/billers/biller.ts'
import { makeBillers } from '../../src/billers/registry.ts'
import type { TransferId } from '../../src/domain/ids.ts'
import type { Msisdn } from '../../src/domain/msisdn.ts'
import { Secret } from '../../src/domain/secret.ts'
import { recordDecision } from '../../src/ledger/decision.ts'
import { openLinkedAccount } from '../../src/ledger/linked-accounts.ts'
import { proveBalances } from '../../src/ledger/prove.ts'
import { quoteLinked } from '../../src/ledger/quote-linked.ts'
import { readTransfer } from '../../src/ledger/transfer.ts'
import { voidTransfer } from '../../src/ledger/void.ts'
import { askReversals, type ReversalServices } from '../../src/settlement/ask-reversals.ts'
import { closeCase, listOpenCases, type OpenCase, openCase, type PartnerCase } from '../../src/settlement/cases.ts'
import { endDecided } from '../../src/settlement/end-decided.ts'
import { partnerOf } from '../../src/settlement/partner-call.ts'
import {
  beginStep,
  decideReversal,
  type ReversalDecisionOutcome,
  sayAbilities,
} from '../../src/settlement/provider-reversals.ts'
import { settleTransfer } from '../../src/settlement/settle-transfer.ts'
import { newTransferId, type Person, quoted } from '../ledger/world.ts'
import { openSettlementWorld, type SettlementWorld } from './world.ts'

let world: SettlementWorld
let fake: FakeGsma
let cityGas: Biller
let linked: ReadonlyMap<string, RemoteProvider>
let services: ReversalServices
let amina: Person

beforeAll(async () => {
  world = await openSettlementWorld()
  fake = await startFakeGsma(0)
  const wave: GsmaSettings = {
    ...{ id: 'wave', name: 'Wave', baseUrl: fake.url, clientId: 'nyota', apiKey: new Secret(FAKE_GSMA_KEY) },
    account: { type: 'organisationid', value: 'nyota' },
    ...{ flow: 'sync', callback: null, linkable: 'msisdn', timeoutMs: 400 },
  }
  linked = makeLinkableProviders([wave])
  const billers = makeBillers({
    billers: [],
    airtime: {
      ...{
        username: 'sandbox',
        apiKey: new Secret('x'),
        baseUrl: 'http://127.0.0.1:9',
        name: 'Airtime',
        currency: 'KES',
      },
      ...{ least: 500n, most: 100_000n, timeoutMs: 400, mostAtOnce: 4 },
    },
    providerBillers: [
      {
        ...{
          id: 'city-gas',
          name: 'City Gas',
          serviceProvider: 'city-gas',
          mostAtOnce: 4,
          accountDigits: 9,
          currency: 'KES',
        },
        provider: wave,
      },
    ],
  })
  const all = new Map([...world.services.billers, ...billers])
  for (const id of ['city-gas', 'airtime']) await world.biller(id)
  await sayAbilities(world.app, { billers: all, linked })
  services = { ...world.services, billers: all, patience: { ...world.services.patience, delaysMs: [], thenMs: 0 } }
  const found = all.get('city-gas')
  if (found === undefined) throw new Error('no City Gas')
  cityGas = found
  amina = await world.person(10_000_000n)
})
afterEach(async () => {
  fake.control({})
  world.failures.length = 0
  expect(await proveBalances(world.app)).toEqual([])
})
afterAll(async () => {
  await fake?.close()
  await world?.drop()
})

let customers = 100_000_001

type PaidThere = { readonly id: TransferId; readonly caseId: string }

/** A bill of 50 shillings that was given back here, and that City Gas was paid nevertheless. */
async function paidThere(): Promise<PaidThere> {
  const account = String(customers++)
  const { id, caseId } = await givenBack('city-gas', account)
  const paid = await cityGas.pay({ reference: id, account, amount: 5_000n, currency: 'KES' })
  expect(paid).toMatchObject({ kind: 'done' })
  return { id, caseId }
}

async function givenBack(biller: string, account?: string): Promise<PaidThere> {
  const id = await world.heldBill(amina, biller, 5_000n, account)
  await world.app.transaction((tx) => voidTransfer(tx, id, 'never submitted'))
  return { id, caseId: await opened(id, 'done_after_refusal') }
}

async function opened(id: TransferId, what: PartnerCase): Promise<string> {
  await openCase(world.app, { transferId: id, partner: 'wave', what, detail: null })
  const { rows } = await world.owner.query<{ id: string }>('SELECT id FROM provider_case WHERE transfer_id = $1', [id])
  return rows[0]?.id ?? ''
}

const say = (caseId: string, officer: string): Promise<ReversalDecisionOutcome> =>
  world.app.transaction((tx) => decideReversal(tx, { caseId, officer, note: 'on their statement' }))

async function decided(): Promise<PaidThere> {
  const paid = await paidThere()
  expect(await say(paid.caseId, 'grace')).toMatchObject({ kind: 'recorded', agreed: 1 })
  expect(await say(paid.caseId, 'otieno')).toMatchObject({ kind: 'recorded', agreed: 2 })
  return paid
}

/** City Gas, whose provider gets into trouble once it has said what became of the payment. */
const inTrouble = (trouble: GsmaTrouble): ReversalServices =>
  withCityGas({
    query: async (payment) => {
      const said = await cityGas.query(payment)
      fake.control(trouble)
      return said
    },
  })

function withCityGas(part: Partial<Biller>): ReversalServices {
  return { ...services, billers: new Map([...services.billers, ['city-gas', { ...cityGas, ...part }]]) }
}

const open = async (caseId: string): Promise<OpenCase | undefined> =>
  (await listOpenCases(world.app)).find(({ id }) => id === caseId)

async function stateOf(caseId: string): Promise<string | undefined> {
  const { rows } = await world.owner.query<{ state: string }>(
    'SELECT state FROM provider_reversal WHERE case_id = $1',
    [caseId],
  )
  return rows[0]?.state
}

async function closingOf(caseId: string) {
  const { rows } = await world.owner.query('SELECT by, note FROM provider_case_closing WHERE case_id = $1', [caseId])
  return rows
}

/** What reached the provider's books about taking back this payment, and how often it was asked to. */
function there(id: TransferId): { readonly asked: number; readonly takenBack: number; readonly original: string } {
  const original = fake.moves().find(({ reference }) => reference === id)?.transactionReference ?? ''
  const posts = fake
    .exchanges()
    .filter(({ path, method }) => method === 'POST' && path.endsWith(`${original}/reversals`))
  const done = fake.moves().filter((move) => move.original === original && move.state === 'completed')
  return { asked: posts.length, takenBack: done.length, original }
}

/** As if whoever was asking had been silent for so long that another may. */
async function giveUpWaiting(caseId: string): Promise<void> {
  await world.owner.transaction(async (tx) => {
    await tx.query('ALTER TABLE provider_reversal_attempt DISABLE TRIGGER USER')
    await tx.query(
      `UPDATE provider_reversal_attempt SET busy_until = busy_until - interval '1 minute' WHERE case_id = $1`,
      [caseId],
    )
    await tx.query('ALTER TABLE provider_reversal_attempt ENABLE TRIGGER USER')
  })
}

async function books() {
  const { rows } =
    await world.owner.query(`SELECT (SELECT count(*) FROM journal)::int AS journals, (SELECT count(*) FROM entry)::int AS entries,
    (SELECT count(*) FROM transfer_event)::int AS moves, (SELECT jsonb_agg(to_jsonb(a) ORDER BY a.id) FROM account a) AS accounts`)
  return rows[0]
}

describe('a payment that was given back here and done there', () => {
  test('is taken back there when two officers say so: asked once, the case closed with a note, no account of ours touched', async () => {
    const { id, caseId } = await decided()
    const before = await books()
    await askReversals(services)
    const { asked, takenBack, original } = there(id)
    expect([asked, takenBack, await stateOf(caseId)]).toEqual([1, 1, 'done'])
    const taking = fake.moves().find((move) => move.original === original)
    expect(taking).toMatchObject({ amount: '50.00', currency: 'KES' })
    expect(await closingOf(caseId)).toEqual([
      { by: 'nyota', note: `The partner took the payment back: ${taking?.transactionReference}` },
    ])
    expect(await open(caseId)).toBeUndefined()
    expect([await books(), await world.stateOf(id)]).toEqual([before, 'REJECTED'])
    await askReversals(services)
    expect(there(id)).toMatchObject({ asked: 1, takenBack: 1 })
  })

  test('is the one that officers gave back after its provider had said that it was being decided', async () => {
    const id = await world.heldBill(amina, 'city-gas', 5_000n, String(customers++))
    fake.control({ pending: true })
    await settleTransfer({ ...world.services, billers: services.billers }, id)
    await world.app.query(`SELECT ledger_wait($1, 'REVIEW', 'no word', NULL)`, [id])
    const { rows } = await world.owner.query<{ reference: string }>('SELECT reference FROM transfer WHERE id = $1', [
      id,
    ])
    const review = { reference: rows[0]?.reference ?? '', reason: 'letter 17', partnerReference: null, token: null }
    for (const officer of ['grace', 'otieno']) {
      await recordDecision(world.app, world.sealer, { ...review, officer, says: 'give_back' })
    }
    await endDecided({ ...world.services, billers: services.billers })
    expect(await world.stateOf(id)).toBe('REJECTED')
    fake.control({})
    const caseId = await opened(id, 'done_after_refusal')
    for (const officer of ['grace', 'otieno']) await say(caseId, officer)
    const looked: (string | null | undefined)[] = []
    const query: Biller['query'] = (payment) => {
      looked.push(payment.partnerReference)
      return cityGas.query(payment)
    }
    const before = await books()
    await askReversals(withCityGas({ query }))
    expect(looked).toEqual([expect.stringMatching(/^\/requeststates\//)])
    expect([there(id).asked, there(id).takenBack, await stateOf(caseId)]).toEqual([1, 1, 'done'])
    expect([await books(), await world.stateOf(id)]).toEqual([before, 'REJECTED'])
  })

  test('has every deed on record for the audit log', async () => {
    const { caseId } = await decided()
    await askReversals(services)
    const { rows } = await world.owner.query<{ action: string; actor: string }>(
      'SELECT action, actor FROM operator_event WHERE subject = $1 ORDER BY xid, at',
      [caseId],
    )
    expect(rows.map(({ action }) => action).sort()).toEqual([
      ...['case.closed', 'provider_reversal.answered', 'provider_reversal.asked'],
      ...['provider_reversal.decided', 'provider_reversal.decided'],
    ])
    const officers = rows.filter(({ action }) => action === 'provider_reversal.decided').map(({ actor }) => actor)
    expect(officers).toEqual(['grace', 'otieno'])
  })

  test('is not asked for by one officer, however often', async () => {
    const { id, caseId } = await paidThere()
    await say(caseId, 'grace')
    expect(await say(caseId, 'grace')).toEqual({ kind: 'repeated' })
    const both = await Promise.all([say(caseId, 'grace'), say(caseId, 'grace')])
    expect(both).toEqual([{ kind: 'repeated' }, { kind: 'repeated' }])
    await askReversals(services)
    expect(there(id)).toMatchObject({ asked: 0 })
    expect((await open(caseId))?.reversal).toMatchObject({ state: 'proposed', officers: ['grace'], dueAt: null })
  })

  test('is decided by two, and a third is told so', async () => {
    const { caseId } = await decided()
    expect(await say(caseId, 'grace')).toEqual({ kind: 'repeated' })
    expect(await say(caseId, 'njeri')).toEqual({ kind: 'decided' })
    expect((await open(caseId))?.reversal).toMatchObject({ state: 'decided', officers: ['grace', 'otieno'] })
    await askReversals(services)
    expect(await say(caseId, 'njeri')).toEqual({ kind: 'closed' })
  })

  test('is asked for once by many workers at the same moment', async () => {
    const { id, caseId } = await decided()
    await Promise.all(Array.from({ length: 5 }, () => askReversals(services)))
    expect([there(id).asked, await stateOf(caseId)]).toEqual([1, 'done'])
    expect(world.failures).toEqual([])
  })

  test.each<[string, GsmaTrouble, 'unknown' | 'pending', takenBack: number]>([
    ['a slow answer', { delayMs: 700 }, 'unknown', 1],
    ['silence after it was done', { silent: true }, 'unknown', 1],
    ['503 after it was done', { status5xxAfterSuccess: true }, 'unknown', 1],
    ['an answer that is no JSON', { garbage: true }, 'unknown', 1],
    ['an answer about another amount', { wrongAmount: true }, 'unknown', 1],
    ['an answer about another reference', { wrongParty: true }, 'unknown', 1],
    ['an answer that it is being decided', { pending: true }, 'pending', 0],
    ['an answer where to ask', { polling: true }, 'pending', 1],
    ['silence, and nothing to be found for a while', { hidden: true }, 'unknown', 0],
  ])('%s is on record and asked about by reference, never sent again', async (_what, trouble, state, takenBack) => {
    const { id, caseId } = await decided()
    await askReversals(inTrouble(trouble))
    expect(there(id)).toMatchObject({ asked: 1, takenBack })
    const { original } = there(id)
    expect((await open(caseId))?.reversal).toMatchObject({ state, original, officers: ['grace', 'otieno'] })
    if (state === 'unknown') {
      await askReversals(services)
      expect(there(id)).toMatchObject({ asked: 1 })
    }
    fake.control({})
    await askReversals(services)
    await askReversals(services)
    expect([await stateOf(caseId), there(id).asked, there(id).takenBack]).toEqual(['done', 1, 1])
    expect(await closingOf(caseId)).toMatchObject([{ by: 'nyota' }])
  })

  test('is asked about with growing patience', async () => {
    const { id, caseId } = await decided()
    const patience = { ...services.patience, delaysMs: [0, 60_000], thenMs: 3_600_000 }
    await askReversals({ ...inTrouble({ silent: true }), patience })
    const queries = (): number => fake.exchanges().filter(({ method }) => method === 'GET').length
    const before = queries()
    await askReversals({ ...services, patience })
    expect([queries(), there(id).asked]).toEqual([before, 1])
    const dueInMs = Date.parse((await open(caseId))?.reversal?.dueAt ?? '') - Date.now()
    expect(dueInMs).toBeGreaterThan(30_000)
    expect(dueInMs).toBeLessThan(90_000)
  })

  test('that the provider will not take back stays open and says so, and is not asked for again', async () => {
    const { id, caseId } = await decided()
    await askReversals(inTrouble({ refuse: true }))
    fake.control({})
    await askReversals(services)
    expect(there(id)).toMatchObject({ asked: 1, takenBack: 0 })
    const reversal = { state: 'refused', cause: 'requestDeclined', dueAt: null }
    expect(await open(caseId)).toMatchObject({ id: caseId, reversal })
    expect(await say(caseId, 'njeri')).toEqual({ kind: 'decided' })
  })

  test('of which the request never arrived stays open without a definite answer, and is never sent again', async () => {
    const { id, caseId } = await decided()
    await askReversals(inTrouble({ unreachable: true }))
    fake.control({})
    for (let round = 0; round < 4; round += 1) await askReversals(services)
    expect(there(id)).toMatchObject({ asked: 0, takenBack: 0 })
    expect((await open(caseId))?.reversal).toMatchObject({ state: 'unknown', cause: 'not found there' })
  })

  test('that the provider says now was not done is not asked to be taken back', async () => {
    const { id, caseId } = await decided()
    await askReversals(withCityGas({ query: async () => ({ kind: 'refused', reason: 'requestDeclined' }) }))
    expect(there(id)).toMatchObject({ asked: 0 })
    expect((await open(caseId))?.reversal).toMatchObject({ state: 'refused', reference: null })
  })

  test('waits until the provider can say what became of the payment, before anything is sent', async () => {
    const { id, caseId } = await decided()
    fake.control({ unreachable: true })
    await askReversals(services)
    expect((await open(caseId))?.reversal).toMatchObject({ state: 'decided', attempts: 1 })
    fake.control({})
    await askReversals(services)
    expect([there(id).asked, await stateOf(caseId)]).toEqual([1, 'done'])
  })

  test('is taken back once when its worker dies between the request and the answer', async () => {
    const { id, caseId } = await decided()
    const { reversals } = cityGas
    if (reversals === undefined) throw new Error('City Gas takes nothing back')
    let sent = false
    const dying: Biller['reversals'] = {
      ...reversals,
      reverse: async (reversal) => {
        await reversals.reverse(reversal)
        sent = true
        return new Promise<MoveOutcome>(() => undefined)
      },
    }
    void askReversals(withCityGas({ reversals: dying }))
    await expect.poll(() => sent).toBe(true)
    expect(await stateOf(caseId)).toBe('asked')
    await askReversals(services)
    expect(there(id)).toMatchObject({ asked: 1 })
    await giveUpWaiting(caseId)
    await askReversals(services)
    expect([await stateOf(caseId), there(id).asked, there(id).takenBack]).toEqual(['done', 1, 1])
  })

  test('whose request is known there already is not taken back twice', async () => {
    const { id, caseId } = await decided()
    const { reversals } = cityGas
    if (reversals === undefined) throw new Error('City Gas takes nothing back')
    const twice: Biller['reversals'] = {
      ...reversals,
      reverse: async (reversal) => {
        await reversals.reverse(reversal)
        return reversals.reverse(reversal)
      },
    }
    await askReversals(withCityGas({ reversals: twice }))
    expect(await stateOf(caseId)).toBe('pending')
    await askReversals(services)
    expect([await stateOf(caseId), there(id).takenBack]).toEqual(['done', 1])
  })

  test('is not asked about any more once people have closed its case', async () => {
    const { id, caseId } = await decided()
    await closeCase(world.app, { id: caseId, by: 'grace', note: 'they sent it back by themselves' })
    await askReversals(services)
    expect(there(id)).toMatchObject({ asked: 0 })
    expect(await closingOf(caseId)).toMatchObject([{ by: 'grace' }])
  })

  test('whose connector throws was perhaps received, and the others are asked for all the same', async () => {
    const [first, second] = [await decided(), await decided()]
    let calls = 0
    const { reversals } = cityGas
    if (reversals === undefined) throw new Error('City Gas takes nothing back')
    const thrower: Biller['reversals'] = {
      ...reversals,
      reverse: (reversal) => {
        calls += 1
        if (calls === 1) throw new Error('a fault')
        return reversals.reverse(reversal)
      },
    }
    await askReversals(withCityGas({ reversals: thrower }))
    expect(await stateOf(first.caseId)).toBe('unknown')
    expect(await stateOf(second.caseId)).toBe('done')
  })
})

test.each([
  ['collect', 100_000n],
  ['disburse', 100_000n],
] as const)(
  "a %s from or to a person's own account there is taken back whole, and both sides are as before",
  async (kind, amount) => {
    const wave = linked.get('wave')
    if (wave === undefined) throw new Error('no Wave')
    const owner = await world.person(200_000n)
    const number = '+254700000001' as Msisdn
    await world.app.transaction((tx) =>
      openLinkedAccount(tx, world.sealer, { id: owner.id, number }, { id: 'wave', name: 'Wave' }, 'KES'),
    )
    const provider = { id: 'wave', name: 'Wave', account: number }
    const request = { id: newTransferId(), atMs: Date.now(), ownerId: owner.id, kind, amount, provider }
    const quote = quoted(await quoteLinked(world.app, world.tariffs, request))
    await world.hold(quote)
    await world.app.transaction((tx) => voidTransfer(tx, quote.id, 'never submitted'))
    const caseId = await opened(quote.id, 'done_after_refusal')
    const transfer = await readTransfer(world.app, world.sealer, quote.id)
    const call = transfer === null ? null : partnerOf({ billers: new Map(), linked }, transfer)
    const had = fake.account(number)?.balance
    expect(await call?.pay()).toMatchObject({ kind: 'done' })
    expect(fake.account(number)?.balance).not.toBe(had)
    for (const officer of ['grace', 'otieno']) await say(caseId, officer)
    const before = await books()
    await askReversals({ ...services, linked })
    expect([await stateOf(caseId), there(quote.id).asked, fake.account(number)?.balance]).toEqual(['done', 1, had])
    expect(await books()).toEqual(before)
  },
)

describe('an officer is told at once', () => {
  test.each(['city-power', 'airtime'])('that %s cannot be asked', async (partner) => {
    const { caseId } = await givenBack(partner, partner === 'airtime' ? '+254700000009' : undefined)
    expect(await say(caseId, 'grace')).toEqual({ kind: 'cannot', partner })
    await world.owner.query(`DELETE FROM partner_ability WHERE partner = $1`, [partner])
    expect(await say(caseId, 'grace')).toEqual({ kind: 'unknown_partner', partner })
  })

  test('that the money was not given back, that it is another case, or none', async () => {
    const held = await world.heldBill(amina, 'city-gas', 5_000n, String(customers++))
    const caseId = await opened(held, 'done_after_refusal')
    expect(await say(caseId, 'grace')).toEqual({ kind: 'not_given_back', state: 'HELD' })
    const other = await opened(
      await world.heldBill(amina, 'city-gas', 5_000n, String(customers++)),
      'callback_mismatch',
    )
    expect(await say(other, 'grace')).toEqual({ kind: 'other_case', what: 'callback_mismatch' })
    expect(await say('0193f0a0-0000-7000-8000-000000000001', 'grace')).toEqual({ kind: 'not_found' })
  })
})

describe('the database by itself', () => {
  const insert = (caseId: string, officer: string) =>
    world.app.query(`INSERT INTO provider_reversal_decision (case_id, officer, note) VALUES ($1, $2, 'because')`, [
      caseId,
      officer,
    ])

  test('takes no decision about a case that is closed, another, or whose money was not given back', async () => {
    const { caseId } = await paidThere()
    await closeCase(world.app, { id: caseId, by: 'grace', note: 'by hand' })
    const held = await world.heldBill(amina, 'city-gas', 5_000n, String(customers++))
    for (const each of [caseId, await opened(held, 'done_after_refusal')]) {
      await expect(insert(each, 'grace')).rejects.toMatchObject({ code: 'LG003' })
    }
  })

  test('begins nothing without two officers, and lets nobody forge an attempt or an answer', async () => {
    const { caseId } = await paidThere()
    await insert(caseId, 'grace')
    await expect(insert(caseId, 'grace')).rejects.toMatchObject({ code: '23505' })
    expect(await beginStep(world.app, caseId, 1_000)).toBeNull()
    for (const sql of [
      `INSERT INTO provider_reversal_attempt (case_id, attempt, action, busy_until) VALUES ('${caseId}', 1, 'look', now())`,
      `INSERT INTO provider_reversal_answer (case_id, attempt, outcome) VALUES ('${caseId}', 1, 'done')`,
    ]) {
      await expect(world.app.query(sql)).rejects.toMatchObject({ code: '42501' })
    }
    await expect(
      world.app.query(`SELECT provider_reversal_record($1, 1, 'done', NULL, NULL, NULL)`, [caseId]),
    ).rejects.toMatchObject({ code: '23503' })
    expect(await closingOf(caseId)).toEqual([])
  })

  test('asks to take back once for each case, whoever writes the attempt', async () => {
    const { caseId } = await decided()
    await askReversals(services)
    await expect(
      world.owner.query(
        `INSERT INTO provider_reversal_attempt SELECT case_id, attempt + 9, action, gen_random_uuid(), original, now(), now()
           FROM provider_reversal_attempt WHERE case_id = $1 AND action = 'reverse'`,
        [caseId],
      ),
    ).rejects.toMatchObject({ code: '23505' })
  })

  test('rewrites none of it', async () => {
    for (const table of ['provider_reversal_decision', 'provider_reversal_attempt', 'provider_reversal_answer']) {
      await expect(world.app.query(`DELETE FROM ${table}`)).rejects.toThrow(/permission denied/)
      await expect(world.owner.query(`DELETE FROM ${table}`)).rejects.toThrow(/append-only/)
      await expect(world.owner.query(`TRUNCATE ${table} CASCADE`)).rejects.toThrow(/append-only/)
    }
  })
})

type Word = 'done' | 'refused' | 'pending' | 'unknown' | 'not_found' | 'throws'

function answerOf(word: Word): ReversalOutcome {
  switch (word) {
    case 'done':
      return { kind: word, partnerReference: 'MM2' }
    case 'refused':
      return { kind: word, reason: 'requestDeclined' }
    case 'unknown':
      return { kind: word, cause: 'http 503' }
    case 'pending':
    case 'not_found':
      return { kind: word }
    case 'throws':
      throw new Error('a fault')
  }
}

test('whatever is answered in whatever order, it is sent once, and closed by itself exactly when the partner took it back', async () => {
  const words = fc.array(fc.constantFrom<Word>('done', 'refused', 'pending', 'unknown', 'not_found', 'throws'), {
    minLength: 1,
    maxLength: 6,
  })
  await fc.assert(
    fc.asyncProperty(words, async (said) => {
      for (const { id } of await listOpenCases(world.app)) await closeCase(world.app, { id, by: 'grace', note: 'old' })
      const { caseId } = await givenBack('city-gas', String(customers++))
      await say(caseId, 'grace')
      await say(caseId, 'otieno')
      const sent: string[] = []
      const left = [...said]
      const next = async (how: string, reference: string): Promise<ReversalOutcome> => {
        sent.push(`${how} ${reference}`)
        return answerOf(left.shift() ?? 'unknown')
      }
      const scripted = withCityGas({
        query: async () => ({ kind: 'done', partnerReference: 'MM1', receipt: {} }),
        reversals: {
          reverse: async ({ reference }) => (await next('reverse', reference)) as MoveOutcome,
          query: ({ reference }) => next('query', reference),
        },
      })
      for (const _ of said) await Promise.all([askReversals(scripted), askReversals(scripted)])
      const end = said.findIndex((word) => word === 'done' || word === 'refused')
      expect(sent.map((each) => each.split(' ')[0])).toEqual(sent.map((_, at) => (at === 0 ? 'reverse' : 'query')))
      expect(new Set(sent.map((each) => each.split(' ')[1])).size).toBe(1)
      if (end >= 0) expect(sent).toHaveLength(end + 1)
      expect(await closingOf(caseId)).toHaveLength(said[end] === 'done' ? 1 : 0)
    }),
    { numRuns: 25 },
  )
})
