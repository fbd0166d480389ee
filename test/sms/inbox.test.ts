import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Secret } from '../../src/domain/secret.ts'
import { blankSecrets, recordOptOut, storeIncomingSms } from '../../src/sms/inbox.ts'
import { AMINA, makeWorld, type World } from './world.ts'

let world: World
beforeAll(async () => {
  world = await makeWorld()
})
afterAll(() => world.db.drop())

const message = (id: string, text: string) => ({
  aggregator: 'mno1',
  id,
  from: AMINA,
  to: '22384',
  text: new Secret(text),
})

test('a message is kept once, sealed, however often the network sends it', async () => {
  const { app } = world.db
  expect(await storeIncomingSms(app, world.services.sealer, message('a', 'BAL please'))).toEqual({ kind: 'stored' })
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
  await storeIncomingSms(world.db.app, world.services.sealer, { ...message('part', 'x'), part })
  const { rows } = await world.db.app.query(
    "SELECT part_reference, part_total, part_number FROM sms_inbox WHERE provider_id = 'part'",
  )
  expect(rows).toEqual([{ part_reference: 7, part_total: 3, part_number: 2 }])
})

test('an opt-out is kept without the number', async () => {
  await recordOptOut(world.db.app, world.services.sealer, 'africastalking', AMINA)
  const { rows } = await world.db.app.query<{ number_index: Buffer }>('SELECT number_index FROM sms_opt_out')
  expect(rows[0]?.number_index.equals(world.services.sealer.index(AMINA, 'subscriber.number'))).toBe(true)
})

describe('a PIN or a code in a message is never stored', () => {
  test.each([
    ['my pin is 73915', 'my pin is *****'],
    ['73915', '*****'],
    ['PIN:7391.', 'PIN:****.'],
    ['7 3 9 1 5', '* * * * *'],
    ['7-3-9-1-5', '*-*-*-*-*'],
    ['code 123 456 thanks', 'code *** *** thanks'],
    ['pin٧٣٩١٥', 'pin*****'],
    ['abc73915xyz', 'abc*****xyz'],
    ['SEND 500 0712345678', 'SEND 500 0712345678'],
    ['73915 500', '***** ***'],
    ['500 73915 0712345678', '500 ***** 0712345678'],
    ['pay 12345678901', 'pay 12345678901'],
    ['1 or 12 or 123', '1 or 12 or 123'],
  ])('%s', (text, stored) => {
    expect(blankSecrets(text)).toBe(stored)
  })

  test('wherever it stands among words', () => {
    const words = fc.string({ unit: fc.constantFrom('a', 'Z', ' ', ',', ':', '\n', 'ũ') })
    fc.assert(
      fc.property(words, fc.stringMatching(/^\d{4,6}$/), words, (before, pin, after) => {
        expect(blankSecrets(`${before}${pin}${after}`)).toBe(`${before}${'*'.repeat(pin.length)}${after}`)
      }),
    )
  })
})
