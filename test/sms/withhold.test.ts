import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Msisdn } from '../../src/domain/msisdn.ts'
import { deliverSms } from '../../src/sms/deliver.ts'
import type { OutgoingSms } from '../../src/sms/outbox.ts'
import { AMINA, JUMA, makeLink, makeWorld, type SmsWorld } from './world.ts'

const night = { from: 21 * 60, to: 7 * 60 }
/** 23 November 2026 in Nairobi. */
const at = (hour: number): number => Date.UTC(2026, 10, 23, hour - 3)

let world: SmsWorld
beforeAll(async () => {
  world = await makeWorld()
  await world.optOut(JUMA)
})
afterAll(() => world.db.drop())

/** Delivers once at that hour: what came of it, and how long it is put off. */
async function deliverAt(
  hour: number,
  sms: Partial<OutgoingSms>,
): Promise<{ state?: string; hours: number; sent: number }> {
  const link = makeLink('mno1')
  const { id } = await world.enqueue(sms)
  const quiet = { hours: night, timeZone: 'Africa/Nairobi', now: () => at(hour) }
  await deliverSms({ ...world.services, links: [link], quiet }, id)
  const { rows } = await world.db.app.query<{ state: string; hours: number }>(
    'SELECT state, round(extract(epoch FROM not_before - now()) / 3600)::int AS hours FROM sms_outbox WHERE id = $1',
    [id],
  )
  return { ...(rows[0] ?? { hours: 0 }), sent: link.sent.length }
}

describe('what is sent, by category, hour and consent', () => {
  const sent = { state: 'sent', hours: 0, sent: 1 }
  const stopped = { state: 'refused', hours: 0, sent: 0 }
  test.each<[NonNullable<OutgoingSms['category']>, number, Msisdn, { state: string; hours: number; sent: number }]>([
    ['transactional', 12, AMINA, sent],
    ['transactional', 12, JUMA, sent],
    ['transactional', 23, AMINA, sent],
    ['transactional', 23, JUMA, sent],
    ['informing', 12, AMINA, sent],
    ['informing', 12, JUMA, stopped],
    ['informing', 23, AMINA, { state: 'queued', hours: 8, sent: 0 }],
    ['informing', 23, JUMA, stopped],
    ['campaign', 12, AMINA, sent],
    ['campaign', 12, JUMA, stopped],
    ['campaign', 6, AMINA, { state: 'queued', hours: 1, sent: 0 }],
    ['campaign', 7, AMINA, sent],
  ])('%s at %s o’clock to %s', async (category, hour, to, expected) => {
    expect(await deliverAt(hour, { category, to })).toEqual(expected)
  })

  test('a code goes out at night to whoever opted out', async () => {
    const body = { kind: 'code', challengeId: 'c1', text: 'Code {code}' } as const
    expect(await deliverAt(2, { body, to: JUMA })).toEqual(sent)
  })

  test('STOP that comes after a message was queued stops it, and its history says so', async () => {
    const to = '+254700000077' as Msisdn
    const { id } = await world.enqueue({ category: 'informing', to })
    await world.optOut(to)
    const link = makeLink('mno1')
    await deliverSms({ ...world.services, links: [link] }, id)
    expect([await world.stateOf(id), link.sent]).toEqual(['refused', []])
    const { rows } = await world.db.app.query('SELECT kind, reason FROM sms_event WHERE outbox_id = $1 ORDER BY id', [
      id,
    ])
    expect(rows).toEqual([
      { kind: 'queued', reason: null },
      { kind: 'refused', reason: 'opted_out' },
    ])
  })

  test('what was put off for the night goes out in the morning', async () => {
    const link = makeLink('mno1')
    const { id } = await world.enqueue({ category: 'informing' })
    const quiet = (hour: number) => ({ hours: night, timeZone: 'Africa/Nairobi', now: () => at(hour) })
    await deliverSms({ ...world.services, links: [link], quiet: quiet(23) }, id)
    await world.age(id, 8 * 3_600)
    await deliverSms({ ...world.services, links: [link], quiet: quiet(31) }, id)
    expect(await world.stateOf(id)).toBe('sent')
  })

  test('a message that is to wait is not tried before, and lives for a day from then', async () => {
    const notBefore = new Date(Date.now() + 8 * 3_600_000)
    const { id } = await world.enqueue({ category: 'informing', notBefore })
    const link = makeLink('mno1')
    await deliverSms({ ...world.services, links: [link] }, id)
    expect([await world.stateOf(id), link.sent]).toEqual(['queued', []])
    const { rows } = await world.db.app.query(
      'SELECT ring_at = not_before AS rung, expires_at - not_before AS lives FROM sms_outbox WHERE id = $1',
      [id],
    )
    expect(rows).toEqual([{ rung: true, lives: expect.objectContaining({ days: 1 }) }])
  })
})
