import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { IncomingSms } from '../../src/aggregators/aggregator.ts'
import { type Database, openDatabase } from '../../src/database/database.ts'
import { Secret } from '../../src/domain/secret.ts'
import { blankSecrets } from '../../src/sms/blank-secrets.ts'
import { acknowledgeIncomingSms, storeIncomingSms } from '../../src/sms/inbox.ts'
import { tidySms } from '../../src/sms/tidy.ts'
import { AMINA, JUMA, makeWorld, type SmsWorld } from './world.ts'

let world: SmsWorld
let other: Database
beforeAll(async () => {
  world = await makeWorld()
  other = openDatabase(world.db.url, { maxConnections: 5, applicationName: 'another-process' })
})
afterAll(async () => {
  await other.close()
  await world.db.drop()
})

type Overrides = Partial<Omit<IncomingSms, 'text'>>
const message = (text: string, overrides: Overrides = {}): IncomingSms => ({
  ...{ link: 'mno1', id: null, from: AMINA, to: '22384' },
  ...overrides,
  text: new Secret(text),
})

async function store(sms: IncomingSms, database = world.db.app) {
  const stored = await database.transaction((tx) => storeIncomingSms(tx, world.services.sealer, sms))
  return stored.kind === 'whole' ? { ...stored, text: stored.text.reveal() } : stored
}

async function storedText(id: string): Promise<string> {
  const { rows } = await world.db.app.query<{ body_sealed: Buffer }>(
    'SELECT body_sealed FROM sms_inbox WHERE id = $1',
    [id],
  )
  return world.services.sealer.open(rows[0]?.body_sealed ?? Buffer.alloc(0), `sms_inbox.body:${id}`)
}

/** What the inbox holds with these words in it, whatever else other tests put there. */
async function textsOf(word: string): Promise<string[]> {
  const { rows } = await world.db.app.query<{ id: string }>('SELECT id FROM sms_inbox ORDER BY received_at, id')
  const texts = await Promise.all(rows.map(({ id }) => storedText(id)))
  return texts.filter((text) => text.includes(word))
}

const acknowledge = (sms: IncomingSms): Promise<void> =>
  acknowledgeIncomingSms(world.db.app, world.services.sealer, sms)

/** Makes everything that came from phones look that many seconds older. */
async function age(seconds: number): Promise<void> {
  const interval = `make_interval(secs => ${seconds})`
  await world.db.owner.query(
    `UPDATE sms_arrival SET stored_at = stored_at - ${interval}, acknowledged_at = acknowledged_at - ${interval}`,
  )
  await world.db.owner.query(`UPDATE sms_inbox_part SET received_at = received_at - ${interval}`)
}

describe('a message in one piece', () => {
  test('is told as it came, and kept sealed with its digits blanked', async () => {
    const stored = await store(message('SEND 500 0712345678'))
    if (stored.kind !== 'whole') throw new Error(stored.kind)
    expect(stored.text).toBe('SEND 500 0712345678')
    expect(await storedText(stored.id)).toBe('SEND *** **********')
    const { rows } = await world.db.app.query('SELECT * FROM sms_inbox WHERE id = $1', [stored.id])
    expect(
      Object.values(rows[0] ?? {})
        .map((value) => (Buffer.isBuffer(value) ? value.toString('latin1') : String(value)))
        .join(),
    ).not.toMatch(/SEND|254700/)
  })

  test('with an id of the network’s is kept once, however late it comes again', async () => {
    const sms = message('with an id', { id: 'at-1' })
    expect((await store(sms)).kind).toBe('whole')
    await acknowledge(sms)
    await age(100_000)
    expect((await store(sms)).kind).toBe('repeated')
    expect((await store({ ...sms, id: 'at-2' })).kind).toBe('whole')
    expect(await textsOf('with an id')).toHaveLength(2)
  })

  test.each<[string, { acknowledged: boolean; laterS: number; becomes: 'whole' | 'repeated' }]>([
    ['sent again at once', { acknowledged: true, laterS: 0, becomes: 'repeated' }],
    [
      'sent again within seconds, by a phone that heard nothing',
      { acknowledged: true, laterS: 25, becomes: 'repeated' },
    ],
    ['of somebody who asks again', { acknowledged: true, laterS: 35, becomes: 'whole' }],
    [
      'sent again minutes after an acknowledgement that nobody heard',
      { acknowledged: false, laterS: 500, becomes: 'repeated' },
    ],
    ['of somebody who asks again much later', { acknowledged: false, laterS: 700, becomes: 'whole' }],
  ])('without an id, %s', async (name, { acknowledged, laterS, becomes }) => {
    const sms = message(`BAL ${name}`)
    expect((await store(sms)).kind).toBe('whole')
    if (acknowledged) await acknowledge(sms)
    await age(laterS)
    expect((await store({ ...sms, link: 'mno1-other-bind' })).kind).toBe(becomes)
  })

  test('asked again and again is swallowed for seconds only, and each time that counts is answered', async () => {
    const sms = message('BAL again')
    const kinds: string[] = []
    for (let time = 0; time < 5; time += 1) {
      kinds.push((await store(sms)).kind)
      await acknowledge(sms)
      await age(20)
    }
    expect(kinds).toEqual(['whole', 'repeated', 'whole', 'repeated', 'whole'])
  })

  test('of another phone, to another code or in other words is no copy', async () => {
    const sms = message('twin 1')
    const twins = [sms, { ...sms, from: JUMA }, { ...sms, to: '22385' }, message('twin 2'), message('twin 1 ')]
    const kinds: string[] = []
    for (const twin of twins) kinds.push((await store(twin)).kind)
    expect(kinds).toEqual(Array(5).fill('whole'))
  })

  test('at the same moment in two processes is kept once', async () => {
    for (let round = 0; round < 10; round += 1) {
      const sms = message(`race ${'x'.repeat(round)}`)
      const stored = await Promise.all(
        [world.db.app, other, world.db.app, other].map((database) => store(sms, database)),
      )
      expect(stored.filter(({ kind }) => kind === 'whole')).toHaveLength(1)
    }
  })

  test('that could not be stored is new when it comes again', async () => {
    const sms = message('rolled back')
    const failed = world.db.app.transaction(async (tx) => {
      await storeIncomingSms(tx, world.services.sealer, sms)
      throw new Error('the answer could not be written')
    })
    await expect(failed).rejects.toThrow('the answer')
    expect((await store(sms)).kind).toBe('whole')
  })

  test('is remembered for minutes, by a hash', async () => {
    await store(message('canary of the arrivals'))
    const count = async () => (await world.db.app.query('SELECT digest FROM sms_arrival')).rows
    expect(JSON.stringify(await count())).not.toContain('canary')
    await age(700)
    await tidySms(world.db.app, world.services.sealer)
    expect(await count()).toEqual([])
  })
})

let references = 0
/** A long message of a phone's own reference, in its parts. */
function parts(texts: readonly string[], overrides: Overrides = {}): IncomingSms[] {
  references = (references + 1) % 65_536
  const reference = references
  return texts.map((text, index) =>
    message(text, { part: { reference, total: texts.length, number: index + 1 }, ...overrides }),
  )
}

describe('a long message', () => {
  test('of any words, cut anywhere, in any order, with parts twice and over several links, is put together once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'binary', maxLength: 12 }), { minLength: 2, maxLength: 6 }),
        fc.infiniteStream(fc.nat(1_000)),
        async (texts, dice) => {
          const roll = (below: number): number => (dice.next().value ?? 0) % below
          const halves = texts.flatMap((text) => [text.slice(0, 1), text.slice(1)])
          const arrivals = parts(halves).flatMap((part) => (roll(3) === 0 ? [part, part] : [part]))
          for (let at = arrivals.length - 1; at > 0; at -= 1) {
            const to = roll(at + 1)
            const [one, two] = [arrivals[at], arrivals[to]]
            if (one !== undefined && two !== undefined) [arrivals[at], arrivals[to]] = [two, one]
          }
          const outcomes = []
          for (const part of arrivals) outcomes.push(await store({ ...part, link: `bind-${roll(3)}` }))
          const [whole, ...more] = outcomes.filter(({ kind }) => kind === 'whole')
          expect(more).toEqual([])
          if (whole?.kind !== 'whole') throw new Error('not put together')
          expect(whole.text).toBe(blankSecrets(halves.join('')))
          expect(outcomes.filter(({ kind }) => kind === 'part')).toHaveLength(halves.length - 1)
        },
      ),
      { numRuns: 30 },
    )
  })

  test('is kept as one row, and no digit of it anywhere', async () => {
    const outcomes = []
    for (const part of parts(['my pin is 739', '15, send ', '500'])) outcomes.push(await store(part))
    const whole = outcomes.at(-1)
    if (whole?.kind !== 'whole') throw new Error('not put together')
    expect(whole.text).toBe('my pin is *****, send ***')
    expect(await storedText(whole.id)).toBe(whole.text)
    const { rows } = await world.db.app.query<{ id: string; body_sealed: Buffer }>(
      'SELECT id, body_sealed FROM sms_inbox_part',
    )
    for (const { id, body_sealed } of rows) {
      expect(world.services.sealer.open(body_sealed, `sms_inbox_part.body:${id}`)).not.toMatch(/my pin.*\p{Nd}/u)
    }
  })

  test.each<[string, Overrides]>([
    ['another phone', { from: JUMA }],
    ['another code', { to: '22385' }],
    ['another reference', { part: { reference: 60_001, total: 2, number: 2 } }],
    ['another number of parts', { part: { reference: 60_000, total: 3, number: 2 } }],
  ])('takes no part of %s', async (name, change) => {
    const part = { reference: 60_000, total: 2, number: 1 }
    const own = { from: `+2547000000${50 + name.length}` as typeof AMINA }
    expect((await store(message('mine', { ...own, part }))).kind).toBe('part')
    expect((await store(message('yours', { ...own, part: { ...part, number: 2 }, ...change }))).kind).toBe('part')
    expect(await store(message(' too', { ...own, part: { ...part, number: 2 } }))).toMatchObject({ text: 'mine too' })
  })

  test('whose parts come at the same moment in two processes is put together exactly once', async () => {
    for (let round = 0; round < 15; round += 1) {
      const arrivals = parts(['a', 'b', 'c', 'd'], { to: '2000' })
      const doubled = [...arrivals, ...arrivals]
      const outcomes = await Promise.all(
        doubled.map((part, index) => store(part, index % 2 === 0 ? world.db.app : other)),
      )
      expect(outcomes.map(({ kind }) => kind).sort()).toEqual([
        ...Array(3).fill('part'),
        ...Array(4).fill('repeated'),
        'whole',
      ])
    }
  })

  test('of which a part is lost is kept with a gap and counted, and what comes later begins another', async () => {
    await age(4_000)
    await tidySms(world.db.app, world.services.sealer)
    const [one, two, three] = parts(['lost: one ', 'two ', 'three'])
    if (!one || !two || !three) throw new Error('no parts')
    await store(three)
    await age(3_000)
    await store(one)
    await tidySms(world.db.app, world.services.sealer)
    expect(await textsOf('lost: one')).toEqual([])
    await age(700)
    const closed = await Promise.all(
      [1, 2, 3].map((_, index) => tidySms(index === 0 ? other : world.db.app, world.services.sealer)),
    )
    expect(closed.reduce((sum, count) => sum + count, 0)).toBe(1)
    expect(await textsOf('lost: one')).toEqual(['lost: one […]three'])
    expect(await store(two)).toEqual({ kind: 'part' })
    const { rows } = await world.db.app.query(
      'SELECT part_total, parts_missing FROM sms_inbox WHERE parts_missing > 0 ORDER BY received_at DESC LIMIT 1',
    )
    expect(rows).toEqual([{ part_total: 3, parts_missing: 1 }])
    await age(4_000)
    await tidySms(world.db.app, world.services.sealer)
  })

  test('of a phone that has come round to the same reference is not mixed with an older one', async () => {
    const [old] = parts(['old: one ', 'old: two'])
    const young = parts(['young: one ', 'young: two'])
    if (!old?.part) throw new Error('no parts')
    const reference = old.part.reference
    const again = young.map((part, index) => ({ ...part, part: { reference, total: 2, number: index + 1 } }))
    const outcomes = []
    for (const part of [old, ...again]) outcomes.push(await store(part))
    expect(outcomes.map(({ kind }) => kind)).toEqual(['part', 'part', 'whole'])
    expect(outcomes.at(-1)).toMatchObject({ text: 'young: one young: two' })
    expect(await textsOf('old: one')).toEqual(['old: one […]'])
  })

  test('after the wait does not go on with what came before it', async () => {
    const [one, two] = parts(['stale: one ', 'stale: two'])
    if (!one || !two) throw new Error('no parts')
    await store(one)
    await age(3_700)
    expect(await store(two)).toEqual({ kind: 'part' })
    expect(await textsOf('stale: one')).toEqual(['stale: one […]'])
  })

  test('once whole, knows a copy of a part for minutes; then the same part begins a message', async () => {
    const [one, two] = parts(['copy: one ', 'copy: two'])
    if (!one || !two) throw new Error('no parts')
    await store(one)
    await store(two)
    await age(500)
    expect([await store(two), await store(one)]).toEqual([{ kind: 'repeated' }, { kind: 'repeated' }])
    await age(200)
    expect(await store(one)).toEqual({ kind: 'part' })
    expect((await store(two)).kind).toBe('whole')
  })

  test('with the same last words under the same reference as the one before is put together too', async () => {
    const reference = 59_999
    const send = async (texts: string[]) => {
      const outcomes = []
      for (const [index, text] of texts.entries())
        outcomes.push(await store(message(text, { to: '2001', part: { reference, total: 2, number: index + 1 } })))
      return outcomes.at(-1)
    }
    expect(await send(['first ', 'regards'])).toMatchObject({ text: 'first regards' })
    // Nobody writes another long one sooner.
    await age(121)
    expect(await send(['second ', 'regards'])).toMatchObject({ text: 'second regards' })
  })

  test('is not mixed with a part of the one before that the network sends again under the same reference', async () => {
    const of = (texts: string[]) =>
      texts.map((text, index) =>
        message(text, { to: '2002', part: { reference: 59_998, total: 3, number: index + 1 } }),
      )
    const [older, newer] = [of(['old, ', 'older, ', 'oldest']), of(['new, ', 'newer, ', 'newest'])]
    for (const part of older) await store(part)
    const arrivals = [newer[0], older[2], newer[1], older[0], older[1], newer[2]].flatMap((part) => part ?? [])
    const outcomes = []
    for (const part of arrivals) outcomes.push(await store(part))
    expect(outcomes.map(({ kind }) => kind)).toEqual(['part', 'repeated', 'part', 'repeated', 'repeated', 'whole'])
    expect(outcomes.at(-1)).toMatchObject({ text: 'new, newer, newest' })
  })

  test('has no digit of which each half came in a part of its own', async () => {
    const text = 'pin \u{1d7d7}!'
    const outcomes = []
    for (const part of parts([text.slice(0, 5), text.slice(5)])) outcomes.push(await store(part))
    expect(outcomes.at(-1)).toMatchObject({ kind: 'whole', text: 'pin *!' })
  })

  test('leaves no part behind', async () => {
    await age(4_000)
    await tidySms(world.db.app, world.services.sealer)
    await tidySms(world.db.app, world.services.sealer)
    expect((await world.db.app.query('SELECT id FROM sms_inbox_part')).rows).toEqual([])
  })
})

describe('a PIN or a code in a message is never stored', () => {
  test.each([
    ['my pin is 73915', 'my pin is *****'],
    ['7 3 9 1 5 1000', '* * * * * ****'],
    ['7,3,9,1,5', '*,*,*,*,*'],
    ['73 915 0712345678', '** *** **********'],
    ['pin٧٣٩١٥', 'pin*****'],
    ['first half 739', 'first half ***'],
  ])('%s', (text, stored) => {
    expect(blankSecrets(text)).toBe(stored)
  })

  test('whatever is written, no digit of any script stays and everything else does', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const stored = blankSecrets(text)
        expect(stored).not.toMatch(/\p{Nd}/u)
        expect(stored.replaceAll('*', '')).toBe(text.replace(/[\p{Nd}*]/gu, ''))
      }),
    )
  })
})
