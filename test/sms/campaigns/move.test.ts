import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Database } from '../../../src/database/database.ts'
import type { Msisdn } from '../../../src/domain/msisdn.ts'
import { openCampaigns } from '../../../src/http/open-work.ts'
import { type MoveServices, moveNextBatch } from '../../../src/sms/campaigns/move.ts'
import { startCampaignMover } from '../../../src/sms/campaigns/mover.ts'
import { deliverSms } from '../../../src/sms/deliver.ts'
import { pause } from '../../aggregators/smpp/support.ts'
import { makeLink, refusing } from '../world.ts'
import { type CampaignWorld, listOf, makeCampaignWorld, NOON } from './world.ts'

let world: CampaignWorld
beforeAll(async () => {
  world = await makeCampaignWorld()
})
beforeEach(async () => {
  world.clock.ms = NOON
  world.move.quiet.hours = null
  world.rung.length = 0
  await world.sms.db.owner.query(
    `UPDATE sms_campaign SET state = 'done'; UPDATE sms_outbox SET state = 'sent', ring_at = NULL`,
  )
})
afterAll(() => world.sms.db.drop())

const rows = (count: number) => ({ audience: { kind: 'list', rows: listOf(count) } }) as const

/** Takes what is in the outbox to a link; what was put off is not waited for. */
async function deliverAll(id: string, services = world.sms.services): Promise<void> {
  const { rows: open } = await world.sms.db.app.query<{ id: string }>(
    'SELECT id FROM sms_outbox WHERE campaign_id = $1 AND ring_at IS NOT NULL ORDER BY created_at',
    [id],
  )
  for (const message of open) await deliverSms(services, message.id)
}

test('nothing is sent before the start, and everything once after it', async () => {
  const link = makeLink('mno1')
  world.sms.services.links = [link]
  const id = await world.started(rows(50))
  let steps = 0
  for (; (await world.stateOf(id)) === 'running' && steps < 400; steps += 1) {
    await world.moveAll()
    await deliverAll(id)
    world.clock.ms += 1_000
  }
  expect(await world.stateOf(id)).toBe('done')
  expect(link.sent).toHaveLength(50)
  expect(new Set(link.sent.map(({ to }) => to)).size).toBe(50)
  expect(new Set(link.sent.map(({ priority }) => priority))).toEqual(new Set(['bulk']))
  expect(link.sent[7]?.text).toBe('Dear Person 7, hello.')
  expect(await world.results(id)).toMatchObject({ sent: 50, waiting: 0, segments: 50, cost: 4_000n })
  expect(world.rung).toHaveLength(50)
})

describe('the pace', () => {
  test.each([7, 90, 250])('of %i a minute is kept in every minute, and nearly reached', async (perMinute) => {
    const id = await world.started({ ...rows(600), perMinute })
    const moved: number[] = []
    for (let second = 0; second < 125; second += 1) {
      const queued = await world.moveAll()
      await world.sms.db.owner.query(`UPDATE sms_outbox SET state = 'sent', ring_at = NULL WHERE campaign_id = $1`, [
        id,
      ])
      for (let n = 0; n < queued; n += 1) moved.push(world.clock.ms)
      world.clock.ms += 1_000
    }
    const inMinuteOf = (ms: number) => moved.filter((each) => each >= ms && each < ms + 60_000).length
    expect(Math.max(...moved.map(inMinuteOf))).toBe(perMinute)
    expect(moved.length).toBeGreaterThanOrEqual(perMinute * 2)
  })

  test('is kept by a campaign that is paused and resumed over and over', async () => {
    const id = await world.started({ ...rows(200), perMinute: 30 })
    for (let round = 0; round < 40; round += 1) {
      await world.steer(id, 'pause')
      await world.steer(id, 'resume')
      await world.sms.db.owner.query('UPDATE sms_campaign SET next_at = $2 WHERE id = $1', [id, new Date(NOON)])
      await world.moveAll()
      await world.sms.db.owner.query(`UPDATE sms_outbox SET state = 'sent', ring_at = NULL WHERE campaign_id = $1`, [
        id,
      ])
    }
    expect(await world.inOutbox(id)).toBe(30)
  })

  test('is kept by two workers together, who write to nobody twice', async () => {
    const id = await world.started({ ...rows(400), perMinute: 120 })
    for (let second = 0; second < 30; second += 1) {
      await Promise.all([1, 2, 3].map(() => world.moveAll()))
      await world.sms.db.owner.query(`UPDATE sms_outbox SET state = 'sent', ring_at = NULL WHERE campaign_id = $1`, [
        id,
      ])
      world.clock.ms += 1_000
    }
    const { rows: counted } = await world.sms.db.app.query<{ messages: number; people: number }>(
      'SELECT count(*)::int AS messages, count(DISTINCT recipient_index)::int AS people FROM sms_outbox WHERE campaign_id = $1',
      [id],
    )
    expect(counted[0]?.messages).toBe(counted[0]?.people)
    expect(counted[0]?.messages).toBeGreaterThanOrEqual(58)
    expect(counted[0]?.messages).toBeLessThanOrEqual(62)
  })

  test('a link that is down piles up one minute’s messages, and not more', async () => {
    const id = await world.started({ ...rows(500), perMinute: 30 })
    for (let second = 0; second < 600; second += 10) {
      await world.moveAll()
      world.clock.ms += 10_000
    }
    expect(await world.inOutbox(id)).toBe(30)
  })
})

describe('whoever dies in the middle has done all of a batch or nothing', () => {
  const dyingAt = (moment: 'before the commit' | 'after the commit'): Database => ({
    ...world.sms.db.app,
    async transaction(work) {
      const result = await world.sms.db.app.transaction(async (tx) => {
        const done = await work(tx)
        if (moment === 'before the commit') throw new Error('killed')
        return done
      })
      if (result === undefined) throw new Error('nothing came of it')
      throw new Error('killed')
    },
  })

  test.each([
    ['before the commit', 0],
    ['after the commit', 10],
  ] as const)('killed %s', async (moment, expected) => {
    const id = await world.started({ ...rows(20), perMinute: 600 })
    await expect(moveNextBatch({ ...world.move, database: dyingAt(moment) })).rejects.toThrow('killed')
    expect(await world.inOutbox(id)).toBe(expected)
    expect(world.rung).toEqual([])
    for (let second = 0; second < 60; second += 1) {
      world.clock.ms += 1_000
      await world.moveAll()
    }
    expect(await world.inOutbox(id)).toBe(20)
    expect(await world.results(id)).toMatchObject({ queued: 20, waiting: 0 })
  })

  test.each([2, 5, 11])('killed at its statement %i', async (fatal) => {
    const id = await world.started({ ...rows(20), perMinute: 600 })
    const dying: Database = {
      ...world.sms.db.app,
      transaction: (work) =>
        world.sms.db.app.transaction((tx) => {
          let statements = 0
          return work({
            query(...args) {
              statements += 1
              if (statements === fatal) throw new Error('killed')
              return tx.query(...args)
            },
          })
        }),
    }
    await expect(moveNextBatch({ ...world.move, database: dying })).rejects.toThrow('killed')
    expect(await world.inOutbox(id)).toBe(0)
    expect(await world.results(id)).toMatchObject({ waiting: 20 })
  })

  test('a campaign that cannot be moved does not keep the others waiting', async () => {
    const broken = await world.started(rows(3))
    world.clock.ms += 10
    const whole = await world.started(rows(3))
    await world.sms.db.owner.query(`UPDATE sms_campaign SET texts_sealed = 'x' WHERE id = $1`, [broken])
    await expect(world.moveAll()).rejects.toThrow()
    await world.moveAll()
    expect([await world.inOutbox(broken), await world.inOutbox(whole)]).toEqual([0, 1])
  })
})

describe('hours', () => {
  const hours = { from: 21 * 60, to: 7 * 60 }
  const hour = 3_600_000

  test('nothing moves in quiet hours, and the morning goes on by itself', async () => {
    world.move.quiet.hours = hours
    const id = await world.started({ ...rows(100), perMinute: 1 })
    const moved: number[] = []
    for (let quarter = 0; quarter < 100; quarter += 1) {
      if ((await world.moveAll()) > 0) moved.push(((world.clock.ms - NOON) / hour + 12) % 24)
      await world.sms.db.owner.query(`UPDATE sms_outbox SET state = 'sent', ring_at = NULL WHERE campaign_id = $1`, [
        id,
      ])
      world.clock.ms += hour / 4
    }
    expect(moved.filter((at) => at >= 21 || at < 7)).toEqual([])
    expect([Math.min(...moved), Math.max(...moved)]).toEqual([7, 20.75])
  })

  test('a window narrows them further', async () => {
    world.move.quiet.hours = hours
    await world.started({ ...rows(100), perMinute: 1, window: { from: 13 * 60, to: 14 * 60 } })
    expect(await world.moveAll()).toBe(0)
    world.clock.ms += hour
    expect(await world.moveAll()).toBe(1)
    world.clock.ms += hour
    expect(await world.moveAll()).toBe(0)
  })

  test('what was moved before them waits in the outbox', async () => {
    const id = await world.started(rows(1))
    await world.moveAll()
    const link = makeLink('mno1')
    const quiet = { hours, timeZone: 'Africa/Nairobi', now: () => NOON + 10 * hour }
    await deliverAll(id, { ...world.sms.services, links: [link], quiet })
    expect([link.sent, await world.results(id)]).toMatchObject([[], { queued: 1 }])
  })
})

describe('pause, resume and cancel', () => {
  test('a pause holds back what is in the outbox too, and a resumed campaign sends it', async () => {
    const link = makeLink('mno1')
    const services = { ...world.sms.services, links: [link] }
    const id = await world.started({ ...rows(5), perMinute: 120 })
    await world.moveAll()
    expect(await world.steer(id, 'pause')).toEqual({ kind: 'moved', to: 'paused' })
    world.clock.ms += 60_000
    expect(await world.moveAll()).toBe(0)
    await deliverAll(id, services)
    expect(link.sent).toEqual([])
    expect(await openCampaigns(world.sms.db.app)).toEqual([{ state: 'paused', count: 1, waiting: 3 }])
    await world.steer(id, 'resume')
    await world.sms.db.owner.query('UPDATE sms_outbox SET not_before = now() WHERE campaign_id = $1', [id])
    await world.sms.db.owner.query('UPDATE sms_campaign SET next_at = $2 WHERE id = $1', [id, new Date(world.clock.ms)])
    await world.moveAll()
    await deliverAll(id, services)
    expect(link.sent.length).toBeGreaterThan(2)
  })

  test('a cancelled campaign sends nothing more, and its results say what it did not send', async () => {
    const link = makeLink('mno1')
    const id = await world.started({ ...rows(5), perMinute: 120 })
    await world.moveAll()
    await world.steer(id, 'cancel')
    await deliverAll(id, { ...world.sms.services, links: [link] })
    world.clock.ms += 60_000
    expect(await world.moveAll()).toBe(0)
    expect([link.sent, await world.results(id)]).toMatchObject([[], { cancelled: 2, waiting: 3, segments: 0 }])
  })

  test('only what makes sense can be done, each time with an audit row', async () => {
    const id = await world.started(rows(1))
    const done = []
    for (const how of ['start', 'resume', 'pause', 'pause', 'resume', 'cancel', 'cancel', 'resume', 'start'] as const)
      done.push((await world.steer(id, how)).kind)
    const no = 'not_possible'
    expect(done).toEqual([no, no, 'moved', no, 'moved', 'moved', no, no, no])
    const { rows: audit } = await world.sms.db.app.query<{ action: string }>(
      'SELECT action FROM audit_event WHERE subject = $1 ORDER BY at, id',
      [id],
    )
    expect(audit.map(({ action }) => action)).toEqual(
      ['created', 'started', 'paused', 'resumed', 'cancelled'].map((what) => `campaign.${what}`),
    )
    expect(await world.steer('00000000-0000-7000-8000-000000000000', 'start')).toEqual({ kind: 'unknown' })
  })
})

test('who is passed over and why, who opted out before and after, and what it cost are in the results', async () => {
  const { owner } = world.sms.db
  const { sealer } = world.sms.services
  const tier = 'results'
  const [before, later, closed, french, failed, fine] = (await Promise.all(
    Array.from({ length: 6 }, () => world.person({ tier, language: 'en' })),
  )) as [Msisdn, Msisdn, Msisdn, Msisdn, Msisdn, Msisdn]
  const stopped = await world.person({ tier, language: 'en' })
  const segment = { languages: [], tiers: [tier], statuses: [], enrolledFrom: null, enrolledBefore: null }
  const id = await world.started({ audience: { kind: 'segment', segment }, otherwise: null, perMinute: 600 })
  const index = (number: Msisdn) => sealer.index(number, 'subscriber.number')
  await world.sms.optOut(before)
  await owner.query(`UPDATE subscriber SET status = 'closed' WHERE number_index = $1`, [index(closed)])
  await owner.query(`UPDATE subscriber SET language = 'fr' WHERE number_index = $1`, [index(french)])
  await world.moveAll()
  expect(await world.inOutbox(id)).toBe(4)
  await world.sms.optOut(stopped)
  const link = makeLink('mno1')
  link.script = (message, count) =>
    message.to === failed
      ? refusing('bad number', false)(message, count)
      : { kind: 'accepted', providerIds: [`r${count}`], segments: 1 }
  await deliverAll(id, { ...world.sms.services, links: [link] })
  await world.sms.optOut(later)
  expect(link.sent.map(({ to }) => to).sort()).toEqual([later, failed, fine].sort())
  expect(await world.results(id)).toEqual({
    ...{ waiting: 0, queued: 0, sent: 2, delivered: 0, failed: 0, refused: 1, expired: 0, unknown: 0 },
    ...{ optedOut: 2, cancelled: 0, closed: 1, withoutText: 1, stops: 1, segments: 2, cost: 160n, currency: 'KES' },
  })
})

test('workers look by themselves, by PostgreSQL’s clock, and two of them send everything once', async () => {
  const failures: unknown[] = []
  const services: MoveServices & Parameters<typeof startCampaignMover>[0] = {
    ...world.move,
    clock: null,
    events: { ...world.move.events, campaignFailed: ({ error }) => void failures.push(error) },
  }
  world.clock.ms = Date.now() - 1_000
  const id = await world.started({ ...rows(40), perMinute: 3_000 })
  const movers = [startCampaignMover(services, 20), startCampaignMover(services, 20)]
  try {
    for (let tries = 0; (await world.inOutbox(id)) < 40 && tries < 500; tries += 1) await pause(20)
  } finally {
    for (const mover of movers) await mover.close()
  }
  expect(failures).toEqual([])
  expect(await world.results(id)).toMatchObject({ queued: 40, waiting: 0 })
})
