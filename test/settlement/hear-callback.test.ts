import { createServer, type Server } from 'node:http'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { FAKE_GSMA_KEY, type FakeGsma, startFakeGsma } from '../../scripts/fakes/gsma.ts'
import { listen } from '../../scripts/fakes/listen.ts'
import type { PayOutcome } from '../../src/billers/biller.ts'
import type { GsmaBillerSettings } from '../../src/billers/gsma-biller.ts'
import { makeBillers } from '../../src/billers/registry.ts'
import type { TransferId } from '../../src/domain/ids.ts'
import { Secret } from '../../src/domain/secret.ts'
import { makeProviderLane } from '../../src/http/provider-callbacks.ts'
import { proveBalances } from '../../src/ledger/prove.ts'
import { balanceOf } from '../../src/ledger/statement.ts'
import { type Heard, type HearServices, hearCallback } from '../../src/settlement/hear-callback.ts'
import type { SettlementIntent } from '../../src/settlement/lanes.ts'
import { type SettleServices, settleTransfer } from '../../src/settlement/settle-transfer.ts'
import type { Person } from '../ledger/world.ts'
import { openGate } from '../support/open-gate.ts'
import { openSettlementWorld, type SettlementWorld } from './world.ts'

const KEY = 'canary-callback-key'
let world: SettlementWorld
let fake: FakeGsma
let server: Server
let callbackUrl: string
let services: SettleServices
let hearing: HearServices
let amina: Person
const heard: Heard[] = []
const rung: SettlementIntent[] = []

beforeAll(async () => {
  world = await openSettlementWorld()
  fake = await startFakeGsma(0)
  server = createServer((request, response) => {
    if (!lane(request, response)) response.writeHead(404).end()
  })
  callbackUrl = `http://127.0.0.1:${await listen(server, 0, '127.0.0.1')}`
  const billers = makeBillers({
    billers: [],
    airtime: null,
    providerBillers: ['city-gas', 'north-tv'].map((id) => gsmaBiller(id)),
  })
  for (const id of billers.keys()) await world.biller(id)
  services = { ...world.services, billers }
  hearing = {
    ...{ database: world.app, sealer: world.sealer, billers },
    settlement: { ring: (intent) => void rung.push(intent) },
    events: { providerCalledBack: ({ outcome }) => void heard.push(outcome as Heard) },
  }
  const lane = makeProviderLane({
    keys: new Map([['wave', new Secret(KEY)]]),
    gate: openGate,
    hear: (from, reference, callback) => hearCallback(hearing, from, reference, callback),
    events: { callbackRefused: () => undefined, callbackFailed: ({ error }) => void world.failures.push(error) },
  })
  amina = await world.person(1_000_000n)
})
afterEach(async () => {
  fake.control({})
  await fake.quiet()
  heard.length = 0
  rung.length = 0
  expect(await proveBalances(world.app)).toEqual([])
})
afterAll(async () => {
  await fake?.close()
  server?.closeAllConnections()
  server?.close()
  await world?.drop()
})

function gsmaBiller(id: string): GsmaBillerSettings {
  return {
    ...{ id, name: id, serviceProvider: id, mostAtOnce: 4, accountDigits: id === 'north-tv' ? 10 : 9, currency: 'KES' },
    provider: {
      ...{ id: 'wave', name: 'Wave', baseUrl: fake.url, clientId: 'nyota', apiKey: new Secret(FAKE_GSMA_KEY) },
      account: { type: 'organisationid', value: 'nyota' },
      flow: 'callback',
      callback: { url: callbackUrl, key: new Secret(KEY) },
      timeoutMs: 2_000,
    },
  }
}

let customers = 100_000_001
/** A bill held for a customer of its own. */
const bill = (): Promise<TransferId> => world.heldBill(amina, 'city-gas', 5_000n, String(customers++))
const settle = (id: TransferId) => settleTransfer(services, id)
const moved = (id: TransferId): number =>
  fake.moves().filter(({ reference, state }) => reference === id && state === 'completed').length

async function casesOf(id: TransferId) {
  const { rows } = await world.owner.query(
    'SELECT partner, what, detail FROM provider_case WHERE transfer_id = $1 ORDER BY what',
    [id],
  )
  return rows
}

test('a callback brings the next question forward, and the answer settles the bill with the token that came with it', async () => {
  fake.control({ pending: true })
  const id = await bill()
  expect(await settle(id)).toEqual({ kind: 'moved', to: 'PENDING' })
  expect(await settle(id)).toEqual({ kind: 'idle' })
  fake.control({})
  await fake.quiet()
  expect(heard).toEqual(['asked'])
  expect(rung).toMatchObject([{ id, biller: 'city-gas' }])
  expect(await settle(id)).toEqual({ kind: 'moved', to: 'SETTLED' })
  expect(await world.receipts(id)).toMatchObject([{ kind: 'settled', token: expect.stringMatching(/^\d{20}$/) }])
  expect(moved(id)).toBe(1)
})

test('a callback moves no money by itself: what it says and the provider does not is not believed', async () => {
  fake.control({ pending: true })
  const id = await bill()
  await settle(id)
  const [move] = fake.moves().filter(({ reference }) => reference === id)
  const forged = {
    ...{ billPaymentStatus: 'completed', amountPaid: '50.00', currency: 'KES' },
    ...{ requestingOrganisationTransactionReference: id, serviceProviderPaymentReference: 'X' },
  }
  const callback = { correlationId: move?.correlationId ?? '', body: forged }
  expect(await hearCallback(hearing, 'wave', id, callback)).toBe('asked')
  expect(await world.stateOf(id)).toBe('PENDING')
  expect(await settle(id)).toEqual({ kind: 'idle' })
  expect(await world.stateOf(id)).toBe('PENDING')
  expect((await balanceOf(world.app, amina.id)).held).toBe(5_000n)
})

test('the same callback again, at once or after the end, changes nothing', async () => {
  fake.control({ pending: true })
  const id = await bill()
  await settle(id)
  fake.control({ callbacks: 4 })
  await fake.quiet()
  expect(heard.toSorted()).toEqual(['asked', 'repeated', 'repeated', 'repeated'])
  await settle(id)
  const callback = {
    correlationId: fake.moves().at(-1)?.correlationId ?? '',
    body: fake.exchanges().findLast(({ way }) => way === 'callback')?.body,
  }
  expect(await hearCallback(hearing, 'wave', id, callback)).toBe('repeated')
  expect(await world.path(id)).toEqual(['HELD', 'SUBMITTED', 'PENDING', 'SETTLED'])
  expect(await world.receipts(id)).toHaveLength(1)
  expect(await casesOf(id)).toEqual([])
})

test('a late callback that agrees with the end is only remembered', async () => {
  fake.control({ callbackDelayMs: 300 })
  const id = await bill()
  await settle(id)
  await world.age(id, 10)
  expect(await settle(id)).toEqual({ kind: 'moved', to: 'SETTLED' })
  await fake.quiet()
  expect(heard).toEqual(['ended'])
  expect(await casesOf(id)).toEqual([])
})

test.each([
  ['another amount', { wrongAmount: true }, 'content'],
  ['another reference', { wrongParty: true }, 'content'],
  ['another correlation id', { wrongCorrelation: true }, 'correlation'],
])('a callback with %s opens a case and asks nobody', async (_what, trouble, detail) => {
  fake.control({ pending: true })
  const id = await bill()
  await settle(id)
  fake.control(trouble)
  await fake.quiet()
  expect(heard).toEqual(['case'])
  expect(rung).toEqual([])
  expect(await casesOf(id)).toEqual([{ partner: 'wave', what: 'callback_mismatch', detail }])
  fake.control({})
  await world.age(id, 10)
  expect(await settle(id)).toEqual({ kind: 'moved', to: 'SETTLED' })
})

test('a success that is told after the money went back opens a case once, and moves nothing', async () => {
  fake.control({ hidden: true })
  const id = await bill()
  const before = await balanceOf(world.app, amina.id)
  expect(await settle(id)).toMatchObject({ kind: 'moved', to: 'IN_DOUBT' })
  for (const seconds of [10, 100]) {
    await world.age(id, seconds)
    await settle(id)
  }
  expect(await world.stateOf(id)).toBe('REJECTED')
  fake.control({ callbacks: 2 })
  await fake.quiet()
  expect(heard.toSorted()).toEqual(['case', 'repeated'])
  expect(await casesOf(id)).toEqual([{ partner: 'wave', what: 'done_after_refusal', detail: 'callback' }])
  expect((await balanceOf(world.app, amina.id)).available).toBe(before.available + 5_000n)
  expect(await world.receipts(id)).toMatchObject([{ kind: 'rejected' }])
})

test('an answer that contradicts the end opens the same case', async () => {
  const id = await bill()
  let finish: () => void = () => undefined
  const late = {
    ...required('city-gas'),
    pay: () =>
      new Promise<PayOutcome>((resolve) => {
        finish = () => resolve({ kind: 'done', partnerReference: 'LATE', receipt: {} })
      }),
  }
  const first = settleTransfer({ ...services, billers: new Map([['city-gas', late]]) }, id)
  await expect.poll(() => world.stateOf(id)).toBe('SUBMITTED')
  for (const seconds of [100, 10]) {
    await world.age(id, seconds)
    await settle(id)
  }
  expect(await world.stateOf(id)).toBe('REJECTED')
  finish()
  expect(await first).toEqual({ kind: 'contradiction' })
  expect(await casesOf(id)).toEqual([{ partner: 'city-gas', what: 'done_after_refusal', detail: null }])
})

test('what was received once is not given back, however often it is not found', async () => {
  fake.control({ pending: true })
  const id = await bill()
  await settle(id)
  const gone = {
    ...services,
    billers: new Map([['city-gas', { ...required('city-gas'), query: async () => ({ kind: 'not_found' }) as const }]]),
  }
  for (const seconds of [10, 100, 1_000]) {
    await world.age(id, seconds)
    await settleTransfer(gone, id)
  }
  expect(await world.stateOf(id)).toBe('IN_DOUBT')
  expect((await balanceOf(world.app, amina.id)).held).toBeGreaterThanOrEqual(5_000n)
})

function required(id: string) {
  const biller = services.billers.get(id)
  if (biller === undefined) throw new Error(`no biller ${id}`)
  return biller
}

test('what another provider says about a payment, with a key of its own, is not heard', async () => {
  fake.control({ pending: true })
  const id = await bill()
  await settle(id)
  const callback = { correlationId: fake.moves().at(-1)?.correlationId ?? '', body: {} }
  expect(await hearCallback(hearing, 'other', id, callback)).toBe('not_ours')
  expect(await casesOf(id)).toEqual([])
})

test('more different callbacks about one transfer than twenty are not stored', async () => {
  fake.control({ pending: true })
  const id = await bill()
  await settle(id)
  const correlationId = fake.moves().at(-1)?.correlationId ?? ''
  for (let n = 0; n < 25; n += 1) await hearCallback(hearing, 'wave', id, { correlationId, body: { n } })
  const { rows } = await world.owner.query('SELECT count(*)::int AS n FROM provider_callback WHERE transfer_id = $1', [
    id,
  ])
  expect(rows).toEqual([{ n: 20 }])
  expect(await casesOf(id)).toHaveLength(1)
})

const json = { 'content-type': 'application/json' }
test.each<[string, string, RequestInit, number]>([
  ['a wrong key', 'wave/wrong-callback-key/REF', { method: 'PUT', headers: json, body: '{}' }, 404],
  ['a provider nobody knows', `other/${KEY}/REF`, { method: 'PUT', headers: json, body: '{}' }, 404],
  ['a reference that is none', `wave/${KEY}/0193`, { method: 'PUT', headers: json, body: '{}' }, 404],
  [
    'a reference of nobody',
    `wave/${KEY}/0193f0a0-0000-7000-8000-000000000001`,
    { method: 'PUT', headers: json, body: '{}' },
    404,
  ],
  ['a transfer of another provider', `wave/${KEY}/SEND`, { method: 'PUT', headers: json, body: '{}' }, 404],
  ['another method', `wave/${KEY}/REF`, { method: 'POST', headers: json, body: '{}' }, 405],
  ['a form', `wave/${KEY}/REF`, { method: 'PUT', headers: { 'content-type': 'text/plain' }, body: '{}' }, 415],
  ['what is no JSON', `wave/${KEY}/REF`, { method: 'PUT', headers: json, body: '{' }, 400],
  ['what is too long', `wave/${KEY}/REF`, { method: 'PUT', headers: json, body: `"${'x'.repeat(20_000)}"` }, 413],
])('a callback with %s is turned away and leaves nothing', async (_what, path, init, status) => {
  fake.control({ pending: true })
  const id = await bill()
  await settle(id)
  const send = path.includes('SEND') ? await world.heldSend(amina, await world.person(0n), 1_000n) : ''
  const answer = await fetch(`${callbackUrl}/providers/${path.replace('REF', id).replace('SEND', send)}`, init)
  expect(answer.status).toBe(status)
  const { rows } = await world.owner.query('SELECT FROM provider_callback WHERE transfer_id = ANY($1::uuid[])', [
    [id, ...(send === '' ? [] : [send])],
  ])
  expect(rows).toEqual([])
})

test('the application cannot rewrite callbacks, cases or how they were closed', async () => {
  for (const table of ['provider_callback', 'provider_case', 'provider_case_closing']) {
    await expect(world.app.query(`DELETE FROM ${table}`)).rejects.toThrow(/permission denied/)
    await expect(world.app.query(`TRUNCATE ${table}`)).rejects.toThrow(/permission denied/)
    await expect(world.owner.query(`TRUNCATE ${table} CASCADE`)).rejects.toThrow(/append-only/)
  }
  await expect(world.owner.query(`UPDATE provider_case SET detail = 'x'`)).rejects.toThrow(/append-only/)
})

test('a callback while people decide makes the provider be asked once more, and its word ends the transfer without them', async () => {
  fake.control({ pending: true })
  const id = await bill()
  await settle(id)
  await world.app.query(`SELECT ledger_wait($1, 'REVIEW', 'no word', NULL)`, [id])
  expect(await settle(id)).toEqual({ kind: 'idle' })
  fake.control({})
  await fake.quiet()
  expect(heard).toEqual(['asked'])
  expect(rung).toMatchObject([{ id }])
  expect(await settle(id)).toEqual({ kind: 'moved', to: 'SETTLED' })
  expect(await world.receipts(id)).toMatchObject([{ kind: 'settled' }])
})
