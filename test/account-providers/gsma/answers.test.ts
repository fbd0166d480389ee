import { createServer, type Server } from 'node:http'
import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { listen } from '../../../scripts/fakes/listen.ts'
import type { MoveOutcome, QueryOutcome } from '../../../src/account-providers/account-provider.ts'
import { readAmount, wireAmount } from '../../../src/account-providers/gsma/amounts.ts'
import { correlationIdOf } from '../../../src/account-providers/gsma/correlation.ts'
import { makeGsmaProvider } from '../../../src/account-providers/gsma/provider.ts'
import type { GsmaSettings } from '../../../src/account-providers/gsma/settings.ts'
import type { PayOutcome } from '../../../src/billers/biller.ts'
import { makeGsmaBiller } from '../../../src/billers/gsma-biller.ts'
import type { TransferId } from '../../../src/domain/ids.ts'
import { exponents } from '../../../src/domain/money.ts'
import { Secret } from '../../../src/domain/secret.ts'
import { movementOf } from './world.ts'

const reference = '0193f0a0-0000-7000-8000-000000000001' as TransferId
const state = { serverCorrelationId: 'aaaaaaaa-0000-4000-8000-000000000001', notificationMethod: 'polling' }
const done = {
  transactionReference: 'MM1',
  transactionStatus: 'completed',
  type: 'transfer',
  amount: '50.00',
  currency: 'KES',
  debitParty: [{ key: 'msisdn', value: '+254700000001' }],
  creditParty: [{ key: 'organisationid', value: 'nyota' }],
  requestingOrganisationTransactionReference: reference,
}
const error = (errorCategory: string, errorCode: string) => ({ errorCategory, errorCode })
const unknown = (cause: string) => ({ kind: 'unknown', cause }) as const
const other = unknown('answer about another transaction')
const settled: MoveOutcome = { kind: 'done', partnerReference: 'MM1' }

let server: Server | undefined
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

/** A provider that answers by path (below its base); what is not in the table is 404 without a body. */
async function provider(table: Record<string, [number, unknown]>, changes: Partial<GsmaSettings> = {}) {
  const asked: string[] = []
  server = createServer((request, response) => {
    const path = (request.url ?? '').replace('/api/v1', '')
    asked.push(`${request.method} ${path}`)
    const [status, body] = table[path] ?? [404, '']
    response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body))
  })
  const port = await listen(server, 0, '127.0.0.1')
  const settings: GsmaSettings = {
    ...{ id: 'wave', name: 'Wave', baseUrl: `http://127.0.0.1:${port}/api/v1`, clientId: 'nyota' },
    ...{
      apiKey: new Secret('canary'),
      account: { type: 'organisationid', value: 'nyota' },
      flow: 'sync',
      callback: null,
    },
    timeoutMs: 5_000,
    ...changes,
  }
  return { wave: makeGsmaProvider(settings), asked, settings }
}

/** A bill payment as the provider has it. */
const paid = {
  ...{ billPaymentStatus: 'paid', amountPaid: '50.00', currency: 'KES', serviceProviderPaymentReference: 'P1' },
  requestingOrganisationTransactionReference: reference,
}

const SEND = '/transactions/type/transfer'
const RESPONSE = `/responses/${correlationIdOf('collect', reference)}`

/** What the one request that sends it may be answered with, and what that means for the money. */
const sends: [what: string, status: number, body: unknown, MoveOutcome][] = [
  ['done', 201, done, settled],
  ['done, with 200', 200, done, settled],
  ['done, in other words', 201, { ...done, transactionStatus: 'Completed' }, settled],
  [
    'done, without a word of our reference',
    201,
    { ...done, requestingOrganisationTransactionReference: undefined },
    settled,
  ],
  [
    'done, the number without its plus',
    201,
    { ...done, debitParty: [{ key: 'msisdn', value: '254700000001' }] },
    settled,
  ],
  [
    'done, with an identifier of its own beside',
    201,
    { ...done, debitParty: [{ key: 'walletid', value: '7' }, ...done.debitParty] },
    settled,
  ],
  ['done, with fewer decimals', 201, { ...done, amount: '50' }, settled],
  [
    'pending',
    201,
    { ...done, transactionStatus: 'pending' },
    { kind: 'pending', partnerReference: '/transactions/MM1' },
  ],
  ['failed', 201, { ...done, transactionStatus: 'failed' }, { kind: 'refused', reason: 'failed' }],
  ['a state nobody told us', 201, { ...done, transactionStatus: 'reversed' }, unknown('a state nobody told us')],
  ['another amount', 201, { ...done, amount: '500.00' }, other],
  ['an amount finer than a cent', 201, { ...done, amount: '50.001' }, other],
  ['another currency', 201, { ...done, currency: 'UGX' }, other],
  ['another reference', 201, { ...done, requestingOrganisationTransactionReference: 'x' }, other],
  ['another type', 201, { ...done, type: 'disbursement' }, other],
  ['another payer', 201, { ...done, debitParty: [{ key: 'msisdn', value: '+254700000002' }] }, other],
  ['another payee', 201, { ...done, creditParty: [{ key: 'organisationid', value: 'other' }] }, other],
  [
    'accepted',
    202,
    { ...state, status: 'pending' },
    { kind: 'pending', partnerReference: `/requeststates/${state.serverCorrelationId}` },
  ],
  [
    'accepted and failed',
    202,
    { ...state, status: 'failed', error: error('businessRule', 'insufficientFunds') },
    { kind: 'refused', reason: 'insufficientFunds' },
  ],
  ['accepted, unreadable', 202, { status: 'pending' }, unknown('http 202')],
  ['a validation error', 400, error('validation', 'formatError'), { kind: 'refused', reason: 'formatError' }],
  [
    'a business rule, with capitals',
    400,
    error('BusinessRule', 'InsufficientFunds'),
    { kind: 'refused', reason: 'insufficientFunds' },
  ],
  [
    'a wrapped error',
    400,
    { error: error('businessRule', 'samePartiesError') },
    { kind: 'refused', reason: 'samePartiesError' },
  ],
  [
    'an authorisation error',
    401,
    error('authorisation', 'requestDeclined'),
    { kind: 'refused', reason: 'requestDeclined' },
  ],
  ['no such account', 404, error('identification', 'identifierError'), { kind: 'refused', reason: 'identifierError' }],
  ['a duplicate: it was received', 400, error('businessRule', 'duplicateRequest'), { kind: 'pending' }],
  ['a duplicate, with a capital', 400, error('BusinessRule', 'DuplicateRequest'), { kind: 'pending' }],
  ['too many requests', 400, error('businessRule', 'rateLimitError'), unknown('rateLimitError')],
  ['a 4xx that speaks of the server', 400, error('internal', 'genericError'), unknown('genericError')],
  ['a bare 404 of somebody on the way', 404, '', unknown('http 404')],
  ['a bare 401', 401, '<html>', unknown('http 401')],
  ['500, though it says refused', 500, error('businessRule', 'insufficientFunds'), unknown('http 500')],
  ['503', 503, error('serviceUnavailable', 'genericError'), unknown('http 503')],
  ['nothing readable', 201, '<html>', unknown('unreadable transaction')],
  [
    'too much',
    201,
    JSON.stringify({ ...done, descriptionText: 'x'.repeat(300_000) }),
    unknown('unreadable transaction'),
  ],
]

test.each(sends)('a payment answered by %s', async (_what, status, body, expected) => {
  const { wave, asked } = await provider({ [SEND]: [status, body] })
  expect(await wave.collect(movementOf(reference))).toEqual(expected)
  expect(asked).toEqual([`POST ${SEND}`])
})

const absent: [number, unknown] = [404, error('identification', 'identifierError')]
const STATE = `/requeststates/${state.serverCorrelationId}`
const link = (to: string): [number, unknown] => [200, { link: to }]

/** What a question finds; by the request state where one is known, else by our correlation id. */
const questions: [what: string, named: string | undefined, Record<string, [number, unknown]>, QueryOutcome][] = [
  ['nothing', undefined, { [RESPONSE]: absent }, { kind: 'not_found' }],
  ['a bare 404 of somebody on the way', undefined, {}, unknown('http 404')],
  [
    'a link from the root',
    undefined,
    { [RESPONSE]: link('/transactions/MM1'), '/transactions/MM1': [200, done] },
    settled,
  ],
  [
    'a link with the base path',
    undefined,
    { [RESPONSE]: link('/api/v1/transactions/MM1'), '/transactions/MM1': [200, done] },
    settled,
  ],
  [
    'a link without a slash',
    undefined,
    { [RESPONSE]: link('transactions/MM1'), '/transactions/MM1': [200, done] },
    settled,
  ],
  [
    'a link to an error',
    undefined,
    { [RESPONSE]: link('/errors/1'), '/errors/1': [200, error('businessRule', 'insufficientFunds')] },
    { kind: 'refused', reason: 'insufficientFunds' },
  ],
  [
    'a link to a server error',
    undefined,
    { [RESPONSE]: link('/errors/1'), '/errors/1': [200, error('internal', 'genericError')] },
    unknown('genericError'),
  ],
  [
    'a link to nothing',
    undefined,
    { [RESPONSE]: link('/transactions/MM1'), '/transactions/MM1': absent },
    unknown('a link to nothing'),
  ],
  [
    'a link to elsewhere',
    undefined,
    { [RESPONSE]: link('https://elsewhere.example/api/v1/transactions/MM1') },
    unknown('a link to elsewhere'),
  ],
  [
    'a link to elsewhere without a scheme',
    undefined,
    { [RESPONSE]: link('//elsewhere.example/x') },
    unknown('http 404'),
  ],
  [
    'a link out of the base path',
    undefined,
    { [RESPONSE]: link('/api/v1/../../admin') },
    unknown('a link to elsewhere'),
  ],
  [
    'a link to another transaction',
    undefined,
    { [RESPONSE]: link('/transactions/MM2'), '/transactions/MM2': [200, { ...done, amount: '1.00' }] },
    other,
  ],
  [
    'a state that is pending',
    STATE,
    { [STATE]: [200, { ...state, status: 'pending' }] },
    { kind: 'pending', partnerReference: STATE },
  ],
  [
    'a state with its transaction',
    STATE,
    { [STATE]: [200, { ...state, status: 'completed', objectReference: 'MM1' }], '/transactions/MM1': [200, done] },
    settled,
  ],
  [
    'a state without one',
    STATE,
    { [STATE]: [200, { ...state, status: 'completed' }] },
    unknown('completed without a resource'),
  ],
  [
    'a state whose transaction is away',
    STATE,
    { [STATE]: [200, { ...state, status: 'completed', objectReference: 'MM1' }], '/transactions/MM1': [503, ''] },
    unknown('http 503'),
  ],
  [
    'a state that failed',
    STATE,
    { [STATE]: [200, { ...state, status: 'failed', error: error('businessRule', 'insufficientFunds') }] },
    { kind: 'refused', reason: 'insufficientFunds' },
  ],
  [
    'a state that failed, in the words of the text',
    STATE,
    { [STATE]: [200, { ...state, status: 'failed', errorReference: error('Authorisation', 'RequestDeclined') }] },
    { kind: 'refused', reason: 'requestDeclined' },
  ],
  [
    'a state that failed as a duplicate',
    STATE,
    { [STATE]: [200, { ...state, status: 'failed', error: error('businessRule', 'duplicateRequest') }] },
    unknown('duplicateRequest'),
  ],
  [
    'a state that failed and says nothing',
    STATE,
    { [STATE]: [200, { ...state, status: 'failed' }] },
    unknown('failed without an error'),
  ],
  [
    'a state that is gone, and the response',
    STATE,
    { [STATE]: absent, [RESPONSE]: link('/transactions/MM1'), '/transactions/MM1': [200, done] },
    settled,
  ],
  [
    'a state that is gone, and no response',
    STATE,
    { [STATE]: absent, [RESPONSE]: absent },
    unknown('no response on record'),
  ],
  ['a transaction of our own', '/transactions/MM1', { '/transactions/MM1': [200, done] }, settled],
]

test.each(questions)('a question that finds %s', async (_what, named, table, expected) => {
  const { wave, asked } = await provider(table)
  expect(await wave.query({ what: 'collect', movement: movementOf(reference, named) })).toEqual(expected)
  expect(asked.every((request) => request.startsWith('GET '))).toBe(true)
})

test('with polling a missing response says nothing: what is under way has none', async () => {
  const { wave } = await provider({ [RESPONSE]: absent }, { flow: 'polling' })
  expect(await wave.query({ what: 'collect', movement: movementOf(reference) })).toMatchObject({ kind: 'unknown' })
})

test('no cause tells key, account or address', async () => {
  const { wave } = await provider({}, { baseUrl: 'http://127.0.0.1:1/api' })
  const outcomes = [
    await wave.collect(movementOf(reference)),
    await wave.query({ what: 'collect', movement: movementOf(reference) }),
  ]
  expect(outcomes).toMatchObject([{ kind: 'unknown' }, { kind: 'unknown' }])
  expect(JSON.stringify(outcomes)).not.toMatch(/canary|254700000001|127\.0\.0\.1/)
})

test('a redirect is not followed: the payment would go to somebody else', async () => {
  server = createServer(
    (request, response) => void response.writeHead(307, { location: `http://${request.headers.host}/other` }).end(),
  )
  const port = await listen(server, 0, '127.0.0.1')
  const { wave } = await provider({}, { baseUrl: `http://127.0.0.1:${port}` })
  expect(await wave.collect(movementOf(reference))).toMatchObject({ kind: 'unknown' })
})

test('a correlation id is a UUID, the same again for the same thing, and another for each other thing', () => {
  const kinds = ['collect', 'disburse', 'reverse', 'bill'] as const
  fc.assert(
    fc.property(fc.uuid(), (id) => {
      const ids = kinds.map((kind) => correlationIdOf(kind, id))
      expect(new Set(ids).size).toBe(kinds.length)
      expect(ids).toEqual(kinds.map((kind) => correlationIdOf(kind, id)))
      for (const each of ids)
        expect(each).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    }),
  )
})

test('an amount survives the wire in every currency, and is written as the schema wants it', () => {
  const currencies = Object.keys(exponents) as (keyof typeof exponents)[]
  fc.assert(
    fc.property(fc.bigInt(1n, 10n ** 16n), fc.constantFrom(...currencies), (amount, currency) => {
      const text = wireAmount(amount, currency)
      expect(text).toMatch(/^([0]|([1-9][0-9]{0,17}))([.][0-9]{0,3}[0-9])?$/)
      expect(readAmount(text, currency)).toBe(amount)
    }),
  )
})

test.each<[string, bigint | null]>([
  ['50', 5_000n],
  ['50.5', 5_050n],
  ['50.5000', 5_050n],
  ['50.001', null],
  ['0.00', 0n],
  ['050', null],
  ['-50', null],
  ['5e3', null],
  ['1,000', null],
  ['', null],
])('an amount of %j shillings is %s cents', (text, expected) => {
  expect(readAmount(text, 'KES')).toBe(expected)
})

test.each<[string, unknown, PayOutcome]>([
  [
    'ours among others',
    [{ ...paid, requestingOrganisationTransactionReference: 'x' }, paid],
    { kind: 'done', partnerReference: 'P1', receipt: {} },
  ],
  ['ours alone, not in a list', paid, { kind: 'done', partnerReference: 'P1', receipt: {} }],
  [
    'ours, in the older word',
    [{ ...paid, amountPaid: undefined, paidAmount: '50.00' }],
    { kind: 'done', partnerReference: 'P1', receipt: {} },
  ],
  [
    'ours with a token',
    [{ ...paid, serviceProviderNotification: '1234-5678 90' }],
    { kind: 'done', partnerReference: 'P1', receipt: { token: '1234567890' } },
  ],
  [
    'ours with words',
    [{ ...paid, serviceProviderNotification: 'Thank you' }],
    { kind: 'done', partnerReference: 'P1', receipt: {} },
  ],
  ['only another', [{ ...paid, requestingOrganisationTransactionReference: 'x' }], unknown('unreadable bill payment')],
  [
    'one that names no reference',
    { ...paid, requestingOrganisationTransactionReference: undefined },
    unknown('unreadable bill payment'),
  ],
  ['ours with another amount', [{ ...paid, amountPaid: '5.00' }], unknown('answer about another payment')],
  ['none', [], unknown('unreadable bill payment')],
])('of the payments of a customer, %s is read as ours or not at all', async (_what, list, expected) => {
  const payments = `/accounts/${encodeURIComponent('serviceprovider@gas$consumerno@123')}/bills/payments`
  const table = { [STATE]: [200, { ...state, status: 'completed', objectReference: 'P1' }], [payments]: [200, list] }
  const { settings } = await provider(table as Record<string, [number, unknown]>)
  const biller = makeGsmaBiller({
    ...{ id: 'gas', name: 'Gas', accountDigits: 3, serviceProvider: 'gas', currency: 'KES', mostAtOnce: 4 },
    provider: settings,
  })
  const payment = { reference, account: '123', amount: 5_000n, currency: 'KES', partnerReference: STATE } as const
  expect(await biller.query(payment)).toEqual(expected)
})
