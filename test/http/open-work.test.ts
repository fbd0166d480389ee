import { afterAll, beforeAll, expect, test } from 'vitest'
import { Secret } from '../../src/domain/secret.ts'
import { openIncoming, openMessages, openTransfers } from '../../src/http/open-work.ts'
import { deliverSms } from '../../src/sms/deliver.ts'
import { storeIncomingSms } from '../../src/sms/inbox.ts'
import { tidySms } from '../../src/sms/tidy.ts'
import { type LedgerWorld, openWorld, quoted, resolve } from '../ledger/world.ts'
import { AMINA, makeLink, makeWorld, type SmsWorld } from '../sms/world.ts'

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

test('what networks sent and nothing came of is counted until it is no longer looked at', async () => {
  const { database, sealer } = sms.services
  const counts = async () => (await openIncoming(database)).map(({ state, count }) => [state, count])
  expect(await counts()).toEqual([])
  await sms.report({ providerId: 'nobody’s' })
  for (const reference of [1, 2]) {
    const part = { reference, total: 3, number: 1 }
    const message = { link: 'mno1', id: null, from: AMINA, to: '22384', text: new Secret('first of three'), part }
    await database.transaction((tx) => storeIncomingSms(tx, sealer, message))
  }
  expect(await counts()).toEqual([
    ['unmatched_report', 1],
    ['waits_for_parts', 2],
  ])
  await sms.db.owner.query("UPDATE sms_inbox_part SET received_at = received_at - interval '2 hours'")
  await sms.db.owner.query("UPDATE sms_stray_report SET received_at = received_at - interval '3 days'")
  expect(await tidySms(database, sealer)).toBe(2)
  expect(await counts()).toEqual([['incomplete', 2]])
})
