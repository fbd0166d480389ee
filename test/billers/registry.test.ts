import { afterAll, beforeAll, expect, test } from 'vitest'
import { type FakeBillers, startFakeBillers } from '../../scripts/fakes/billers.ts'
import type { Biller } from '../../src/billers/biller.ts'
import { makeBillers } from '../../src/billers/registry.ts'
import { type TransferId, uuidv7 } from '../../src/domain/ids.ts'
import { readBillers } from '../../src/settings-partners.ts'
import { makeReader } from '../../src/settings-reader.ts'

let fakes: FakeBillers
let billers: ReadonlyMap<string, Biller>
beforeAll(async () => {
  fakes = await startFakeBillers(0)
  billers = makeBillers({ billers: readBillers(makeReader({ BILLERS: fakes.setting }, () => '')), airtime: null })
})
afterAll(() => fakes?.close())

/** What every biller must pass; whoever adds one adds a row. */
const cases = [
  { id: 'city-power', account: '12345678901', wrong: '12345678999', due: null, token: /^\d{20}$/ },
  { id: 'city-water', account: '1234567', wrong: '1234599', due: 97_000n, token: null },
  { id: 'green-school', account: '12345678', wrong: '12345699', due: null, token: null },
]

test('every biller of the demo has its case', () => {
  expect(cases.map(({ id }) => id)).toEqual([...billers.keys()])
})

test.each(cases)('$id checks, takes a payment once however often it is sent, and answers for it', async (each) => {
  const biller = billers.get(each.id) as Biller
  expect(each.account).toHaveLength(biller.accountDigits)
  expect(await biller.check(each.account)).toMatchObject({ kind: 'known', due: each.due })
  expect(await biller.check(each.wrong)).toEqual({ kind: 'unknown_account' })
  const payment = { reference: uuidv7() as TransferId, account: each.account, amount: 5_000n, currency: 'KES' } as const
  expect(await biller.query(payment)).toEqual({ kind: 'not_found' })
  const paid = await biller.pay(payment)
  expect(paid).toMatchObject({ kind: 'done' })
  if (each.token !== null) expect(paid).toMatchObject({ receipt: { token: expect.stringMatching(each.token) } })
  expect(await biller.pay(payment)).toEqual(paid)
  expect(await biller.query(payment)).toEqual(paid)
  expect(fakes.payments().filter(({ reference }) => reference === payment.reference)).toHaveLength(1)
  expect(await biller.pay({ ...payment, reference: uuidv7() as TransferId, account: each.wrong })).toMatchObject({
    kind: 'refused',
  })
})

test('the fakes can be steered over HTTP', async () => {
  const control = (body: object) => fetch(`${fakes.url}/control`, { method: 'POST', body: JSON.stringify(body) })
  expect((await control({ id: 'city-water', refuse: true })).status).toBe(200)
  const payment = { reference: uuidv7() as TransferId, account: '1234567', amount: 5_000n, currency: 'KES' } as const
  expect(await billers.get('city-water')?.pay(payment)).toMatchObject({ kind: 'refused' })
  expect((await control({ id: 'nobody' })).status).toBe(404)
})
