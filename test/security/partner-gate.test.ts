import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Secret } from '../../src/domain/secret.ts'
import { openRedis } from '../../src/redis/connection.ts'
import { signRequest } from '../../src/security/partner-signature.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'

const KEY = 'a-signature-key-of-at-least-32-letters'
const CERTIFICATE = Buffer.from('the DER of a certificate')
const CALLER = '196.0.2.7'
const FORM = 'application/x-www-form-urlencoded'
const dial = (session: string) =>
  new URLSearchParams({ sessionId: session, serviceCode: '*384#', phoneNumber: '+254712345678', text: '' }).toString()

let gateway: TestGateway
let redis: Redis
beforeAll(async () => {
  const certificate = createHash('sha256').update(CERTIFICATE).digest('hex')
  gateway = await startTestGateway({
    env: {
      PARTNERS: `partner:africastalking?addresses=196.0.2.0/24&signatureKey=${KEY}&certificate=${certificate}`,
      TRUSTED_PROXIES: '127.0.0.1',
    },
  })
  redis = await openRedis(gateway.redis.url, () => undefined)
})
afterAll(async () => {
  redis.disconnect()
  await gateway.stop()
})

type Sent = {
  readonly path?: string
  readonly signedAs?: string
  readonly body?: string
  readonly signedBody?: string
  readonly key?: string
  readonly ageS?: number
  readonly headers?: Readonly<Record<string, string>>
}

let sessions = 0

/** A callback as the partner would send it, but for what is stated. */
async function send({ path = '/africastalking/demo/ussd', ageS = 0, headers = {}, ...sent }: Sent) {
  const body = sent.body ?? dial(`gate-${++sessions}`)
  const timestamp = String(Math.floor(Date.now() / 1000) - ageS)
  const signed = { timestamp, about: sent.signedAs ?? 'ussd', body: Buffer.from(sent.signedBody ?? body) }
  const all = {
    'Content-Type': FORM,
    'X-Forwarded-For': CALLER,
    'Client-Cert': `:${CERTIFICATE.toString('base64')}:`,
    'X-Nyota-Timestamp': timestamp,
    'X-Nyota-Signature': signRequest(new Secret(sent.key ?? KEY), signed),
    ...headers,
  }
  const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''))
  const response = await fetch(`${gateway.url}${path}`, { method: 'POST', body, headers: given })
  return { status: response.status, text: await response.text(), sent: given }
}

async function sessionsStarted(): Promise<number> {
  return (await redis.keys(`${gateway.redis.prefix}ussd:*`)).length
}

async function refusalsOnRecord(): Promise<number> {
  const { rows } = await gateway.database.owner.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM audit_event WHERE action = 'partner.refused' AND subject = 'africastalking'`,
  )
  return rows[0]?.count ?? 0
}

test('a callback from the right place, with the key, certificate and signature, is answered', async () => {
  const { status, text } = await send({})
  expect([status, text.slice(0, 3)]).toEqual([200, 'END'])
})

describe('a forged callback begins no session and leaves a row on record: it has', () => {
  test.each<[string, Sent, number, RegExp]>([
    ['another key in its path', { path: '/africastalking/guess/ussd' }, 404, /Not found/],
    ['another address', { headers: { 'X-Forwarded-For': '203.0.113.9' } }, 403, /this address/],
    [
      'an address that the caller made up',
      { headers: { 'X-Forwarded-For': `${CALLER}, 203.0.113.9` } },
      403,
      /address/,
    ],
    ['no certificate', { headers: { 'Client-Cert': '' } }, 403, /certificate/],
    ['a certificate of another authority', { headers: { 'Client-Cert': ':b3RoZXI=:' } }, 403, /certificate/],
    ['no signature', { headers: { 'X-Nyota-Signature': '' } }, 401, /sign the request/],
    ['no timestamp', { headers: { 'X-Nyota-Timestamp': '' } }, 401, /sign the request/],
    ['a signature under another key', { key: 'another-signature-key-of-32-letters!' }, 401, /signature is wrong/],
    ['another body than was signed', { signedBody: dial('other') }, 401, /signature is wrong/],
    ['a signature for another callback', { signedAs: 'sms' }, 401, /signature is wrong/],
    ['a timestamp of six minutes ago', { ageS: 360 }, 401, /five minutes/],
    ['a timestamp six minutes ahead', { ageS: -360 }, 401, /five minutes/],
  ])('%s', async (_, sent, status, words) => {
    const before = await sessionsStarted()
    const answer = await send(sent)
    expect([answer.status, answer.text]).toEqual([status, expect.stringMatching(words)])
    expect(await sessionsStarted()).toBe(before)
    await expect.poll(refusalsOnRecord).toBeGreaterThan(0)
  })

  test('and each kind of it is one row, however often it is tried', async () => {
    for (let tries = 0; tries < 20; tries++) await send({ headers: { 'X-Forwarded-For': '203.0.113.9' } })
    const { rows } = await gateway.database.owner.query<{ action: string }>(
      `SELECT action FROM audit_event WHERE action = 'partner.refused'`,
    )
    // key, address, certificate, unsigned, forged, stale
    expect(rows).toHaveLength(6)
    const metrics = await (await fetch(`http://127.0.0.1:${gateway.app.operatorPort}/metrics`)).text()
    expect(metrics).toMatch(/partner_refusals_total\{partner="africastalking",reason="address"\} 22/)
  })
})

describe('a request is taken once', () => {
  test('its copy is refused within the window, and one that is signed anew is answered as the first was', async () => {
    const body = dial('gate-again')
    const first = await send({ body })
    const copy = await fetch(`${gateway.url}/africastalking/demo/ussd`, { method: 'POST', body, headers: first.sent })
    expect([first.status, copy.status]).toEqual([200, 401])
    expect(await copy.text()).toMatch(/used before/)
    const anew = await send({ body, ageS: 30 })
    expect([anew.status, anew.text]).toEqual([200, first.text])
  })

  test('of twenty copies at once one is taken', async () => {
    const body = dial('gate-twenty')
    const timestamp = String(Math.floor(Date.now() / 1000))
    const signature = signRequest(new Secret(KEY), { timestamp, about: 'ussd', body: Buffer.from(body) })
    const headers = { 'X-Nyota-Timestamp': timestamp, 'X-Nyota-Signature': signature }
    const answers = await Promise.all(Array.from({ length: 20 }, () => send({ body, headers })))
    expect(answers.map(({ status }) => status).filter((status) => status === 200)).toHaveLength(1)
  })
})

test('/status and the log at start say what is demanded', async () => {
  const status = await (await fetch(`http://127.0.0.1:${gateway.app.operatorPort}/status`)).text()
  expect(status).toContain('trust      africastalking key in its path, 1 addresses or networks, signed, certificate')
  expect(gateway.logs()).toContain('"event":"partner_trusted","trust":"africastalking key in its path')
})
