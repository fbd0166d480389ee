import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readCall, runCall } from '../../scripts/security/run.ts'
import { makeKey } from '../../src/security/keys.ts'
import { addPerson, makeServices } from '../subscribers/people.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

let store: TestDatabase
beforeAll(async () => {
  store = await createTestDatabase()
})
afterAll(() => store.drop())

const keys = Array.from({ length: 4 }, () => makeKey(randomBytes(32)))
const [pin, newPin, data, newData] = keys as [(typeof keys)[0], (typeof keys)[0], (typeof keys)[0], (typeof keys)[0]]
const text = (...ring: (typeof keys)[number][]) => ring.map(({ bytes }) => bytes.toString('base64')).join(' ')

async function run(verb: string, env: Record<string, string>): Promise<{ code: number; out: string }> {
  const call = readCall([verb])
  if (call.kind !== 'work') throw new Error(call.kind)
  let out = ''
  const stores = { databaseUrl: store.url, ownerUrl: store.ownerUrl }
  const code = await runCall(
    stores,
    env,
    () => '',
    call,
    (printed) => {
      out += printed
    },
  )
  return { code, out }
}

test('an empty database has nothing to do', async () => {
  const env = { PIN_KEY: text(pin), DATA_KEY: text(data) }
  expect(await run('keys', env)).toEqual({
    code: 0,
    out: `PIN_KEY   ${pin.id}  current  no row\nDATA_KEY  ${data.id}  current  no row\n`,
  })
  expect(await run('rotate', env)).toMatchObject({ code: 0, out: expect.stringContaining('nothing to do') })
})

test('keys names the rows of each key, rotate moves them, and then the old key may go', async () => {
  await addPerson(makeServices(store.app, { pinKey: pin, dataKey: data, cost: { memoryCost: 8, timeCost: 2 } }), {
    pin: '73915',
  })
  const env = { PIN_KEY: text(newPin, pin), DATA_KEY: text(newData, data) }
  expect(await run('keys', env)).toEqual({
    code: 0,
    out: [
      `PIN_KEY   ${newPin.id}  current  no row`,
      `PIN_KEY   ${pin.id}  older    1 credential`,
      `DATA_KEY  ${newData.id}  current  no row`,
      `DATA_KEY  ${data.id}  older    1 subscriber`,
      '',
    ].join('\n'),
  })
  expect(await run('rotate', env)).toEqual({
    code: 0,
    out: `subscriber: 1 rows\n1 rows were sealed anew under ${newData.id}.\nNo row carries ${data.id}: take it out of DATA_KEY.\n`,
  })
  const missing = await run('keys', { PIN_KEY: text(newPin), DATA_KEY: text(newData) })
  expect(missing).toMatchObject({ code: 1, out: expect.stringContaining(`PIN_KEY   ${pin.id}  NOT SET  1 credential`) })
  for (const key of keys) expect(missing.out).not.toContain(text(key))
})

test('wrong use and missing settings are sentences', async () => {
  expect(readCall([])).toMatchObject({ kind: 'help', text: expect.stringContaining('rotate') })
  expect(readCall(['rotate', '--help'])).toMatchObject({
    kind: 'help',
    text: expect.stringContaining('npm run security -- rotate'),
  })
  expect(readCall(['rotat'])).toMatchObject({ kind: 'wrong', sentence: expect.stringContaining('say one of') })
  expect(readCall(['keys', 'x'])).toMatchObject({ kind: 'wrong', sentence: expect.stringContaining('no options') })
  await expect(run('keys', { PIN_KEY: 'x' })).rejects.toThrow(/PIN_KEY is not 32 bytes.*\nDATA_KEY is missing/)
  await expect(run('keys', { PIN_KEY: text(pin, pin), DATA_KEY: text(data) })).rejects.toThrow(/none of them twice/)
  await expect(run('keys', { PIN_KEY: text(pin), DATA_KEY: text(data, pin) })).rejects.toThrow(
    /DATA_KEY and PIN_KEY are the same/,
  )
})
