import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Consent, hasOptedOut, recordConsent } from '../../src/sms/consent.ts'
import { AMINA, JUMA, makeWorld, type SmsWorld } from './world.ts'

let world: SmsWorld
beforeAll(async () => {
  world = await makeWorld()
})
afterAll(() => world.db.drop())

const say = (kind: Consent['kind']): Promise<boolean> =>
  recordConsent(world.db.app, world.services.sealer, {
    ...{ kind, number: AMINA, via: 'sms', link: 'mno1', messageId: null },
  })
const isOut = (number = AMINA): Promise<boolean> => hasOptedOut(world.db.app, world.services.sealer, number)

test('everybody is asked until they say otherwise, what was said last holds, and what changes nothing says so', async () => {
  expect(await isOut()).toBe(false)
  const seen: [boolean, boolean][] = []
  for (const kind of ['start', 'stop', 'stop', 'start', 'stop'] as const) seen.push([await say(kind), await isOut()])
  expect(seen).toEqual([
    [false, false],
    [true, true],
    [false, true],
    [true, false],
    [true, true],
  ])
  expect(await isOut(JUMA)).toBe(false)
})

test('the history names nobody', async () => {
  const { rows } = await world.db.app.query<{ line: string }>('SELECT t::text AS line FROM sms_consent t')
  expect(rows.length).toBeGreaterThan(0)
  for (const { line } of rows) expect(line).not.toContain('254700')
})
