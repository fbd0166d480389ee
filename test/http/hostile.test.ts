import { request } from 'node:http'
import { connect } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeAggregators } from '../../src/aggregators/registry.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'

let gateway: TestGateway
let before: Counts
beforeAll(async () => {
  gateway = await startTestGateway({
    env: {
      ACCOUNT_PROVIDERS:
        'https://us:key@wave.example/mm?id=wave&name=Wave&account=organisationid:nyota&flow=callback&callbackKey=wave-wave-wave-wave',
      PROVIDER_CALLBACK_URL: 'https://nyota.example',
    },
  })
  before = await counts()
})
afterAll(() => gateway.stop())

type Counts = Readonly<Record<string, number>>

/** What nobody may change who only calls. */
async function counts(): Promise<Counts> {
  const { rows } = await gateway.database.owner.query<Counts>(
    `SELECT (SELECT count(*) FROM transfer)::int AS transfers, (SELECT count(*) FROM journal)::int AS journals,
            (SELECT count(*) FROM subscriber)::int AS people, (SELECT count(*) FROM provider_case)::int AS cases,
            (SELECT count(*) FROM code_challenge)::int AS codes, (SELECT count(*) FROM partner_order)::int AS orders`,
  )
  return rows[0] ?? {}
}

type Sent = { readonly method: string; readonly path: string; readonly type: string; readonly body: Buffer | string }

/** The status of the answer; there must be one. */
function send({ method, path, type, body }: Sent, port: number = gateway.app.port ?? 0): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) }
    const sent = request({ host: '127.0.0.1', port, method, path, headers }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0))
    })
    // An answer that came before all was sent ends the connection: too long a body.
    sent.on('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EPIPE' || error.code === 'ECONNRESET' ? resolve(413) : reject(error),
    )
    sent.end(body)
  })
}

const FORM = 'application/x-www-form-urlencoded'
const CALLBACKS = Object.keys(makeAggregators({ serviceCodes: [] }).get('africastalking')?.callbacks ?? {})
const FIELDS = [
  'sessionId',
  'serviceCode',
  'phoneNumber',
  'text',
  'status',
  'id',
  'from',
  'to',
  'linkId',
  'date',
  'failureReason',
  'transactionId',
  'requestId',
  'value',
  'amount',
  'currencyCode',
  'networkCode',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
]

const value = fc.oneof(
  fc.constantFrom(
    '',
    '*384#',
    '+254700000001',
    '+254700000002',
    'gate-hostile',
    'Success',
    'KES 50.0000',
    '1*0700000002*50*73915',
    '\u0000',
    '-1',
    '1e309',
    'NaN',
    '\ud800',
    '\u202e',
    '[object Object]',
    '٣',
    'a'.repeat(3_000),
    "'; DROP TABLE transfer; --",
    '#{7*7}',
    '%',
  ),
  fc.string({ unit: 'binary' }),
)
const encoded = fc.oneof(
  value.map((text) => encodeURIComponent(text.replace(/\p{Cs}/gu, ''))),
  fc.constantFrom('%', '%zz', '%ff%fe', '%c0%af', '%00', '+', '&', '=', '[]', '[a][b]'),
)
const form = fc
  .array(fc.tuple(fc.constantFrom(...FIELDS), encoded), { maxLength: 12 })
  .map((pairs) => pairs.map(([name, text]) => `${name}=${text}`).join('&'))
const bytes = fc.uint8Array({ maxLength: 600 }).map((octets) => Buffer.from(octets))
const json = fc.oneof(
  fc.jsonValue().map((made) => JSON.stringify(made)),
  fc.integer({ min: 1, max: 7_000 }).map((depth) => '['.repeat(depth) + ']'.repeat(depth)),
  fc.constantFrom(
    '{"__proto__":{"admin":true}}',
    '{"constructor":{"prototype":{"x":1}}}',
    '{"a":1,"a":2}',
    '{',
    'null',
    '1e400',
    '"\\ud800"',
  ),
)
const type = fc.oneof(
  { weight: 6, arbitrary: fc.constant(FORM) },
  fc.constantFrom('application/json', 'text/plain', 'multipart/form-data; boundary=x', '', `${FORM}; charset=utf-16`),
)
const body = fc.oneof(
  { weight: 5, arbitrary: form },
  bytes,
  json,
  fc.constantFrom('x'.repeat(20_000), 'text=1&'.repeat(3_000)),
)

describe('whatever comes to a callback', () => {
  test.each([...CALLBACKS, 'constructor', '__proto__', 'toString'])(
    '%s is answered with a status that says why',
    async (name) => {
      await fc.assert(
        fc.asyncProperty(
          body,
          type,
          fc.constantFrom('POST', 'POST', 'POST', 'GET', 'PUT', 'DELETE'),
          async (sent, contentType, method) => {
            const status = await send({ method, path: `/africastalking/demo/${name}`, type: contentType, body: sent })
            expect([200, 400, 404, 405, 413, 415]).toContain(status)
          },
        ),
        { numRuns: 40 },
      )
    },
    60_000,
  )

  test('of an account provider too, and an unknown reference is 404 whatever is in it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(json, bytes, form),
        fc.constantFrom('PUT', 'PUT', 'POST'),
        encoded,
        async (sent, method, reference) => {
          const path = `/providers/wave/wave-wave-wave-wave/${reference.replace(/[/?#]/g, '') || 'x'}`
          const status = await send({ method, path, type: 'application/json', body: sent })
          expect([204, 400, 404, 405, 413, 415]).toContain(status)
        },
      ),
      { numRuns: 60 },
    )
  }, 60_000)

  test('paths that nobody has are 404, also those that are no paths', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(encoded, fc.constantFrom('africastalking', 'demo', 'ussd', 'providers', '..', '__proto__', '')),
          { maxLength: 6 },
        ),
        async (parts) => {
          const path = `/${parts.join('/').replace(/[?#]/g, '')}`
          fc.pre(!/^\/(?:livez|readyz|africastalking\/demo\/)/.test(path))
          expect([400, 404]).toContain(await send({ method: 'POST', path, type: FORM, body: 'text=1' }))
        },
      ),
      { numRuns: 60 },
    )
  }, 60_000)
})

test('the operator’s port answers whatever comes, and obeys none of it', async () => {
  const parts = fc.oneof(
    encoded,
    fc.constantFrom(
      'links',
      'trust',
      'menus',
      'transfers',
      'troubled',
      'partners',
      'sessions',
      'stop',
      'constructor',
      '__proto__',
      '',
    ),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(parts, { minLength: 1, maxLength: 4 }),
      fc.constantFrom('GET', 'POST', 'PUT'),
      body,
      async (path, method, sent) => {
        const url = `/${path.join('/').replace(/[#]/g, '')}`
        const status = await send({ method, path: url, type: FORM, body: sent }, gateway.app.operatorPort)
        expect([200, 400, 403, 404, 413]).toContain(status)
      },
    ),
    { numRuns: 80, examples: [[['links', '%', '%00'], 'POST', '']] },
  )
}, 60_000)

test('what is no HTTP at all ends the connection and nothing else', async () => {
  for (const garbage of [
    Buffer.from([0, 1, 2, 255]),
    Buffer.from('GET / HTTP/9.9\r\n\r\n'),
    Buffer.from(`POST / HTTP/1.1\r\n${'a: b\r\n'.repeat(5_000)}`),
    Buffer.from('\u0016\u0003\u0001'),
  ]) {
    await new Promise<void>((resolve) => {
      const socket = connect(gateway.app.port ?? 0, '127.0.0.1', () => socket.end(garbage))
      socket.on('error', () => undefined).on('close', () => resolve())
      socket.resume()
    })
  }
})

test('and after all of it no money moved, nobody is new, no code went out, and the gateway works', async () => {
  expect(await counts()).toEqual(before)
  const dial = new URLSearchParams({ sessionId: 'after', serviceCode: '*384#', phoneNumber: '+254700000001', text: '' })
  const answer = await fetch(`${gateway.url}/africastalking/demo/ussd`, { method: 'POST', body: dial })
  expect([answer.status, (await answer.text()).slice(0, 4)]).toEqual([200, 'CON '])
  expect(gateway.logs()).not.toMatch(/callback_failed|hop_failed|uncaught/)
  expect(gateway.logs()).not.toContain('73915')
})
