import { afterAll, beforeAll, expect, test } from 'vitest'
import { openMessages, openTransfers } from '../../src/http/open-work.ts'
import { deliverSms } from '../../src/sms/deliver.ts'
import { type LedgerWorld, openWorld, quoted, resolve } from '../ledger/world.ts'
import { makeLink, makeWorld, type SmsWorld } from '../sms/world.ts'

let ledger: LedgerWorld
let sms: SmsWorld
beforeAll(async () => {
  ledger = await openWorld()
  sms = await makeWorld()
})
afterAll(async () => {
  await ledger?.drop()
  await sms?.db.drop()
})

test('a transfer is open until it is posted', async () => {
  const quote = quoted(await ledger.quoteSend(await ledger.person(100_000n), await ledger.person(0n), 1_000n))
  await ledger.hold(quote)
  expect(await openTransfers(ledger.app)).toEqual([{ state: 'HELD', count: 1, oldestS: expect.any(Number) }])
  await resolve(ledger.app, quote.id, 'post')
  expect(await openTransfers(ledger.app)).toEqual([])
})

test('a message is open until it was sent', async () => {
  const { id } = await sms.enqueue()
  expect(await openMessages(sms.db.app)).toEqual([{ state: 'queued', count: 1, oldestS: expect.any(Number) }])
  sms.services.links = [makeLink('mno1')]
  await deliverSms(sms.services, id)
  expect(await openMessages(sms.db.app)).toEqual([])
})
