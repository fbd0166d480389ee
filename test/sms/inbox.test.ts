import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Secret } from '../../src/domain/secret.ts'
import { blankSecrets, storeIncomingSms } from '../../src/sms/inbox.ts'
import { AMINA, makeWorld, type SmsWorld } from './world.ts'

let world: SmsWorld
beforeAll(async () => {
  world = await makeWorld()
})
afterAll(() => world.db.drop())

const message = (id: string, text: string) => ({
  link: 'mno1',
  id,
  from: AMINA,
  to: '22384',
  text: new Secret(text),
})

test('a message is kept once, sealed, however often the network sends it', async () => {
  const { app } = world.db
  expect(await storeIncomingSms(app, world.services.sealer, message('a', 'BAL please'))).toMatchObject({
    kind: 'whole',
  })
  expect(await storeIncomingSms(app, world.services.sealer, message('a', 'BAL please'))).toEqual({ kind: 'repeated' })
  const { rows } = await app.query<{ id: string; body_sealed: Buffer }>('SELECT id, body_sealed FROM sms_inbox')
  expect(rows).toHaveLength(1)
  expect(rows[0]?.body_sealed.toString('latin1')).not.toContain('BAL')
  expect(world.services.sealer.open(rows[0]?.body_sealed ?? Buffer.alloc(0), `sms_inbox.body:${rows[0]?.id}`)).toBe(
    'BAL please',
  )
})

test('a part keeps its place', async () => {
  const part = { reference: 7, total: 3, number: 2 }
  const stored = await storeIncomingSms(world.db.app, world.services.sealer, { ...message('part', 'x'), part })
  expect(stored).toEqual({ kind: 'part' })
  const { rows } = await world.db.app.query(
    "SELECT part_reference, part_total, part_number FROM sms_inbox WHERE provider_id = 'part'",
  )
  expect(rows).toEqual([{ part_reference: 7, part_total: 3, part_number: 2 }])
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
