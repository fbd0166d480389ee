import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Database, openDatabase } from '../../src/database/database.ts'
import { type SubscriberId, uuidv7 } from '../../src/domain/ids.ts'
import { Secret } from '../../src/domain/secret.ts'
import { checkPin } from '../../src/subscribers/pin.ts'
import { reserveAttempt } from '../../src/subscribers/pin-guard.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { addPerson, auditTrail, makeServices, type TestServices } from './people.ts'

let store: TestDatabase
/** Connections of other gateways. */
let others: Database[]
let services: TestServices

beforeAll(async () => {
  store = await createTestDatabase()
  others = Array.from({ length: 4 }, () =>
    openDatabase(store.url, { maxConnections: 10, applicationName: 'test-other' }),
  )
  services = makeServices(store.app)
})
afterAll(async () => {
  await Promise.all(others.map((database) => database.close()))
  await store.drop()
})

const pin = (digits: string) => new Secret(digits)
const check = (id: SubscriberId, digits: string, on: TestServices = services) => checkPin(on, id, pin(digits))

/** Lets time pass for this person's lock and reservations. */
async function pass(id: SubscriberId, interval: string): Promise<void> {
  await store.owner.query(
    `UPDATE pin_guard SET locked_until = locked_until - $2::interval, reserved_at = reserved_at - $2::interval,
      last_lock_ended = last_lock_ended - $2::interval WHERE subscriber_id = $1`,
    [id, interval],
  )
}

async function lockMinutes(id: SubscriberId): Promise<number> {
  const { rows } = await store.owner.query<{ minutes: number }>(
    `SELECT round(extract(epoch FROM locked_until - now()) / 60)::int AS minutes FROM pin_guard WHERE subscriber_id = $1`,
    [id],
  )
  return rows[0]?.minutes ?? 0
}

describe('one attempt after another', () => {
  test('the right PIN is right, in digits of any script', async () => {
    const id = await addPerson(services, { pin: '73915' })
    expect(await check(id, '73915')).toEqual({ kind: 'right' })
    expect(await check(id, ' ٧٣٩١٥ ')).toEqual({ kind: 'right' })
  })

  test('wrong PINs say how many tries are left, and the third locks', async () => {
    const id = await addPerson(services, { pin: '73915' })
    expect(await check(id, '11111')).toEqual({ kind: 'wrong', left: 2 })
    expect(await check(id, '73916')).toEqual({ kind: 'wrong', left: 1 })
    const third = await check(id, '')
    expect(third.kind).toBe('locked')
    expect(await lockMinutes(id)).toBe(15)
    expect(await check(id, '73915')).toEqual({ ...third, byThis: false })
    expect(await auditTrail(store.app, id)).toEqual(['pin.wrong', 'pin.wrong', 'pin.locked'])
  })

  test('a right PIN forgives the wrong ones before it, and the next lock is short again only a week after the last', async () => {
    const id = await addPerson(services, { pin: '73915' })
    const lock = async (): Promise<number> => {
      for (const digits of ['11111', '22222', '33333']) await check(id, digits)
      return await lockMinutes(id)
    }
    expect(await lock()).toBe(15)
    await pass(id, '15 minutes')
    await check(id, '11111')
    await check(id, '22222')
    expect(await check(id, '73915')).toEqual({ kind: 'right' })
    expect(await check(id, '11111')).toEqual({ kind: 'wrong', left: 2 })
    expect(await check(id, '73915')).toEqual({ kind: 'right' })
    // The owner calls every day; whoever guesses between the calls waits longer each time.
    expect(await lock()).toBe(60)
    await pass(id, '6 days 23 hours')
    expect(await check(id, '73915')).toEqual({ kind: 'right' })
    expect(await lock()).toBe(240)
    await pass(id, '4 hours')
    await check(id, '73915')
    await pass(id, '7 days')
    expect(await check(id, '73915')).toEqual({ kind: 'right' })
    expect(await lock()).toBe(15)
  })

  test('a right third attempt lifts the lock that it was reserved with', async () => {
    const id = await addPerson(services, { pin: '73915' })
    await check(id, '11111')
    await check(id, '22222')
    expect(await check(id, '73915')).toEqual({ kind: 'right' })
    expect(await check(id, '73915')).toEqual({ kind: 'right' })
  })

  test('locks without a right PIN between them last four times as long each, thirty days at most', async () => {
    const id = await addPerson(services, { pin: '73915' })
    const minutes: number[] = []
    for (let lock = 0; lock < 8; lock += 1) {
      for (const digits of ['11111', '22222', '33333']) await check(id, digits)
      minutes.push(await lockMinutes(id))
      await pass(id, `${minutes.at(-1)} minutes`)
    }
    expect(minutes).toEqual([15, 60, 240, 960, 3_840, 15_360, 43_200, 43_200])
  })

  test('when the lock is over there are three tries again', async () => {
    const id = await addPerson(services, { pin: '73915' })
    for (const digits of ['11111', '22222', '33333']) await check(id, digits)
    await pass(id, '14 minutes')
    expect((await check(id, '73915')).kind).toBe('locked')
    await pass(id, '1 minute')
    expect(await check(id, '44444')).toEqual({ kind: 'wrong', left: 2 })
    expect(await check(id, '73915')).toEqual({ kind: 'right' })
  })
})

describe('attempts in parallel', () => {
  test('of 200 wrong PINs over many connections exactly three are evaluated', async () => {
    const id = await addPerson(services, { pin: '73915' })
    const gateways = [services, ...others.map((database) => ({ ...services, database }))]
    const before = services.counted.verified.length
    const checks = await Promise.all(
      Array.from({ length: 200 }, (_, at) => check(id, String(20_000 + at), gateways[at % gateways.length])),
    )
    expect(services.counted.verified.length - before).toBe(3)
    expect(checks.filter(({ kind }) => kind !== 'wrong' && kind !== 'locked')).toEqual([])
    expect(checks.filter(({ kind }) => kind === 'wrong').length).toBeLessThanOrEqual(2)
    expect((await check(id, '73915')).kind).toBe('locked')
  })

  test('a right PIN among 200 never lets more than three wrong ones be evaluated', async () => {
    for (const position of [0, 1, 2, 3, 40]) {
      const id = await addPerson(services, { pin: '73915' })
      const gateways = [services, ...others.map((database) => ({ ...services, database }))]
      const before = services.counted.verified.length
      await Promise.all(
        Array.from({ length: 200 }, (_, at) =>
          check(id, at === position ? '73915' : String(20_000 + at), gateways[at % gateways.length]),
        ),
      )
      const wrong = services.counted.verified.slice(before).filter((digits) => digits !== '73915')
      expect(wrong.length).toBeLessThanOrEqual(3)
    }
  })

  test('a right PIN forgives nothing that ran beside it', async () => {
    const own = makeServices(store.app)
    const id = await addPerson(own, { pin: '73915' })
    const gate = makeGate()
    own.counted.beforeVerdict = (digits) => (digits === '11111' ? Promise.resolve() : gate.opened)
    const right = check(id, '73915', own)
    await until(() => own.counted.verified.length === 1)
    expect(await check(id, '11111', own)).toEqual({ kind: 'wrong', left: 1 })
    gate.open()
    expect(await right).toEqual({ kind: 'right' })
    expect(await check(id, '22222', own)).toEqual({ kind: 'wrong', left: 1 })
    expect((await check(id, '33333', own)).kind).toBe('locked')
  })

  test('many right PINs at once are all right or told to try again, and leave no trace', async () => {
    const id = await addPerson(services, { pin: '73915' })
    const checks = await Promise.all(Array.from({ length: 12 }, () => check(id, '73915')))
    expect(checks.some(({ kind }) => kind === 'right')).toBe(true)
    expect(checks.some(({ kind }) => kind === 'wrong')).toBe(false)
    expect(await check(id, '11111')).toEqual({ kind: 'wrong', left: 2 })
  })

  test.each(['73915', '11111'])(
    'the verdict on %s that comes after its round has ended is not told',
    async (digits) => {
      const own = makeServices(store.app)
      const id = await addPerson(own, { pin: '73915' })
      const gate = makeGate()
      own.counted.beforeVerdict = () => gate.opened
      const frozen = check(id, digits, own)
      await until(() => own.counted.verified.length === 1)
      await pass(id, '61 seconds')
      await reserveAttempt(store.app, id)
      gate.open()
      expect(await frozen).toEqual({ kind: 'busy' })
      expect(await auditTrail(store.app, id)).toEqual([])
    },
  )
})

describe('bounds', () => {
  test('beyond the queue the answer is busy at once and no attempt is counted', async () => {
    const small = makeServices(store.app, { dataKey: services.dataKey, concurrency: 1, queueLimit: 1 })
    const id = await addPerson(small, { pin: '73915' })
    const gate = makeGate()
    small.counted.beforeVerdict = () => gate.opened
    const strangers = [await addPerson(services, {}), await addPerson(services, {})]
    const occupied = strangers.map((stranger) => check(stranger, '11111', small))
    expect(await check(id, '11111', small)).toEqual({ kind: 'busy' })
    gate.open()
    await Promise.all(occupied)
    expect(await check(id, '11111', small)).toEqual({ kind: 'wrong', left: 2 })
  })

  test('an attempt whose process died counts as wrong after a minute, and a right PIN forgives it', async () => {
    const id = await addPerson(services, { pin: '73915' })
    await reserveAttempt(store.app, id)
    await pass(id, '61 seconds')
    expect(await check(id, '11111')).toEqual({ kind: 'wrong', left: 1 })
    expect(await check(id, '73915')).toEqual({ kind: 'right' })
    expect(await check(id, '11111')).toEqual({ kind: 'wrong', left: 2 })
  })

  test('the application cannot put anything but a peppered hash where a PIN is kept', async () => {
    const id = await addPerson(services, {})
    const insert = (text: string) =>
      store.app.query('INSERT INTO credential (subscriber_id, pin_hash) VALUES ($1, $2)', [id, text])
    await expect(insert('73915')).rejects.toThrow(/peppered_hash/)
    await expect(insert('$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA')).rejects.toThrow(/peppered_hash/)
  })
})

describe('people who have no PIN to be right', () => {
  test('unknown, enrolled and closed subscribers cost one hash each and are told the same as a wrong PIN', async () => {
    const own = makeServices(store.app)
    const unknown = uuidv7() as SubscriberId
    const enrolled = await addPerson(own, {})
    const closed = await addPerson(own, { pin: '73915', status: 'closed' })
    for (const id of [unknown, enrolled, closed]) {
      const before = own.counted.verified.length
      expect(await check(id, '73915', own)).toEqual({ kind: 'wrong', left: 2 })
      expect(own.counted.verified.slice(before)).toEqual([null])
    }
  })
})

function makeGate(): { opened: Promise<void>; open(): void } {
  let open: () => void = () => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open: () => open() }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5))
}
