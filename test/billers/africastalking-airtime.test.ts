import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { freePort } from '../../scripts/local/process.ts'
import { type AirtimeSettings, makeAfricasTalkingAirtime } from '../../src/billers/africastalking-airtime.ts'
import type { Biller, Payment, QueryOutcome } from '../../src/billers/biller.ts'
import type { TransferId } from '../../src/domain/ids.ts'
import { Secret } from '../../src/domain/secret.ts'

let server: Server | null = null
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
  server = null
})

async function seller(listener: RequestListener, changes: Partial<AirtimeSettings> = {}): Promise<Biller> {
  server = createServer(listener)
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return makeAfricasTalkingAirtime({
    ...{ username: 'nyota', apiKey: new Secret('canary-key'), baseUrl: `http://127.0.0.1:${port}`, name: 'Airtime' },
    ...{ currency: 'KES', least: 500n, most: 1_000_000n, timeoutMs: 5_000, mostAtOnce: 8, ...changes },
  })
}

const answering = (status: number, body: unknown): RequestListener => {
  return (_request, response) =>
    void response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body))
}

const payment: Payment = {
  reference: '0193f0a0-0000-7000-8000-000000000001' as TransferId,
  account: '+254700000001',
  amount: 5_000n,
  currency: 'KES',
}
const ID = 'ATQid_ab12'
const response = {
  phoneNumber: '+254700000001',
  amount: 'KES 50.0000',
  discount: 'KES 2.0000',
  status: 'Sent',
  requestId: ID,
  errorMessage: 'None',
}
const taken = { errorMessage: 'None', numSent: 1, totalAmount: 'KES 50.0000', responses: [response] }
const one = (changes: object) => ({ ...taken, responses: [{ ...response, ...changes }] })
const unknown = (cause: string): QueryOutcome => ({ kind: 'unknown', cause })

/** What Africa's Talking answers to airtime asked for, and what it means for the money. */
test.each<[string, number, unknown, QueryOutcome]>([
  ['sent, which says nothing of the phone', 201, taken, { kind: 'pending', partnerReference: ID }],
  ['success, which is no end either', 201, one({ status: 'Success' }), { kind: 'pending', partnerReference: ID }],
  ['sent without an id', 201, one({ requestId: 'None' }), { kind: 'pending' }],
  [
    'refused for this number',
    201,
    one({ status: 'Failed', requestId: 'None', errorMessage: 'Value Outside The Allowed Limits' }),
    { kind: 'refused', reason: 'Value Outside The Allowed Limits' },
  ],
  [
    'refused as a whole',
    201,
    { errorMessage: 'Insufficient Credit', numSent: 0, responses: [] },
    { kind: 'refused', reason: 'Insufficient Credit' },
  ],
  [
    'a reason with a number in it',
    201,
    one({ status: 'Failed', errorMessage: 'Invalid number 254700000001' }),
    { kind: 'refused', reason: 'failed' },
  ],
  [
    'a duplicate, so it may have been received',
    201,
    one({ status: 'Failed', errorMessage: 'A duplicate request was received within the last 5 minutes' }),
    unknown('they call it a duplicate'),
  ],
  [
    'a duplicate as a whole',
    201,
    { errorMessage: 'Duplicate request', numSent: 0, responses: [] },
    unknown('they call it a duplicate'),
  ],
  ['nobody, and no error', 201, { errorMessage: 'None', numSent: 0, responses: [] }, unknown('no recipient')],
  ['another number', 201, one({ phoneNumber: '+254700000002' }), unknown('answer about another payment')],
  ['another amount', 201, one({ amount: 'KES 500.0000' }), unknown('answer about another payment')],
  ['another currency', 201, one({ amount: 'UGX 50' }), unknown('answer about another payment')],
  ['two answers', 201, { ...taken, responses: [response, response] }, unknown('answer about another payment')],
  ['a state nobody knows', 201, one({ status: 'Teleported' }), unknown('unreadable status')],
  ['an error after it may have been taken', 500, taken, unknown('http 500')],
  ['a wrong key', 401, 'The supplied authentication is invalid', unknown('http 401')],
  ['a page', 200, '<h1>Bad Gateway</h1>', unknown('http 200')],
  ['too much', 201, { ...taken, more: 'x'.repeat(20_000) }, unknown('http 201')],
])('airtime answered by %s', async (_what, status, body, expected) => {
  expect(await (await seller(answering(status, body))).pay(payment)).toEqual(expected)
})

const data = { transactionId: ID, phoneNumber: '+254700000001', value: 'KES 50.0000', status: 'Success' }
const found = (changes: object) => ({ status: 'Success', data: { ...data, ...changes } })

test.each<[string, number, unknown, QueryOutcome]>([
  ['delivered', 200, found({}), { kind: 'done', partnerReference: ID, receipt: {} }],
  [
    'not delivered',
    200,
    found({ status: 'Failed', description: 'Not delivered' }),
    { kind: 'refused', reason: 'Not delivered' },
  ],
  ['on its way', 200, found({ status: 'Queued' }), { kind: 'pending', partnerReference: ID }],
  ['another id', 200, found({ transactionId: 'ATQid_zz' }), unknown('answer about another payment')],
  ['another amount', 200, found({ value: 'KES 500.0000' }), unknown('answer about another payment')],
  ['another number', 200, found({ phoneNumber: '+254700000002' }), unknown('answer about another payment')],
  ['a state nobody knows', 200, found({ status: 'Teleported' }), unknown('unreadable status')],
  [
    'nothing found, which is never a refusal',
    200,
    { status: 'Failure', errorMessage: 'No transaction found' },
    unknown('http 200'),
  ],
  ['an error', 500, found({}), unknown('http 500')],
])('a question answered by %s', async (_what, status, body, expected) => {
  const biller = await seller(answering(status, body))
  expect(await biller.query({ ...payment, partnerReference: ID })).toEqual(expected)
})

test('what is sent is what their documentation says, with our reference as the key', async () => {
  const seen: { request: IncomingMessage; body: string }[] = []
  const biller = await seller((request, reply) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      seen.push({ request, body })
      reply.writeHead(201).end(JSON.stringify(taken))
    })
  })
  await biller.pay(payment)
  await biller.query({ ...payment, partnerReference: ID })
  const [paid, asked] = seen
  expect([paid?.request.method, paid?.request.url]).toEqual(['POST', '/version1/airtime/send'])
  expect(paid?.request.headers).toMatchObject({ apikey: 'canary-key', 'idempotency-key': payment.reference })
  expect(Object.fromEntries(new URLSearchParams(paid?.body))).toEqual({
    username: 'nyota',
    recipients: '[{"phoneNumber":"+254700000001","amount":"KES 50"}]',
  })
  expect(asked?.request.url).toBe(`/query/transaction/find?username=nyota&transactionId=${ID}`)
})

test('silence is unknown, and a machine that nothing reached has sold nothing', async () => {
  expect(await (await seller(() => undefined, { timeoutMs: 200 })).pay(payment)).toEqual(unknown('timeout'))
  const nowhere = await seller(() => undefined, { baseUrl: `http://127.0.0.1:${await freePort(0)}` })
  expect(await nowhere.pay(payment)).toEqual({ kind: 'refused', reason: 'ECONNREFUSED' })
  expect((await nowhere.query({ ...payment, partnerReference: ID })).kind).toBe('unknown')
  const broken = await seller((request) => void request.socket.destroy())
  const outcome = await broken.pay(payment)
  expect(outcome.kind).toBe('unknown')
  expect(JSON.stringify(outcome)).not.toMatch(/canary|254700000001|127\.0\.0\.1/)
})

test('without their id nothing is asked, and cents are never sent', async () => {
  let asked = 0
  const biller = await seller((_request, reply) => {
    asked += 1
    reply.writeHead(201).end(JSON.stringify(taken))
  })
  expect(await biller.query(payment)).toEqual(unknown('no request id is known'))
  expect(await biller.pay({ ...payment, amount: 5_050n })).toEqual({ kind: 'refused', reason: 'no whole amount' })
  expect(asked).toBe(0)
})

test('a currency without cents is sent as it is', async () => {
  const biller = await seller(answering(201, one({ amount: 'UGX 500.0000' })), {
    currency: 'UGX',
    least: 50n,
    most: 500_000n,
  })
  expect(biller.amounts).toEqual({ least: 50n, most: 500_000n, step: 1n })
  expect((await biller.pay({ ...payment, amount: 500n, currency: 'UGX' })).kind).toBe('pending')
})
