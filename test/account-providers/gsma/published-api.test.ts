import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { GsmaTrouble } from '../../../scripts/fakes/gsma/trouble.ts'
import type { Exchange } from '../../../scripts/fakes/gsma.ts'
import type { RemoteAccount, RemoteProvider } from '../../../src/account-providers/account-provider.ts'
import { makeGsmaProvider } from '../../../src/account-providers/gsma/provider.ts'
import type { Biller } from '../../../src/billers/biller.ts'
import { makeGsmaBiller } from '../../../src/billers/gsma-biller.ts'
import { readOpenApi } from '../../support/open-api.ts'
import { type GsmaWorld, movementOf, newReference, openGsmaWorld } from './world.ts'

const api = readOpenApi('test/contracts/gsma-mmapi/mobile-money-api-specification-1.2.0-master_0.yaml')
const BASE = '/mm'
const amina: RemoteAccount = { type: 'msisdn', value: '+254700000001' }

let world: GsmaWorld
let provider: RemoteProvider
let biller: Biller
beforeAll(async () => {
  world = await openGsmaWorld()
  provider = makeGsmaProvider(world.settings('callback'))
  const settings = { id: 'city-gas', name: 'City Gas', accountDigits: 9, serviceProvider: 'city-gas' } as const
  biller = makeGsmaBiller({ ...settings, mostAtOnce: 4, currency: 'KES', provider: world.settings('callback') })
})
beforeEach(() => world.fake.control({}))
afterAll(() => world?.close())

const payment = (account: string) => ({ reference: newReference(), account, amount: 10_050n, currency: 'KES' }) as const

/** What is done, and the operations that it uses. */
const cases: [what: string, trouble: GsmaTrouble, run: () => Promise<unknown>, uses: string[]][] = [
  [
    'a collection',
    {},
    async () => provider.collect(movementOf(newReference())),
    ['POST /transactions/type/{transactionType}'],
  ],
  [
    'a disbursement that is refused',
    { refuse: true },
    async () => provider.disburse(movementOf(newReference())),
    ['POST /transactions/type/{transactionType}'],
  ],
  [
    'a payment in one answer',
    {},
    async () => makeGsmaProvider(world.settings('sync')).collect(movementOf(newReference())),
    ['POST /transactions/type/{transactionType}'],
  ],
  [
    'a repeated payment',
    {},
    async () => {
      const movement = movementOf(newReference())
      await provider.collect(movement)
      await provider.collect(movement)
    },
    ['POST /transactions/type/{transactionType}'],
  ],
  [
    'a question by the request state',
    {},
    async () => {
      const reference = newReference()
      const sent = await provider.collect(movementOf(reference))
      const named = sent.kind === 'pending' ? sent.partnerReference : undefined
      await provider.query({ what: 'collect', movement: movementOf(reference, named) })
    },
    ['GET /requeststates/{serverCorrelationId}', 'GET /transactions/{transactionReference}'],
  ],
  [
    'a missing response',
    {},
    async () => {
      const reference = newReference()
      await provider.collect(movementOf(reference))
      await provider.query({ what: 'collect', movement: movementOf(reference) })
    },
    ['GET /responses/{clientCorrelationId}', 'GET /transactions/{transactionReference}'],
  ],
  [
    'a question about nothing',
    {},
    async () => provider.query({ what: 'collect', movement: movementOf(newReference()) }),
    ['GET /responses/{clientCorrelationId}'],
  ],
  [
    'a reversal of a part',
    {},
    async () => {
      const sync = makeGsmaProvider(world.settings('sync'))
      const done = await sync.collect(movementOf(newReference()))
      if (done.kind !== 'done') throw new Error(done.kind)
      const whole = { ...movementOf(newReference()), original: done.partnerReference }
      expect(await sync.reverse({ ...whole, amount: 2_000n })).toMatchObject({ kind: 'done' })
      expect(await sync.reverse({ ...whole, reference: newReference(), amount: null })).toMatchObject({
        kind: 'refused',
      })
    },
    ['POST /transactions/{transactionReference}/reversals'],
  ],
  ['a name', {}, async () => provider.accountName(amina), ['GET /accounts/{identifierType}/{identifier}/accountname']],
  ['a status', {}, async () => provider.status(amina), ['GET /accounts/{identifierType}/{identifier}/status']],
  ['a balance', {}, async () => provider.balance(amina), ['GET /accounts/{identifierType}/{identifier}/balance']],
  ['the companies', {}, async () => provider.billCompanies(), ['GET /billcompanies']],
  ['what is due', {}, async () => biller.check('123456701'), ['GET /accounts/{accountId}/bills']],
  ['a bill', {}, async () => biller.pay(payment('123456702')), ['POST /accounts/{accountId}/bills/payments']],
  [
    'a question about a bill',
    {},
    async () => {
      const paying = payment('123456703')
      const sent = await biller.pay(paying)
      const named = sent.kind === 'pending' ? sent.partnerReference : undefined
      await biller.query(named === undefined ? paying : { ...paying, partnerReference: named })
    },
    ['GET /requeststates/{serverCorrelationId}', 'GET /accounts/{accountId}/bills/payments'],
  ],
]

test.each(cases)(
  '%s keeps to the published API, in what we send and in what the fake answers',
  async (_what, trouble, run, uses) => {
    const before = world.fake.exchanges().length
    world.fake.control(trouble)
    await run()
    await world.fake.quiet()
    const exchanges = world.fake.exchanges().slice(before)
    expect(exchanges.map(operationOf)).toEqual(expect.arrayContaining(uses))
    expect(exchanges.flatMap((exchange) => faultsOf(exchange, exchanges))).toEqual([])
  },
)

test('every POST carries a correlation id, the hash of its body and our date, and no PIN or token of a person', () => {
  const posts = world.fake.exchanges().filter(({ way, method }) => way === 'request' && method === 'POST')
  expect(posts.length).toBeGreaterThan(5)
  for (const { headers } of posts) {
    expect(headers).toMatchObject({ 'x-correlationid': expect.stringMatching(/^[0-9a-f-]{36}$/), 'x-channel': 'USSD' })
    expect(Date.parse(String(headers['x-date']))).not.toBeNaN()
    expect(Object.keys(headers).filter((name) => /^x-user/.test(name))).toEqual([])
  }
})

test('what breaks the published API would be noticed', () => {
  const [found] = world.fake.exchanges().filter((each) => each.method === 'POST' && each.status === 201)
  if (found === undefined) throw new Error('nothing was paid')
  const exchange = { ...found, path: found.path.slice(BASE.length) }
  const body = exchange.body as Record<string, unknown>
  expect(api.requestFaults(exchange)).toEqual([])
  expect(api.requestFaults({ ...exchange, body: { ...body, amount: '50,00' } })).toEqual(['/amount: pattern'])
  expect(api.requestFaults({ ...exchange, body: { ...body, currency: 'KSH' } })).toEqual(['/currency: enum'])
  expect(api.requestFaults({ ...exchange, body: { ...body, reference: 'x' } })).toEqual(['/reference: not published'])
  expect(api.requestFaults({ ...exchange, body: { ...body, creditParty: [], debitParty: undefined } })).not.toEqual([])
  expect(api.requestFaults({ ...exchange, headers: { 'x-correlationid': '1' } })).not.toEqual([])
  expect(api.requestFaults({ ...exchange, path: '/transactions/type/payment' })).not.toEqual([])
  expect(api.answerFaults({ ...exchange, answer: {} })).not.toEqual([])
  expect(api.answerFaults({ ...exchange, status: 418 })).not.toEqual([])
})

function operationOf({ way, method, path }: Exchange): string | null {
  return way === 'callback' ? 'callback' : api.nameOf(method, path.slice(BASE.length))
}

/** A callback is held against the operations of this very case that announce one. */
function faultsOf(exchange: Exchange, all: readonly Exchange[]): string[] {
  const below = { ...exchange, path: exchange.path.slice(BASE.length) }
  if (exchange.way === 'request') return [...api.requestFaults(below), ...api.answerFaults(below)]
  const posts = all.filter(({ way, method }) => way === 'request' && method === 'POST')
  const faults = posts.map((post) => api.callbackFaults(operationOf(post) ?? '', below))
  return faults.sort((one, other) => one.length - other.length)[0] ?? ['nothing was asked for']
}
