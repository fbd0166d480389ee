import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createCampaign } from '../../../src/sms/campaigns/create.ts'
import type { Audience, CampaignDraft, Segment } from '../../../src/sms/campaigns/draft.ts'
import { type Plan, planCampaign } from '../../../src/sms/campaigns/plan.ts'
import { type CampaignWorld, GRACE, listOf, makeCampaignWorld } from './world.ts'

let world: CampaignWorld
beforeAll(async () => {
  world = await makeCampaignWorld()
  const people = [
    { language: 'sw', name: 'Amina Otieno', tier: 'basic', enrolledAt: '2026-03-01T00:00:00+03:00' },
    { language: 'sw', name: 'Baraka Odhiambo', status: 'enrolled', enrolledAt: '2026-02-28T23:59:59+03:00' },
    { language: 'en', name: 'Wanjirũ Mwangi' },
    { language: 'en', name: 'Gone Person', status: 'closed' },
  ]
  for (const person of people) await world.person(person)
})
afterAll(() => world.sms.db.drop())

const everybody: Segment = { languages: [], tiers: [], statuses: [], enrolledFrom: null, enrolledBefore: null }
const to = (segment: Partial<Segment>): Audience => ({ kind: 'segment', segment: { ...everybody, ...segment } })

async function plan(changes: Partial<CampaignDraft>): Promise<Plan> {
  const planned = await planCampaign(world.sms.db.app, world.create, world.draft(changes))
  if (planned.kind === 'bad') throw new Error(planned.problems.join('\n'))
  return planned.plan
}

describe('who is in a segment', () => {
  test.each<[string, Partial<Segment>, number]>([
    ['everybody but closed accounts', {}, 3],
    ['a language', { languages: ['sw'] }, 2],
    ['two languages', { languages: ['sw', 'en'] }, 3],
    ['a tier', { tiers: ['basic'] }, 1],
    ['a status', { statuses: ['enrolled'] }, 1],
    ['from a day on, in local time', { enrolledFrom: '2026-03-01' }, 1],
    ['before a day, in local time', { enrolledBefore: '2026-03-01' }, 2],
    [
      'everything at once',
      { languages: ['sw'], tiers: ['basic'], statuses: ['active'], enrolledFrom: '2026-03-01' },
      1,
    ],
  ])('%s', async (_what, segment, people) => {
    expect((await plan({ audience: to(segment) })).recipients).toBe(people)
  })
})

test('a segment’s plan says per language what people get, with a sample, and what it costs at most', async () => {
  const texts = { en: 'Dear {name}, hello.', sw: `${'Habari '.repeat(22)}{first_name}` }
  expect(await plan({ audience: to({}), texts, otherwise: null, segmentPrice: 80n, perMinute: 2 })).toMatchObject({
    recipients: 3,
    languages: [
      { language: 'sw', text: 'sw', recipients: 2, encoding: 'gsm7', segments: 2, totalSegments: 4 },
      { language: 'en', recipients: 1, segments: 1, totalSegments: 1, sample: 'Dear Wanjiru M., hello.' },
    ],
    totalSegments: 5,
    cost: 400n,
    minutes: 2,
  })
})

test('a list’s plan counts each message as it will be, and a number once', async () => {
  const long = 'x'.repeat(60)
  const rows = listOf(4, (index) => ({
    number: index === 3 ? '0722 000 000' : `07220${String(index).padStart(5, '0')}`,
    fields: { name: index === 1 ? long : 'Juma', note: 'n' },
  }))
  const texts = { en: `${'y'.repeat(120)} {name}` }
  expect(await plan({ audience: { kind: 'list', rows }, texts })).toMatchObject({
    recipients: 3,
    repeated: 1,
    totalSegments: 4,
    cost: 320n,
  })
})

test('somebody of a list gets the language of their row, then the one on file, then the other one', async () => {
  const onFile = await world.person({ language: 'sw' })
  const numbers = [onFile, onFile, '0722000001']
  const rows = (language: (string | null)[]) =>
    listOf(3, (index) => ({ number: numbers[index] ?? '', language: language[index] ?? null })).slice(1)
  const texts = { en: 'Hello', sw: 'Habari' }
  const languages = async (given: (string | null)[]) =>
    (await plan({ audience: { kind: 'list', rows: rows(given) }, texts, otherwise: 'en' })).listed.map(
      (one) => one.language,
    )
  expect(await languages([null, null, null])).toEqual(['sw', 'en'])
  expect(await languages([null, 'en', 'sw'])).toEqual(['en', 'sw'])
})

describe('what is refused before anything is stored', () => {
  const long = 'x'.repeat(307)
  test.each<[string, Partial<CampaignDraft>, RegExp]>([
    [
      'a field that nobody on file has',
      { audience: to({}), texts: { en: 'Your plot {plot}' } },
      /\{plot\}.*first_name, name/,
    ],
    ['a field that is no column', { texts: { en: 'Your plot {plot}' } }, /\{plot\}.*there are name/],
    ['a brace of no mark', { texts: { en: 'Dear {Name}' } }, /text in en has a brace/],
    ['no text', { texts: {}, otherwise: null }, /no text/],
    ['people without a text', { audience: to({ languages: ['sw'] }), otherwise: null }, /speak sw.*no text in it/],
    [
      'rows without a text',
      { audience: { kind: 'list', rows: listOf(2, () => ({ language: 'fr' })) }, otherwise: null },
      /2 people speak fr/,
    ],
    ['no text in the other language', { otherwise: 'am' }, /in am, and there is none/],
    ['a text of three SMS', { texts: { en: long } }, /en can take 3 SMS, and 2 are allowed/],
    ['a text of four SMS outside GSM-7', { texts: { en: 'ሰ'.repeat(202) } }, /en can take 4 SMS, and 3 are allowed/],
    [
      'a name that makes it three',
      { audience: to({ languages: ['en'] }), texts: { en: `${'x'.repeat(291)}{name}` } },
      /en can take 3 SMS/,
    ],
    [
      'a wrong number',
      { audience: { kind: 'list', rows: listOf(2, () => ({ number: '0201234567' })) } },
      /^Line 2: .*no mobile number/,
    ],
    [
      'an empty field',
      { audience: { kind: 'list', rows: listOf(1, () => ({ fields: { name: ' ' } })) } },
      /Line 2 has no name/,
    ],
    [
      'a field of a page',
      { audience: { kind: 'list', rows: listOf(1, () => ({ fields: { name: 'x'.repeat(61) } })) } },
      /Line 2: name is longer than 60/,
    ],
    [
      'a field in another alphabet',
      { audience: { kind: 'list', rows: listOf(1, () => ({ fields: { name: 'ሰላም' } })) } },
      /question marks/,
    ],
    ['nobody in the list', { audience: { kind: 'list', rows: [] } }, /names nobody/],
    ['nobody in the segment', { audience: to({ tiers: ['gold'] }) }, /Nobody on file/],
    ['a pace of nothing', { perMinute: 0 }, /from 1 to 6000/],
    ['a pace of half a message', { perMinute: 0.5 }, /from 1 to 6000/],
    ['no name', { name: '' }, /name must be one line/],
    ['a name of two lines', { name: 'a\nb' }, /name must be one line/],
  ])('%s', async (_what, changes, problem) => {
    const created = await createCampaign(world.create, world.draft(changes), GRACE)
    expect(created.kind === 'bad' ? created.problems : created).toEqual(
      expect.arrayContaining([expect.stringMatching(problem)]),
    )
    const { rows } = await world.sms.db.app.query(
      'SELECT FROM sms_campaign UNION ALL SELECT FROM sms_campaign_recipient',
    )
    expect(rows).toEqual([])
  })

  test('a window within the quiet hours', async () => {
    const quiet = { ...world.create.quiet, hours: { from: 1260, to: 420 } }
    const draft = world.draft({ window: { from: 1300, to: 1400 } })
    expect(await planCampaign(world.sms.db.app, { ...world.create, quiet }, draft)).toMatchObject({
      problems: [expect.stringMatching(/within the quiet hours/)],
    })
  })

  test('of very many problems the first are told', async () => {
    const rows = listOf(500, () => ({ number: 'x' }))
    const created = await createCampaign(world.create, world.draft({ audience: { kind: 'list', rows } }), GRACE)
    expect(created).toMatchObject({ kind: 'bad', problems: expect.arrayContaining(['And 480 more.']) })
  })
})

test('a campaign is stored with its people and an audit row; its name is taken then, and nobody can be read from it', async () => {
  const draft = world.draft({ audience: { kind: 'list', rows: listOf(1_200) }, texts: { en: 'canary {name}' } })
  const created = await createCampaign(world.create, draft, GRACE)
  expect(created).toMatchObject({ kind: 'created', plan: { recipients: 1_200 } })
  const { app } = world.sms.db
  const { rows } = await app.query<Record<string, unknown>>('SELECT * FROM sms_campaign_recipient')
  expect(rows).toHaveLength(1_200)
  const campaign = await app.query<Record<string, unknown>>('SELECT * FROM sms_campaign')
  for (const row of [rows[7] ?? {}, campaign.rows[0] ?? {}])
    for (const value of Object.values(row))
      expect(
        Buffer.isBuffer(value) ? value.toString('latin1') : JSON.stringify(value, (_, each) => String(each)),
      ).not.toMatch(/canary|Person 7|72200/)
  const audit = await app.query('SELECT actor_kind, actor_id, action FROM audit_event')
  expect(audit.rows).toEqual([{ actor_kind: 'staff', actor_id: 'grace', action: 'campaign.created' }])
  expect(await createCampaign(world.create, draft, GRACE)).toMatchObject({
    problems: [expect.stringMatching(/There is a campaign/)],
  })
})
