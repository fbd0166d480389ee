import { createServer, type Server } from 'node:http'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { FAKE_GSMA_KEY, type FakeGsma, startFakeGsma } from '../../scripts/fakes/gsma.ts'
import { listen } from '../../scripts/fakes/listen.ts'
import type { GsmaSettings } from '../../src/account-providers/gsma/settings.ts'
import { makeLinkableProviders } from '../../src/account-providers/registry.ts'
import { type AccountId, type SubscriberId, type TransferId, uuidv7 } from '../../src/domain/ids.ts'
import type { Msisdn } from '../../src/domain/msisdn.ts'
import { Secret } from '../../src/domain/secret.ts'
import { makeProviderLane } from '../../src/http/provider-callbacks.ts'
import { confirmFrom } from '../../src/ledger/confirm-from.ts'
import { readMoney } from '../../src/ledger/figures.ts'
import {
  chooseFirst,
  closeLinkedAccount,
  listLinkedAccounts,
  openLinkedAccount,
} from '../../src/ledger/linked-accounts.ts'
import { proveBalances, trialBalance } from '../../src/ledger/prove.ts'
import { OLD_AFTER_MS, proveLedger } from '../../src/ledger/prove-ledger.ts'
import { type Quote, quoteTransfer } from '../../src/ledger/quote.ts'
import { quoteLinked } from '../../src/ledger/quote-linked.ts'
import { balanceOf, miniStatement } from '../../src/ledger/statement.ts'
import { successorState } from '../../src/ledger/successor.ts'
import type { TransferFacts } from '../../src/ledger/transfer.ts'
import { makeAudit } from '../../src/security/audit.ts'
import { makeKey } from '../../src/security/keys.ts'
import { type Heard, type HearServices, hearCallback } from '../../src/settlement/hear-callback.ts'
import { type SettleServices, settleTransfer } from '../../src/settlement/settle-transfer.ts'
import { newTransferId, type Person, quoted } from '../ledger/world.ts'
import { openGate } from '../support/open-gate.ts'
import { openSettlementWorld, type SettlementWorld } from './world.ts'

const KEY = 'canary-callback-key'
/** Who has an account at the fake provider, with 3,000 and 500. */
const AMINA = '+254700000001' as Msisdn
const JUMA = '+254700000002' as Msisdn
const WAVE = { id: 'wave', name: 'Wave' }

let world: SettlementWorld
let fake: FakeGsma
let server: Server
let services: SettleServices
let hearing: HearServices
let amina: Person
let linked: AccountId
const heard: Heard[] = []
const rung: TransferId[] = []
const told: TransferFacts[] = []

beforeAll(async () => {
  world = await openSettlementWorld()
  fake = await startFakeGsma(0)
  server = createServer((request, response) => {
    if (!lane(request, response)) response.writeHead(404).end()
  })
  const callbackUrl = `http://127.0.0.1:${await listen(server, 0, '127.0.0.1')}`
  const settings: GsmaSettings = {
    ...{ ...WAVE, baseUrl: fake.url, clientId: 'nyota', apiKey: new Secret(FAKE_GSMA_KEY) },
    account: { type: 'organisationid', value: 'nyota' },
    flow: 'callback',
    callback: { url: callbackUrl, key: new Secret(KEY) },
    linkable: 'msisdn',
    timeoutMs: 2_000,
  }
  const found = makeLinkableProviders([settings])
  const { receipts } = world.services
  services = {
    ...world.services,
    linked: found,
    settlement: { ring: ({ id }) => void rung.push(id) },
    receipts: {
      ...receipts,
      settled: (tx, facts) => {
        told.push(facts)
        return receipts.settled(tx, facts)
      },
    },
  }
  hearing = {
    ...{ database: world.app, sealer: world.sealer, billers: new Map(), linked: found },
    settlement: { ring: () => undefined },
    events: { providerCalledBack: ({ outcome }) => void heard.push(outcome as Heard) },
  }
  const lane = makeProviderLane({
    keys: new Map([['wave', new Secret(KEY)]]),
    gate: openGate,
    hear: (from, reference, callback) => hearCallback(hearing, from, reference, callback),
    events: { callbackRefused: () => undefined, callbackFailed: ({ error }) => void world.failures.push(error) },
  })
  amina = await world.person(100_000n)
  linked = await link(amina, AMINA)
})
afterEach(async () => {
  fake.control({})
  await fake.quiet()
  heard.length = 0
  rung.length = 0
  told.length = 0
  await proved()
})
afterAll(async () => {
  await fake?.close()
  server?.closeAllConnections()
  server?.close()
  await world?.drop()
})

/** Nothing in the books is wrong, and what people have is backed by the trust account and by what the provider has of ours. */
async function proved(): Promise<void> {
  expect(await proveBalances(world.app)).toEqual([])
  expect((await trialBalance(world.app)).every(({ difference }) => difference === 0n)).toBe(true)
  const { found } = await proveLedger(world.app, { sinceLastClose: false, oldAfterMs: OLD_AFTER_MS })
  expect(found.filter(({ grade }) => grade === 'wrong')).toEqual([])
  const [money] = await readMoney(world.app)
  if (money === undefined) return
  expect(money.eMoney + money.inTransit + money.house).toBe(money.trust)
}

const link = ({ id }: { id: SubscriberId }, number: Msisdn): Promise<AccountId> =>
  world.app.transaction((tx) => openLinkedAccount(tx, world.sealer, { id, number }, WAVE, 'KES'))

async function quote(kind: 'collect' | 'disburse', amount: bigint, owner = amina, account = AMINA): Promise<Quote> {
  const request = { id: newTransferId(), atMs: Date.now(), ownerId: owner.id, kind, amount }
  return quoted(await quoteLinked(world.app, world.tariffs, { ...request, provider: { ...WAVE, account } }))
}

async function held(kind: 'collect' | 'disburse', amount: bigint): Promise<TransferId> {
  const wanted = await quote(kind, amount)
  expect((await world.hold(wanted)).kind).toBe('held')
  return wanted.id
}

const settle = (id: TransferId) => settleTransfer(services, id)
const wallet = (who = amina) => balanceOf(world.app, who.id)
const there = (number = AMINA): bigint => fake.account(number)?.balance ?? 0n
const movesOf = (id: TransferId) => fake.moves().filter(({ reference }) => reference === id)

/** What moved through us, by the account that stands for the one elsewhere: minus what came from there. */
async function through(account = linked): Promise<bigint> {
  const { rows } = await world.owner.query<{ balance: bigint }>(
    `SELECT credits - debits AS balance FROM account WHERE id = $1`,
    [account],
  )
  return rows[0]?.balance ?? 0n
}

async function casesOf(id: TransferId) {
  const { rows } = await world.owner.query(
    'SELECT partner, what, detail FROM provider_case WHERE transfer_id = $1 ORDER BY what',
    [id],
  )
  return rows
}

/** Until the provider has called back and settlement has asked. */
async function finish(id: TransferId): Promise<void> {
  await fake.quiet()
  await world.age(id, 10)
  await settle(id)
}

describe('money in and out', () => {
  test.each([
    ['collect', 5_000n, 5_000n],
    ['disburse', 7_000n, -7_000n],
  ] as const)(
    '%s moves it once, here and there, and is told with the balance of the wallet',
    async (kind, amount, change) => {
      const [before, elsewhere, ours] = [(await wallet()).available, there(), await through()]
      const id = await held(kind, amount)
      expect(await settle(id)).toEqual({ kind: 'moved', to: 'PENDING' })
      await finish(id)
      expect(await world.path(id)).toEqual(['HELD', 'SUBMITTED', 'PENDING', 'SETTLED'])
      expect((await wallet()).available).toBe(before + change)
      expect(there()).toBe(elsewhere - change)
      expect(await through()).toBe(ours - change)
      expect(movesOf(id)).toHaveLength(1)
      const [facts] = told
      expect(facts).toMatchObject({ kind, payee: { kind: 'linked', id: 'wave', account: AMINA } })
      expect(kind === 'collect' ? facts?.payeeAvailable : facts?.payerAvailable).toBe(before + change)
      expect(await settle(id)).toEqual({ kind: 'idle' })
      const [line] = await miniStatement(world.app, world.sealer, amina.id, 1)
      expect(line).toMatchObject({ direction: kind === 'collect' ? 'in' : 'out', amount, party: 'Wave' })
    },
  )

  test.each([
    ['collect', 'that the account there cannot pay', 20_000_000n, false],
    ['collect', 'that the provider does not want', 1_000n, true],
    ['disburse', 'that the provider does not want', 1_000n, true],
  ] as const)('a %s %s moves nothing', async (kind, _what, amount, refuse) => {
    const [before, elsewhere] = [await wallet(), there()]
    fake.control({ refuse })
    const id = await held(kind, amount)
    await settle(id)
    await finish(id)
    expect(await world.stateOf(id)).toBe('REJECTED')
    expect(await wallet()).toEqual(before)
    expect(there()).toBe(elsewhere)
    expect(await world.receipts(id)).toMatchObject([{ kind: 'rejected' }])
  })

  test.each([
    ['a silent provider', { silent: true }],
    ['a 5xx after success', { status5xxAfterSuccess: true }],
    ['an answer that is none', { garbage: true }],
  ])(
    '%s is asked by reference and paid once',
    async (_what, trouble) => {
      const [before, elsewhere] = [(await wallet()).available, there()]
      fake.control(trouble)
      const id = await held('collect', 1_000n)
      expect(await settle(id)).toMatchObject({ kind: 'moved', to: 'IN_DOUBT' })
      expect((await wallet()).available).toBe(before)
      fake.control({})
      await finish(id)
      expect(await world.stateOf(id)).toBe('SETTLED')
      expect((await wallet()).available).toBe(before + 1_000n)
      expect(there()).toBe(elsewhere - 1_000n)
      expect(movesOf(id)).toHaveLength(1)
    },
    20_000,
  )

  test('a provider that never saw it is asked twice, payment it is given back', async () => {
    const before = await wallet()
    fake.control({ unreachable: true })
    const id = await held('disburse', 2_000n)
    expect(await settle(id)).toMatchObject({ to: 'IN_DOUBT' })
    fake.control({})
    for (const seconds of [10, 100]) {
      await world.age(id, seconds)
      await settle(id)
    }
    expect(await world.stateOf(id)).toBe('REJECTED')
    expect(await wallet()).toEqual(before)
  })

  test('the same callback several times asks once and posts once', async () => {
    fake.control({ pending: true })
    const before = (await wallet()).available
    const id = await held('collect', 1_500n)
    await settle(id)
    fake.control({ callbacks: 4 })
    await fake.quiet()
    expect(heard.toSorted()).toEqual(['asked', 'repeated', 'repeated', 'repeated'])
    await Promise.all([settle(id), settle(id)])
    expect((await wallet()).available).toBe(before + 1_500n)
  })

  test.each([
    ['another amount', { wrongAmount: true }, 'content'],
    ['another party', { wrongParty: true }, 'content'],
    ['another correlation id', { wrongCorrelation: true }, 'correlation'],
  ])('a callback with %s opens a case and moves nothing', async (_what, trouble, detail) => {
    fake.control({ pending: true })
    const before = (await wallet()).available
    const id = await held('collect', 1_100n)
    await settle(id)
    fake.control(trouble)
    await fake.quiet()
    expect(heard).toEqual(['case'])
    expect(await casesOf(id)).toEqual([{ partner: 'wave', what: 'callback_mismatch', detail }])
    expect((await wallet()).available).toBe(before)
    fake.control({})
    await finish(id)
    expect((await wallet()).available).toBe(before + 1_100n)
  })

  test('a success told after the refusal opens a case and moves nothing', async () => {
    fake.control({ hidden: true })
    const id = await held('collect', 1_300n)
    await settle(id)
    for (const seconds of [10, 100]) {
      await world.age(id, seconds)
      await settle(id)
    }
    expect(await world.stateOf(id)).toBe('REJECTED')
    const before = await wallet()
    fake.control({ callbacks: 2 })
    await fake.quiet()
    expect(heard.toSorted()).toEqual(['case', 'repeated'])
    expect(await casesOf(id)).toEqual([{ partner: 'wave', what: 'done_after_refusal', detail: 'callback' }])
    expect(await wallet()).toEqual(before)
  }, 20_000)

  test('who has no account open there is quoted nothing', async () => {
    const nobody = await world.person(10_000n)
    const request = {
      id: newTransferId(),
      atMs: Date.now(),
      ownerId: nobody.id,
      kind: 'collect',
      amount: 100n,
    } as const
    const provider = { ...WAVE, account: JUMA }
    expect(await quoteLinked(world.app, world.tariffs, { ...request, provider })).toEqual({ kind: 'payee_unavailable' })
  })
})

describe('what the database holds', () => {
  test('no transfer but one that asks the provider touches an account elsewhere', async () => {
    const wanted = await quote('collect', 1_000n)
    const own = { ...wanted, id: newTransferId(), kind: 'own', biller: null } as const
    expect((await world.hold(own)).kind).toBe('held')
    await expect(world.app.query('SELECT ledger_post_all($1)', [[own.id]])).rejects.toThrow(/kept elsewhere/)
    await world.app.query(`SELECT ledger_void($1, 'test')`, [own.id])
  })

  test('a collect is not posted without the provider’s word, nor between other accounts', async () => {
    const id = await held('collect', 1_000n)
    await expect(world.app.query('SELECT ledger_post_all($1)', [[id]])).rejects.toThrow(/no partner said/)
    await world.app.query(`SELECT ledger_void($1, 'test')`, [id])
    const other = await quote('collect', 1_000n)
    const biller = { id: 'city-power', account: AMINA }
    await expect(world.hold({ ...other, biller })).rejects.toThrow(/not between a wallet and an account at city-power/)
  })

  test('an account with a transfer under way stays linked, and is linked again as the same', async () => {
    const id = await held('collect', 1_000n)
    const close = () => world.app.transaction((tx) => closeLinkedAccount(tx, amina.id, linked))
    expect(await close()).toBe('busy')
    await world.app.query(`SELECT ledger_void($1, 'test')`, [id])
    expect(await close()).toBe('closed')
    expect(await close()).toBe('none')
    expect(await link(amina, AMINA)).toBe(linked)
  })

  test('one can be first, it is sealed, and under another number it is nobody’s', async () => {
    const owner = { id: amina.id, number: AMINA }
    await chooseFirst(world.app, amina.id, linked)
    const list = (number: Msisdn) => listLinkedAccounts(world.app, world.sealer, { ...owner, number })
    expect(await list(AMINA)).toEqual([{ id: linked, provider: 'wave', number: AMINA, first: true }])
    expect(await list(JUMA)).toEqual([])
    await chooseFirst(world.app, amina.id, null)
    expect(await list(AMINA)).toMatchObject([{ first: false }])
    const { rows } = await world.owner.query<{ identifier: Buffer }>('SELECT identifier FROM linked_account')
    expect(rows.some(({ identifier }) => identifier.includes('254700'))).toBe(false)
  })
})

describe('paid from elsewhere', () => {
  let juma: Person
  beforeAll(async () => {
    juma = await world.person(0n)
  })
  const sealed = () => ({
    database: world.app,
    sealer: world.sealer,
    audit: makeAudit(makeKey(Buffer.alloc(32, 5)), world.sealer),
  })

  async function send(amount: bigint, payer = amina): Promise<{ collect: Quote; payment: Quote }> {
    const request = { id: newTransferId(), atMs: Date.now(), payerId: payer.id, amount, funded: true } as const
    const payee = { kind: 'subscriber', id: juma.id, name: 'Juma K.' } as const
    const payment = quoted(await quoteTransfer(world.app, world.tariffs, { ...request, payee }))
    const collect = await quote('collect', BigInt(payment.total), payer)
    expect(await confirmFrom(sealed(), { collect, payment, sessionId: uuidv7(), by: payer.id })).toMatchObject({
      kind: 'held',
    })
    return { collect, payment }
  }

  test('the send is held in the commit that settles the collect, and takes what came', async () => {
    const [before, got] = [await wallet(), (await wallet(juma)).available]
    const { collect, payment } = await send(10_000n)
    expect(await successorState(world.app, collect.id)).toBeNull()
    await settle(collect.id)
    await finish(collect.id)
    expect(await successorState(world.app, collect.id)).toMatchObject({ kind: 'held', id: payment.id })
    expect(rung).toEqual([payment.id])
    expect((await wallet()).available).toBe(before.available)
    expect(told).toMatchObject([{ id: collect.id }])
    expect(told[0]?.keptFrom).toBeUndefined()
    await settle(payment.id)
    expect((await wallet(juma)).available).toBe(got + 10_000n)
    expect(await wallet()).toEqual(before)
  })

  test('a crash after the collect’s commit loses nothing: the sweeper finds the send', async () => {
    const { collect, payment } = await send(1_000n)
    await settle(collect.id)
    await fake.quiet()
    await world.age(collect.id, 10)
    await settleTransfer({ ...services, settlement: { ring: () => undefined } }, collect.id)
    const { rows } = await world.owner.query<{ due: boolean }>(
      `SELECT state = 'HELD' AND ring_at IS NOT NULL AS due FROM transfer WHERE id = $1`,
      [payment.id],
    )
    expect(rows).toEqual([{ due: true }])
    await settle(payment.id)
    expect(await world.stateOf(payment.id)).toBe('SETTLED')
  })

  test('a crash before that commit leaves neither: both come with the next question', async () => {
    const before = await wallet()
    const { collect, payment } = await send(1_000n)
    await settle(collect.id)
    await fake.quiet()
    await world.age(collect.id, 10)
    const broken = {
      ...services,
      receipts: { ...services.receipts, settled: () => Promise.reject(new Error('killed')) },
    }
    await expect(settleTransfer(broken, collect.id)).rejects.toThrow('killed')
    expect(await wallet()).toMatchObject({ available: before.available })
    expect(await successorState(world.app, collect.id)).toBeNull()
    await world.age(collect.id, 10)
    await settle(collect.id)
    expect(await successorState(world.app, collect.id)).toMatchObject({ kind: 'held' })
    await settle(payment.id)
    expect(await world.stateOf(payment.id)).toBe('SETTLED')
  })

  test('where the collect is refused nothing of it moves', async () => {
    const before = await wallet()
    fake.control({ refuse: true })
    const { collect, payment } = await send(1_000n)
    await settle(collect.id)
    await finish(collect.id)
    expect(await world.stateOf(collect.id)).toBe('REJECTED')
    expect(await successorState(world.app, collect.id)).toBeNull()
    const { rows } = await world.owner.query('SELECT FROM transfer WHERE id = $1', [payment.id])
    expect(rows).toEqual([])
    expect(await wallet()).toEqual(before)
  })

  const change = (sql: string, id: string) => world.owner.query(sql, [id])
  test.each([
    ['the payee is gone', `status = 'closed'`, `status = 'open'`],
    ['the payee has no room', `ceiling = credits - debits`, `ceiling = 50000000`],
  ])('where %s the money stays in the wallet, and that is told', async (_what, trouble, well) => {
    const before = (await wallet()).available
    const { collect } = await send(2_000n)
    await settle(collect.id)
    await change(`UPDATE account SET ${trouble} WHERE id = $1`, juma.wallet)
    await finish(collect.id)
    await change(`UPDATE account SET ${well} WHERE id = $1`, juma.wallet)
    expect(await world.stateOf(collect.id)).toBe('SETTLED')
    expect(await successorState(world.app, collect.id)).toEqual({ kind: 'kept' })
    expect((await wallet()).available).toBe(before + BigInt(collect.amount))
    expect(told).toMatchObject([{ id: collect.id, keptFrom: 'Juma K.' }])
    expect(rung).toEqual([])
  })

  test('a payer who may not pay any more still gets what was collected', async () => {
    const payer = await world.person(0n)
    await link(payer, AMINA)
    const { collect } = await send(3_000n, payer)
    await settle(collect.id)
    await change(`UPDATE subscriber SET status = 'closed' WHERE id = $1`, payer.id)
    await finish(collect.id)
    expect(await world.stateOf(collect.id)).toBe('SETTLED')
    expect((await wallet(payer)).available).toBe(BigInt(collect.amount))
    expect(told).toMatchObject([{ keptFrom: 'Juma K.' }])
  })
})
