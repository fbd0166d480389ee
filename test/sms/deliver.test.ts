import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type CodingProfile, ordinaryCoding } from '../../src/aggregators/smpp/coding-profile.ts'
import { countSegments } from '../../src/aggregators/smpp/short-message.ts'
import { deliverSms, LEASE_SECONDS } from '../../src/sms/deliver.ts'
import { enqueueSms } from '../../src/sms/outbox.ts'
import { deriveCode } from '../../src/subscribers/code.ts'
import { countSms, findSmsTo, readSmsHistory } from './history.ts'
import { AMINA, losing, makeLink, makeWorld, refusing, type SmsWorld } from './world.ts'

let world: SmsWorld
beforeAll(async () => {
  world = await makeWorld()
})
beforeEach(() => {
  world.submitted.length = 0
})
afterAll(() => world.db.drop())

describe('the outbox', () => {
  test('one fact is told once', async () => {
    const sms = {
      factKey: 'once',
      subscriberId: null,
      to: AMINA,
      body: { kind: 'text', text: 'x' },
      priority: 'receipt',
      expiresAt: null,
    } as const
    expect(await enqueueSms(world.db.app, world.services.sealer, sms)).toMatchObject({
      version: 1,
      priority: 'receipt',
    })
    expect(await enqueueSms(world.db.app, world.services.sealer, sms)).toBeNull()
  })

  test('a message is there with its fact or not at all', async () => {
    await expect(
      world.db.app.transaction(async (tx) => {
        await enqueueSms(tx, world.services.sealer, {
          factKey: 'rolled back',
          subscriberId: null,
          to: AMINA,
          body: { kind: 'text', text: 'x' },
          priority: 'receipt',
          expiresAt: null,
        })
        throw new Error('no')
      }),
    ).rejects.toThrow('no')
    const { rows } = await world.db.app.query("SELECT FROM sms_outbox WHERE fact_key = 'rolled back'")
    expect(rows).toEqual([])
  })

  test('neither number nor text can be read from it', async () => {
    const { id } = await world.enqueue({ body: { kind: 'text', text: 'canary text' } })
    const { rows } = await world.db.app.query<Record<string, unknown>>('SELECT * FROM sms_outbox WHERE id = $1', [id])
    const row = Object.values(rows[0] ?? {}).map((value) =>
      Buffer.isBuffer(value) ? value.toString('latin1') : String(value),
    )
    expect(row.length).toBeGreaterThan(10)
    for (const value of row) expect(value).not.toMatch(/canary|254700/)
  })

  test('its history cannot be edited by the application', async () => {
    for (const sql of [
      "UPDATE sms_event SET kind = 'sent'",
      'DELETE FROM sms_event',
      'DELETE FROM sms_outbox',
      'TRUNCATE sms_attempt',
      "UPDATE sms_outbox SET fact_key = 'x'",
    ]) {
      await expect(world.db.app.query(sql)).rejects.toThrow('permission denied')
    }
  })
})

describe('delivering', () => {
  test('a message goes out once, however often its job runs', async () => {
    const link = makeLink('mno1')
    world.services.links = [link]
    const { id } = await world.enqueue()
    await Promise.all([1, 2, 3, 4, 5].map(() => deliverSms(world.services, id)))
    await deliverSms(world.services, id)
    expect(link.sent).toHaveLength(1)
    expect(link.sent[0]).toMatchObject({ id, to: AMINA, from: 'NYOTA', text: 'You sent KES 10.', priority: 'receipt' })
    expect(await world.stateOf(id)).toBe('sent')
    expect(await world.kindsOf(id)).toEqual(['queued', 'attempted', 'accepted'])
  })

  test('the attempt is committed before the link is asked', async () => {
    const { id } = await world.enqueue()
    const seen: unknown[] = []
    const link = makeLink('mno1')
    link.script = async () => {
      const { rows } = await world.db.owner.query('SELECT state, number FROM sms_attempt WHERE outbox_id = $1', [id])
      seen.push(...rows)
      return { kind: 'accepted', providerIds: ['p'], segments: 1 }
    }
    world.services.links = [link]
    await deliverSms(world.services, id)
    expect(seen).toEqual([{ state: 'started', number: 1 }])
  })

  test('an attempt has as many segments as its own link counts, and so many reports unless one comes for all', async () => {
    const wide: CodingProfile = { ...ordinaryCoding, long: 'udh16' }
    const spanish: CodingProfile = { ...ordinaryCoding, national: ['spanish'] }
    const countedBy =
      (coding: CodingProfile) =>
      (text: string): number =>
        countSegments(text, coding)
    const script = refusing('ESME_RSYSERR', true)
    world.services.links = [
      makeLink('api', { script }),
      makeLink('wide', { script, segments: countedBy(wide) }),
      makeLink('spanish', { script, segments: countedBy(spanish) }),
      makeLink('payload', {
        script,
        segments: countedBy({ ...ordinaryCoding, long: 'payload' }),
        reports: 'per_message',
      }),
    ]
    const counted = async (text: string): Promise<unknown[]> => {
      const { id } = await world.enqueue({ body: { kind: 'text', text } })
      await deliverSms(world.services, id)
      const sql = 'SELECT link, segments, reports FROM sms_attempt WHERE outbox_id = $1 ORDER BY number'
      const { rows } = await world.db.app.query<{ link: string; segments: number; reports: number }>(sql, [id])
      return rows.map(({ link, segments, reports }) => [link, segments, reports])
    }
    expect(await counted('a'.repeat(306))).toEqual([
      ['api', 2, 2],
      ['wide', 3, 3],
      ['spanish', 2, 2],
      ['payload', 2, 1],
    ])
    expect(await counted(`${'a'.repeat(100)}á`)).toEqual([
      ['api', 2, 2],
      ['wide', 2, 2],
      ['spanish', 1, 1],
      ['payload', 2, 1],
    ])
  })

  test('a refusal goes to the next link, longest prefix first', async () => {
    const all = makeLink('all')
    const country = makeLink('country', { prefixes: ['254'], script: refusing('ESME_RTHROTTLED', true) })
    const network = makeLink('network', { prefixes: ['25471', '25470'], script: refusing('ESME_RSYSERR', true) })
    const other = makeLink('other', { prefixes: ['25473'] })
    world.services.links = [all, other, country, network]
    const { id } = await world.enqueue()
    await deliverSms(world.services, id)
    const attempted = (await readSmsHistory(world.db.app, id)).filter((event) => event.kind === 'attempted')
    expect(attempted.map((event) => event.link)).toEqual(['network', 'country', 'all'])
    expect(other.sent).toEqual([])
    expect(await world.stateOf(id)).toBe('sent')
  })

  test('a refusal for good ends it, with the reason', async () => {
    const spare = makeLink('spare')
    world.services.links = [makeLink('mno1', { script: refusing('ESME_RINVDSTADR', false) }), spare]
    const { id } = await world.enqueue()
    await deliverSms(world.services, id)
    expect(await world.stateOf(id)).toBe('refused')
    expect(spare.sent).toEqual([])
    expect((await readSmsHistory(world.db.app, id)).at(-1)).toMatchObject({
      kind: 'refused',
      link: 'mno1',
      reason: 'ESME_RINVDSTADR',
    })
  })

  test('when every link refuses, it waits longer each time and is not tried before', async () => {
    const link = makeLink('mno1', { script: refusing('ESME_RMSGQFUL', true) })
    world.services.links = [link]
    const { id } = await world.enqueue()
    const waits: number[] = []
    for (let round = 0; round < 4; round += 1) {
      await deliverSms(world.services, id)
      await deliverSms(world.services, id)
      const { rows } = await world.db.app.query<{ wait: number }>(
        'SELECT extract(epoch FROM not_before - now())::float8 AS wait FROM sms_outbox WHERE id = $1',
        [id],
      )
      waits.push(Math.round(rows[0]?.wait ?? 0))
      await world.age(id, waits.at(-1) ?? 0)
    }
    expect(waits).toEqual([5, 15, 45, 120])
    expect(link.sent).toHaveLength(4)
    link.script = () => ({ kind: 'accepted', providerIds: ['p'], segments: 1 })
    await world.age(id, 1)
    await deliverSms(world.services, id)
    expect(await world.stateOf(id)).toBe('sent')
  })

  test('with no link up it waits, without using up attempts or filling the history', async () => {
    const link = makeLink('mno1')
    link.up = false
    world.services.links = [link]
    const { id } = await world.enqueue()
    for (let round = 0; round < 5; round += 1) {
      await deliverSms(world.services, id)
      await world.age(id, 20)
    }
    expect(await world.kindsOf(id)).toEqual(['queued', 'postponed'])
    link.up = true
    await deliverSms(world.services, id)
    expect(await world.kindsOf(id)).toEqual(['queued', 'postponed', 'attempted', 'accepted'])
  })

  test('a number that no link serves waits too', async () => {
    world.services.links = [makeLink('elsewhere', { prefixes: ['256'] })]
    const { id } = await world.enqueue()
    await deliverSms(world.services, id)
    expect(await world.stateOf(id)).toBe('queued')
  })

  test('what has expired is not sent', async () => {
    const link = makeLink('mno1')
    world.services.links = [link]
    const { id } = await world.enqueue({ expiresAt: new Date(Date.now() + 60_000) })
    await world.age(id, 61)
    await deliverSms(world.services, id)
    expect(link.sent).toEqual([])
    expect(await world.stateOf(id)).toBe('expired')
  })

  test('the network is told how long a message is worth anything', async () => {
    const link = makeLink('mno1')
    world.services.links = [link]
    const { id } = await world.enqueue({ expiresAt: new Date(Date.now() + 600_000) })
    await deliverSms(world.services, id)
    expect(link.sent[0]?.validForMs).toBeGreaterThan(595_000)
    expect(link.sent[0]?.validForMs).toBeLessThanOrEqual(600_000)
  })
})

describe('an unknown outcome', () => {
  test('is never tried again, on this link or another', async () => {
    const lost = makeLink('mno1', { script: losing })
    const spare = makeLink('spare')
    world.services.links = [lost, spare]
    const { id } = await world.enqueue()
    await deliverSms(world.services, id)
    await world.age(id, 100_000)
    await deliverSms(world.services, id)
    expect([lost.sent.length, spare.sent.length]).toEqual([1, 0])
    expect(await world.stateOf(id)).toBe('unknown')
    expect(await world.kindsOf(id)).toEqual(['queued', 'attempted', 'unknown'])
  })

  test('is what a process leaves that died at the socket', async () => {
    const link = makeLink('mno1')
    let release = (): void => undefined
    link.script = () =>
      new Promise((resolve) => {
        release = () => resolve({ kind: 'accepted', providerIds: ['late'], segments: 1 })
      })
    world.services.links = [link]
    const { id } = await world.enqueue()
    const dying = deliverSms(world.services, id)
    while (link.sent.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    await deliverSms(world.services, id)
    expect(await world.stateOf(id)).toBe('sending')
    await world.age(id, LEASE_SECONDS + 1)
    await deliverSms(world.services, id)
    expect(await world.stateOf(id)).toBe('unknown')
    expect((await readSmsHistory(world.db.app, id)).at(-1)).toMatchObject({ kind: 'unknown', reason: 'process_died' })
    // It was only very slow: what it knows still counts.
    release()
    await dying
    expect(await world.stateOf(id)).toBe('sent')
    expect(link.sent).toHaveLength(1)
  })

  test('a process that died between two links goes on with the next', async () => {
    const { id } = await world.enqueue()
    await world.db.owner.query("UPDATE sms_outbox SET state = 'sending', attempts = 1 WHERE id = $1", [id])
    await world.db.owner.query(
      "INSERT INTO sms_attempt (outbox_id, number, link, state, segments, reports, recipient_index, ended_at) SELECT id, 1, 'mno1', 'refused', 1, 1, recipient_index, now() FROM sms_outbox WHERE id = $1",
      [id],
    )
    world.services.links = [makeLink('spare')]
    await deliverSms(world.services, id)
    expect(await world.stateOf(id)).toBe('sending')
    await world.age(id, LEASE_SECONDS + 1)
    await deliverSms(world.services, id)
    await world.age(id, 10)
    await deliverSms(world.services, id)
    expect(await world.stateOf(id)).toBe('sent')
  })

  test('is counted', async () => {
    expect((await countSms(world.db.app)).unknown).toBeGreaterThanOrEqual(1)
  })
})

describe('a code', () => {
  test('is put into its text only on the way to the link', async () => {
    const link = makeLink('mno1')
    world.services.links = [link]
    const challengeId = '01890a5d-ac96-774b-bcce-b302099a8057'
    const { id, priority } = await world.enqueue({ body: { kind: 'code', challengeId, text: 'Your code is {code}.' } })
    expect(priority).toBe('code')
    await deliverSms(world.services, id)
    const code = deriveCode(world.services.otpKey, challengeId).reveal()
    expect(link.sent[0]).toMatchObject({ text: `Your code is ${code}.`, priority: 'code' })
    const { rows } = await world.db.app.query<{ body_sealed: Buffer }>(
      'SELECT body_sealed FROM sms_outbox WHERE id = $1',
      [id],
    )
    const stored = world.services.sealer.open(rows[0]?.body_sealed ?? Buffer.alloc(0), `sms_outbox.body:${id}`)
    expect(stored).toBe('Your code is {code}.')
    expect(JSON.stringify(world.submitted)).not.toContain(code)
  })

  test('without a mark for it is a bug that shows at once', async () => {
    await expect(world.enqueue({ body: { kind: 'code', challengeId: 'c', text: 'Your code is' } })).rejects.toThrow(
      '{code}',
    )
  })
})

test('telemetry of an attempt names no number and no text', async () => {
  world.services.links = [makeLink('mno1', { script: refusing('busy', true) }), makeLink('spare')]
  const { id } = await world.enqueue()
  await deliverSms(world.services, id)
  expect(world.submitted.map(({ outcome, link }) => [outcome, link])).toEqual([
    ['refused', 'mno1'],
    ['accepted', 'spare'],
  ])
  expect(JSON.stringify(world.submitted)).not.toMatch(/2547|KES/)
  expect((await findSmsTo(world.db.app, world.services.sealer, AMINA, 1))[0]).toMatchObject({ id, state: 'sent' })
})
