import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { STATUS } from '../../../src/aggregators/smpp/codec.ts'
import type { Msisdn } from '../../../src/domain/msisdn.ts'
import { recordConsent } from '../../../src/sms/consent.ts'
import type { SmsCategory } from '../../../src/sms/informing.ts'
import { until } from '../../aggregators/smpp/support.ts'
import { type AccountsWorld, bindClient, makeAccountsWorld, submitOf } from './world.ts'

let world: AccountsWorld
let port = 0
beforeAll(async () => {
  world = await makeAccountsWorld()
  port = (await world.serve()).port
})
afterAll(() => world.close())
beforeEach(() => {
  world.sms.services.quiet = { hours: null, timeZone: 'Africa/Nairobi', now: Date.now }
})

let accounts = 0

/** A client whose messages are of that category; consent of the phone it writes to, to the service or to this client. */
async function open(category: SmsCategory, stops: readonly ('service' | 'client' | 'another client')[]) {
  accounts += 1
  const [systemId, phone] = [`client-${accounts}`, `25470000${String(1000 + accounts)}`]
  const password = await world.add(systemId, { category, volumeLeft: 10n })
  const other = await idOf((await world.add(`other-${accounts}`)) && `other-${accounts}`)
  const scopes = { service: {}, client: { account: await idOf(systemId) }, 'another client': { account: other } }
  for (const stop of stops)
    await recordConsent(world.sms.db.app, world.sms.services.sealer, {
      ...{ kind: 'stop', number: `+${phone}` as Msisdn, via: 'sms', link: 'mno1', messageId: null },
      ...scopes[stop],
    })
  const client = await bindClient(port, systemId, password)
  const sent = world.link.sent.length
  const answer = await client.ask('submit_sm', submitOf('Sale!', { destination_addr: phone }))
  expect(answer.status).toBe(STATUS.ok)
  await world.idle()
  const receipt = (): string =>
    client.delivered.map(({ fields }) => String(fields.short_message)).find((text) => text.includes('stat:')) ?? ''
  return { systemId, client, receipt, id: String(answer.fields.message_id), sent: () => world.link.sent.length - sent }
}

async function idOf(systemId: string): Promise<string> {
  const { rows } = await world.sms.db.app.query<{ id: string }>('SELECT id FROM smpp_account WHERE system_id = $1', [
    systemId,
  ])
  return rows[0]?.id ?? ''
}

describe('what a client sends to who wrote STOP', () => {
  test.each<[SmsCategory, readonly ('service' | 'client' | 'another client')[], 'sent' | 'withheld']>([
    ['campaign', [], 'sent'],
    ['campaign', ['service'], 'withheld'],
    ['campaign', ['client'], 'withheld'],
    ['campaign', ['another client'], 'sent'],
    ['informing', ['client'], 'withheld'],
    ['informing', ['service', 'client'], 'withheld'],
    ['transactional', ['service', 'client'], 'sent'],
  ])('%s, after a STOP to %j, is %s', async (category, stops, outcome) => {
    const { client, receipt, sent, id, systemId } = await open(category, stops)
    if (outcome === 'sent') {
      expect(sent()).toBe(1)
      return
    }
    expect(sent()).toBe(0)
    await until(() => receipt() !== '', 'the receipt')
    expect(receipt()).toMatch(/stat:REJECTD err:088/)
    expect((await client.ask('query_sm', { message_id: id })).fields).toMatchObject({
      message_state: 8,
      error_code: 88,
    })
    expect(await world.volumeOf(systemId)).toBe(10)
  })
})

describe('what a client sends during quiet hours', () => {
  test.each<[SmsCategory, number]>([
    ['campaign', 0],
    ['informing', 0],
    ['transactional', 1],
  ])('%s: %i leave', async (category, leave) => {
    const noon = Date.UTC(2026, 10, 23, 9)
    world.sms.services.quiet = { hours: { from: 11 * 60, to: 13 * 60 }, timeZone: 'Africa/Nairobi', now: () => noon }
    const { sent, systemId, receipt } = await open(category, [])
    expect(sent()).toBe(leave)
    if (leave > 0) return
    expect(await world.outboxOf(systemId)).toMatchObject([{ state: 'queued', later: true }])
    expect(receipt()).toBe('')
  })
})
