import { describe, expect, test } from 'vitest'
import { type SubscriberId, uuidv7 } from '../../src/domain/ids.ts'
import { Secret } from '../../src/domain/secret.ts'
import { findById } from '../../src/subscribers/find.ts'
import { authorisePinChange, type ChangeReason, checkPin, proposePin, setPin } from '../../src/subscribers/pin.ts'
import { acceptTerms } from '../../src/subscribers/terms.ts'
import { addPerson, auditTrail, makeServices, usePeople } from './people.ts'

const people = usePeople()

const SESSION = 'session-1'
const authorise = (id: SubscriberId, by: ChangeReason, session = SESSION) =>
  people.store.app.transaction((tx) => authorisePinChange(tx, id, session, by))
const propose = (id: SubscriberId, digits: string, session = SESSION) =>
  proposePin(people.services, id, session, new Secret(digits))
const set = (id: SubscriberId, digits: string, session = SESSION) =>
  setPin(people.services, id, session, new Secret(digits))
const check = async (id: SubscriberId, digits: string) => (await checkPin(people.services, id, new Secret(digits))).kind

describe('setting a PIN', () => {
  test('activation: the first PIN, entered twice, makes the subscriber active', async () => {
    const id = await addPerson(people.services)
    expect(await authorise(id, 'activation')).toBe(true)
    await acceptTerms(people.store.app, people.services.audit, id, '2026-11')
    expect(await propose(id, '73915')).toBe('proposed')
    expect(await set(id, '٧٣٩١٥')).toBe('set')
    expect(await findById(people.store.app, people.services.sealer, id)).toMatchObject({
      status: 'active',
      termsVersion: '2026-11',
      restrictedUntil: null,
    })
    expect(await check(id, '73915')).toBe('right')
    expect(await auditTrail(people.store.app, id)).toEqual(['terms.accepted', 'subscriber.activated', 'pin.right'])
  })

  test('activation without terms on file is refused, and works once they are agreed to', async () => {
    const id = await addPerson(people.services)
    await authorise(id, 'activation')
    await propose(id, '73915')
    expect(await set(id, '73915')).toBe('not_authorised')
    expect(await findById(people.store.app, people.services.sealer, id)).toMatchObject({ status: 'enrolled' })
    await acceptTerms(people.store.app, people.services.audit, id, '2026-11')
    expect(await set(id, '73915')).toBe('set')
  })

  test('change: the new PIN takes the place of the old one', async () => {
    const id = await addPerson(people.services, { pin: '73915' })
    await authorise(id, 'pin')
    expect(await propose(id, '28461')).toBe('proposed')
    expect(await check(id, '73915')).toBe('right')
    expect(await set(id, '28461')).toBe('set')
    expect(await check(id, '73915')).toBe('wrong')
    expect(await check(id, '28461')).toBe('right')
    expect(await findById(people.store.app, people.services.sealer, id)).toMatchObject({ restrictedUntil: null })
  })

  test('reset: lifts the lock and lowers the limits for 48 hours', async () => {
    const id = await addPerson(people.services, { pin: '73915' })
    for (const digits of ['11111', '22222', '33333']) await check(id, digits)
    expect(await check(id, '73915')).toBe('locked')
    await authorise(id, 'reset')
    await propose(id, '28461')
    expect(await check(id, '28461')).toBe('locked')
    expect(await set(id, '28461')).toBe('set')
    expect(await check(id, '28461')).toBe('right')
    const { rows } = await people.store.owner.query<{ hours: number }>(
      'SELECT round(extract(epoch FROM restricted_until - now()) / 3600)::int AS hours FROM subscriber WHERE id = $1',
      [id],
    )
    expect(rows[0]?.hours).toBe(48)
    expect((await auditTrail(people.store.app, id)).slice(-2)).toEqual(['pin.reset', 'pin.right'])
  })

  test('a second entry that differs drops the first, and both are asked again', async () => {
    const id = await addPerson(people.services, { pin: '73915' })
    await authorise(id, 'pin')
    await propose(id, '28461')
    expect(await set(id, '28462')).toBe('different')
    expect(await set(id, '28461')).toBe('not_authorised')
    expect(await propose(id, '28461')).toBe('proposed')
    expect(await set(id, '28461')).toBe('set')
  })

  test('weak PINs and the current PIN are refused and forget an earlier proposal', async () => {
    const id = await addPerson(people.services, { pin: '73915', number: '+254712360589' })
    await authorise(id, 'pin')
    for (const digits of ['12345', '11222', '71236', '7391', '73915', '']) {
      expect(await propose(id, '28461')).toBe('proposed')
      expect(await propose(id, digits)).toBe('weak')
      expect(await set(id, '28461')).toBe('not_authorised')
      await authorise(id, 'pin')
    }
  })
})

describe('what commits with a new PIN', () => {
  test('is told the reason, and takes the PIN back with it when it fails', async () => {
    const id = await addPerson(people.services, { pin: '73915' })
    await authorise(id, 'pin')
    await propose(id, '28461')
    const failing = setPin(people.services, id, SESSION, new Secret('28461'), async (_tx, by) => {
      throw new Error(`outbox ${by}`)
    })
    await expect(failing).rejects.toThrow('outbox pin')
    expect(await check(id, '73915')).toBe('right')
    expect(await auditTrail(people.store.app, id)).toEqual(['pin.right'])
    expect(await set(id, '28461')).toBe('set')
  })
})

describe('what does not set a PIN', () => {
  test('nothing authorised', async () => {
    const id = await addPerson(people.services, { pin: '73915' })
    expect(await propose(id, '28461')).toBe('not_authorised')
    expect(await set(id, '28461')).toBe('not_authorised')
    expect(await propose(uuidv7() as SubscriberId, '28461')).toBe('not_authorised')
  })

  test('the second entry without the first', async () => {
    const id = await addPerson(people.services, { pin: '73915' })
    await authorise(id, 'pin')
    expect(await set(id, '28461')).toBe('not_authorised')
  })

  test('another session', async () => {
    const id = await addPerson(people.services, { pin: '73915' })
    await authorise(id, 'pin')
    expect(await propose(id, '28461', 'session-2')).toBe('not_authorised')
    await propose(id, '28461')
    expect(await set(id, '28461', 'session-2')).toBe('not_authorised')
    expect(await set(id, '28461')).toBe('set')
  })

  test('a newer authorisation of another session', async () => {
    const id = await addPerson(people.services, { pin: '73915' })
    await authorise(id, 'pin')
    await propose(id, '28461')
    await authorise(id, 'reset', 'session-2')
    expect(await set(id, '28461')).toBe('not_authorised')
    expect(await set(id, '28461', 'session-2')).toBe('not_authorised')
  })

  test('an authorisation that has run out', async () => {
    const id = await addPerson(people.services, { pin: '73915' })
    await authorise(id, 'pin')
    await propose(id, '28461')
    await people.store.owner.query(
      `UPDATE pin_change SET expires_at = expires_at - interval '10 minutes' WHERE subscriber_id = $1`,
      [id],
    )
    expect(await set(id, '28461')).toBe('not_authorised')
    expect(await propose(id, '28461')).toBe('not_authorised')
  })

  test('the same authorisation twice, also at the same moment', async () => {
    const id = await addPerson(people.services, { pin: '73915' })
    await authorise(id, 'pin')
    await propose(id, '28461')
    const outcomes = await Promise.all([set(id, '28461'), set(id, '28461'), set(id, '28461')])
    expect(outcomes.filter((outcome) => outcome === 'set')).toHaveLength(1)
    expect((await auditTrail(people.store.app, id)).filter((action) => action === 'pin.changed')).toHaveLength(1)
  })

  test('a first entry that was replaced while the second was compared with it', async () => {
    const own = makeServices(people.store.app)
    const id = await addPerson(own, { pin: '73915' })
    await authorise(id, 'pin')
    await proposePin(own, id, SESSION, new Secret('28461'))
    let replaced = false
    own.counted.beforeVerdict = async () => {
      if (replaced) return
      replaced = true
      expect(await proposePin(own, id, SESSION, new Secret('50927'))).toBe('proposed')
    }
    expect(await setPin(own, id, SESSION, new Secret('28461'))).toBe('not_authorised')
    expect(await setPin(own, id, SESSION, new Secret('50927'))).toBe('set')
  })

  test('an authorisation that the status does not fit', async () => {
    const active = await addPerson(people.services, { pin: '73915' })
    const enrolled = await addPerson(people.services)
    const closed = await addPerson(people.services, { pin: '73915', status: 'closed' })
    expect(await authorise(active, 'activation')).toBe(false)
    expect(await authorise(enrolled, 'reset')).toBe(false)
    expect(await authorise(enrolled, 'pin')).toBe(false)
    for (const by of ['activation', 'pin', 'reset'] as const) expect(await authorise(closed, by)).toBe(false)
  })

  test('more than ten first entries', async () => {
    const id = await addPerson(people.services, { pin: '73915' })
    await authorise(id, 'pin')
    for (let entry = 0; entry < 10; entry += 1) expect(await propose(id, '11111')).toBe('weak')
    expect(await propose(id, '28461')).toBe('not_authorised')
  })

  test('an old PIN whose check was running while it was changed', async () => {
    const own = makeServices(people.store.app)
    const id = await addPerson(own, { pin: '73915' })
    await authorise(id, 'pin')
    await proposePin(own, id, SESSION, new Secret('28461'))
    let changed = false
    own.counted.beforeVerdict = async (digits) => {
      if (digits !== '73915' || changed) return
      changed = true
      expect(await setPin(own, id, SESSION, new Secret('28461'))).toBe('set')
    }
    expect(await checkPin(own, id, new Secret('73915'))).toEqual({ kind: 'busy' })
  })
})
