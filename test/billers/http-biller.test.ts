import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import type { CheckOutcome, Payment, QueryOutcome } from '../../src/billers/biller.ts'
import { makeHttpBiller } from '../../src/billers/http-biller.ts'
import type { TransferId } from '../../src/domain/ids.ts'
import { Secret } from '../../src/domain/secret.ts'

let server: Server | null = null
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

async function biller(listener: RequestListener) {
  server = createServer(listener)
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const common = {
    id: 'city-power',
    name: 'City Power',
    accountDigits: 11,
    key: new Secret('canary-key'),
    timeoutMs: 300,
    mostAtOnce: 8,
  }
  return makeHttpBiller({ ...common, baseUrl: `http://127.0.0.1:${port}/api` })
}

const answering = (status: number, body: unknown): RequestListener => {
  return (_request, response) =>
    void response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body))
}

const payment: Payment = {
  reference: '0193f0a0-0000-7000-8000-000000000001' as TransferId,
  account: '12345678901',
  amount: 5_000n,
  currency: 'KES',
}
const same = { reference: payment.reference, amount: '5000', currency: 'KES' }
const done = { ...same, status: 'done', partnerReference: 'P1' }

/** What the biller sends, and what it means for the money. */
const payRows: [string, number, unknown, QueryOutcome][] = [
  ['done', 200, done, { kind: 'done', partnerReference: 'P1', receipt: {} }],
  ['done, created', 201, done, { kind: 'done', partnerReference: 'P1', receipt: {} }],
  [
    'a token in groups',
    200,
    { ...done, token: '1234 5678-9012 3456 7890' },
    { kind: 'done', partnerReference: 'P1', receipt: { token: '12345678901234567890' } },
  ],
  ['received', 202, { ...same, status: 'pending' }, { kind: 'pending' }],
  ['refused', 422, { ...same, status: 'refused', reason: 'closed' }, { kind: 'refused', reason: 'closed' }],
  ['refused, known before', 409, { ...same, status: 'refused' }, { kind: 'refused', reason: 'no reason given' }],
  ['500, whatever it says', 500, { ...same, status: 'refused' }, { kind: 'unknown', cause: 'http 500' }],
  ['503 with nothing', 503, '', { kind: 'unknown', cause: 'http 503' }],
  ['400 without a word about the payment', 400, { error: 'bad' }, { kind: 'unknown', cause: 'http 400' }],
  ['wrong key', 401, { error: 'key' }, { kind: 'unknown', cause: 'http 401' }],
  ['200 with garbage', 200, '<html>', { kind: 'unknown', cause: 'http 200' }],
  [
    '200 with too much',
    200,
    JSON.stringify({ ...done, reason: 'x'.repeat(20_000) }),
    { kind: 'unknown', cause: 'http 200' },
  ],
  ['another amount', 200, { ...done, amount: '50000' }, { kind: 'unknown', cause: 'answer about another payment' }],
  ['another currency', 200, { ...done, currency: 'UGX' }, { kind: 'unknown', cause: 'answer about another payment' }],
  [
    'another reference',
    422,
    { ...same, reference: 'x', status: 'refused' },
    { kind: 'unknown', cause: 'answer about another payment' },
  ],
  [
    'done without a reference',
    200,
    { ...same, status: 'done' },
    { kind: 'unknown', cause: 'done without a reference' },
  ],
  ['a token that is none', 200, { ...done, token: 'call us' }, { kind: 'unknown', cause: 'unreadable token' }],
  ['a state nobody knows', 200, { ...done, status: 'ok' }, { kind: 'unknown', cause: 'http 200' }],
]

test.each(payRows)('pay answered by %s', async (_what, status, body, expected) => {
  expect(await (await biller(answering(status, body))).pay(payment)).toEqual(expected)
})

test.each([
  ...payRows.filter(([what]) => !what.includes('400')),
  ['not found', 404, { reference: payment.reference, status: 'not_found' }, { kind: 'not_found' }] as const,
  ['a 404 of somebody on the way', 404, {}, { kind: 'unknown', cause: 'http 404' }] as const,
  [
    'not found about another payment',
    404,
    { reference: 'x', status: 'not_found' },
    { kind: 'unknown', cause: 'http 404' },
  ] as const,
])('query answered by %s', async (_what, status, body, expected) => {
  expect(await (await biller(answering(status, body))).query(payment)).toEqual(expected)
})

test('404 to a payment is not a refusal', async () => {
  expect(await (await biller(answering(404, {}))).pay(payment)).toEqual({ kind: 'unknown', cause: 'http 404' })
})

test.each<[string, number, unknown, CheckOutcome]>([
  [
    'holder and due',
    200,
    { holder: 'Asha Mwangi', due: '125000' },
    { kind: 'known', holder: 'Asha Mwangi', due: 125_000n },
  ],
  ['neither', 200, { holder: null, due: null }, { kind: 'known', holder: null, due: null }],
  ['404', 404, {}, { kind: 'unknown_account' }],
  ['500', 500, {}, { kind: 'unavailable' }],
  ['a negative amount due', 200, { holder: null, due: '-5' }, { kind: 'unavailable' }],
  ['an amount that is a number', 200, { holder: null, due: 5.5 }, { kind: 'unavailable' }],
  ['nothing', 200, '', { kind: 'unavailable' }],
])('check answered by %s', async (_what, status, body, expected) => {
  expect(await (await biller(answering(status, body))).check('12345678901')).toEqual(expected)
})

test('no answer is unknown after the deadline, and so is half an answer', async () => {
  const silent = await biller(() => undefined)
  const startedAt = Date.now()
  expect(await silent.pay(payment)).toEqual({ kind: 'unknown', cause: 'timeout' })
  expect(Date.now() - startedAt).toBeLessThan(1_500)
  server?.closeAllConnections()
  const half = await biller((_request, response) => void response.writeHead(200).write('{"status":'))
  expect(await half.query(payment)).toEqual({ kind: 'unknown', cause: 'timeout' })
})

test('a broken connection is unknown, and nothing of key, account or address is in the cause', async () => {
  const broken = await biller((request) => void request.socket.destroy())
  const outcome = await broken.pay(payment)
  expect(outcome.kind).toBe('unknown')
  expect(JSON.stringify(outcome)).not.toMatch(/canary|12345678901|127\.0\.0\.1/)
})

test('a redirect is not followed: the payment would go to somebody else', async () => {
  const moved = await biller(
    (request, response) => void response.writeHead(307, { location: `http://${request.headers.host}/other` }).end(),
  )
  expect((await moved.pay(payment)).kind).toBe('unknown')
})

test('a request says what docs/billers.md says', async () => {
  const seen: unknown[] = []
  const recording = await biller((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      seen.push([request.method, request.url, request.headers.authorization, body === '' ? null : JSON.parse(body)])
      response.writeHead(404).end()
    })
  })
  await recording.check('12345678901')
  await recording.pay(payment)
  await recording.query(payment)
  expect(seen).toEqual([
    ['POST', '/api/check', 'Bearer canary-key', { account: '12345678901' }],
    [
      'POST',
      '/api/payments',
      'Bearer canary-key',
      { reference: payment.reference, account: '12345678901', amount: '5000', currency: 'KES' },
    ],
    ['GET', `/api/payments/${payment.reference}`, 'Bearer canary-key', null],
  ])
})
