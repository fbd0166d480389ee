import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Aggregator, Callback } from '../../src/aggregators/aggregator.ts'
import { Secret } from '../../src/domain/secret.ts'
import { makeCallbackLane } from '../../src/http/callbacks.ts'
import { type RunningServer, startPublicServer } from '../../src/http/server.ts'
import type { Events } from '../../src/telemetry/events.ts'
import { openGate } from '../support/open-gate.ts'

const partner: Aggregator = {
  name: 'partner',
  callbacks: {
    ussd: (form) =>
      form.get('text') === null
        ? { kind: 'bad', problem: 'text is missing' }
        : ({ kind: 'ussd', request: { text: new Secret(form.get('text') ?? '') } } as unknown as Callback),
    sale: (form) => ({ kind: 'airtime_validation', sale: { requestId: form.get('id') } }) as unknown as Callback,
    sms: (form) => ({ kind: 'opt_out', number: form.get('number') }) as unknown as Callback,
  },
  formatReply: ({ text, end }) => ({ contentType: 'text/plain', body: `${end ? 'END' : 'CON'} ${text}` }),
  formatVerdict: (known) => ({ contentType: 'application/json', body: JSON.stringify({ known }) }),
}

let server: RunningServer
const accepted: unknown[] = []
const silent = new Proxy({}, { get: () => () => undefined }) as Events

beforeAll(async () => {
  const lane = makeCallbackLane({
    aggregators: new Map([['partner', partner]]),
    keys: new Map([['partner', new Secret('k3y')]]),
    gate: openGate,
    answerUssd: async ({ text }) => ({ text: `you typed ${text.reveal()}`, end: false }),
    accept: async (callback) => {
      if (callback.kind === 'opt_out' && `${callback.number}` === 'full')
        throw new Error('the disk is full of +254700000001')
      accepted.push(callback)
    },
    validate: async ({ requestId }) => requestId === 'ours',
    events: silent,
  })
  server = await startPublicServer({
    port: 0,
    host: '127.0.0.1',
    lane,
    checks: [{ name: 'database', run: async () => null }],
  })
})
afterAll(() => server.stop(100))

const form = { 'Content-Type': 'application/x-www-form-urlencoded' }
async function post(path: string, body: string, headers: Record<string, string> = form, method = 'POST') {
  const init = method === 'POST' ? { method, body, headers } : { method, headers }
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`, init)
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() }
}

test('a dial is answered in the partner’s own bytes', async () => {
  expect(await post('/partner/k3y/ussd', 'text=1')).toEqual({
    status: 200,
    type: 'text/plain',
    text: 'CON you typed 1',
  })
})

test('a sale that a seller asks about is answered in its own bytes', async () => {
  for (const [id, known] of [
    ['ours', true],
    ['forged', false],
  ] as const) {
    expect(await post('/partner/k3y/sale', `id=${id}`)).toEqual({
      ...{ status: 200, type: 'application/json', text: JSON.stringify({ known }) },
    })
  }
})

test('a wrong key, an unknown partner and an unknown path get the same bytes', async () => {
  const wrongKey = await post('/partner/guess/ussd', 'text=1')
  expect(wrongKey.status).toBe(404)
  for (const path of [
    '/partner/K3Y/ussd',
    '/nobody/k3y/ussd',
    '/partner/k3y/nothing',
    '/partner//ussd',
    '/partner/%zz/ussd',
    '/x',
  ]) {
    expect(await post(path, 'text=1')).toEqual(wrongKey)
  }
  expect(await post('/partner/guess/ussd', '', {}, 'GET')).toEqual(wrongKey)
})

describe('a bad request is told what is wrong with it, and nothing else', () => {
  test.each([
    ['a missing field', () => post('/partner/k3y/ussd', 'x=1'), 400, 'text is missing'],
    ['a GET', () => post('/partner/k3y/ussd', '', {}, 'GET'), 405, 'callbacks are posted'],
    [
      'JSON',
      () => post('/partner/k3y/ussd', '{}', { 'Content-Type': 'application/json' }),
      415,
      'the body must be application/x-www-form-urlencoded',
    ],
    [
      'a body that never ends',
      () => post('/partner/k3y/ussd', `text=${'1'.repeat(20_000)}`),
      413,
      'the body must be at most 16384 bytes',
    ],
    [
      'something we could not store',
      () => post('/partner/k3y/sms', 'number=full'),
      503,
      'not stored; please send it again',
    ],
  ])('%s', async (_name, call, status, detail) => {
    const answer = await call()
    expect(answer.status).toBe(status)
    expect(answer.type).toBe('application/problem+json')
    expect(JSON.parse(answer.text)).toMatchObject({ status, detail })
    expect(answer.text).not.toMatch(/at .*\.ts|254700/)
  })
})

test('other callbacks are acknowledged once they are accepted', async () => {
  expect(await post('/partner/k3y/sms', 'number=1')).toEqual({ status: 200, type: 'text/plain', text: 'OK' })
  expect(accepted).toEqual([{ kind: 'opt_out', number: '1' }])
})

test('a sender that goes away half way leaves the server well', async () => {
  const socket = connect(server.port, '127.0.0.1')
  socket.write(
    'POST /partner/k3y/ussd HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\ntext=',
  )
  await new Promise((resolve) => setTimeout(resolve, 50))
  socket.destroy()
  expect((await post('/partner/k3y/ussd', 'text=2')).text).toBe('CON you typed 2')
})

test('liveness needs nothing; readiness says what each check found', async () => {
  expect((await post('/livez', '', {}, 'GET')).text).toBe('ok\n')
  expect(JSON.parse((await post('/readyz', '', {}, 'GET')).text)).toEqual({ ready: true, checks: { database: 'ok' } })
})
