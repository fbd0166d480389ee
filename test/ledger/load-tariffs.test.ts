import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { applyCeilings } from '../../src/ledger/ceilings.ts'
import { bringTariffs, loadTariffs } from '../../src/ledger/load-tariffs.ts'
import { sameTariff } from '../../src/ledger/same-tariff.ts'
import { shippedTariffs } from '../../src/ledger/shipped-tariffs.ts'
import { listTariffs, readTariff, versionInForce } from '../../src/ledger/stored-tariffs.ts'
import type { MarketTariff } from '../../src/ledger/tariff.ts'
import { makeTariffs } from '../../src/ledger/tariff-in-force.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { ghana, kenya, marketOf, uganda } from '../support/tariffs.ts'
import { type LedgerWorld, openWorld, quoted, resolve } from './world.ts'

const market = marketOf('KE')

/** Kenya's with another name, day and price of small amounts, which shows which of several holds. */
const version = (name: string, effectiveFrom: string, price = 0n, more: Partial<MarketTariff> = {}): MarketTariff => ({
  ...kenya,
  ...{ version: name, effectiveFrom },
  services: { ...kenya.services, send: { minimum: 1n, bands: [{ upTo: 99_000_000n, flat: price }] } },
  ...more,
})

describe('storing', () => {
  let store: TestDatabase
  beforeAll(async () => {
    store = await createTestDatabase()
  })
  afterAll(() => store.drop())
  const load = (tariffs: readonly MarketTariff[], code = 'KE') =>
    store.owner.transaction((tx) => loadTariffs(tx, marketOf(code), tariffs))

  test.each(['KE', 'UG', 'GH'])('brings every example of %s back as it is in the file', async (code) => {
    const tariffs = shippedTariffs(marketOf(code))
    expect(await load(tariffs, code)).toEqual(tariffs.map((tariff) => tariff.version))
    for (const tariff of tariffs) {
      const stored = await readTariff(store.app, tariff.version)
      expect(stored !== null && sameTariff(stored, tariff)).toBe(true)
    }
    expect(await load(tariffs, code)).toEqual([])
  })

  const send = uganda.services.send
  test.each<[string, Partial<MarketTariff>]>([
    ['day', { effectiveFrom: '2024-01-02T00:00:00+03:00' }],
    ['price', { services: { ...uganda.services, send: { ...send, bands: [{ upTo: 5_000_000n, flat: 1n }] } } }],
    ['payer of the fee', { services: { ...uganda.services, bill: { ...uganda.services.bill, feeFrom: 'payee' } } }],
    ['least amount', { services: { ...uganda.services, send: { ...send, minimum: 1n } } }],
    ['service', { services: { send, bill: uganda.services.bill } }],
    ['duty', { duties: [] }],
    ['exemption', { duties: uganda.duties.map((duty) => ({ ...duty, exempt: [] })) }],
    ['limit', { tiers: { ...uganda.tiers, basic: { ...uganda.tiers.basic, receivePerMonth: 1n } } }],
    ['tier', { tiers: { ...uganda.tiers, more: {} } }],
  ])('refuses a stored version with another %s, and stores nothing of the file', async (_what, change) => {
    const fresh = { ...uganda, version: 'UG-fresh' }
    await expect(load([fresh, { ...uganda, ...change }], 'UG')).rejects.toThrow('give the changed one a new version')
    expect(await readTariff(store.app, 'UG-fresh')).toBe(null)
  })

  test('takes the same version in another order and another zone of time', async () => {
    const [basic, ...others] = Object.entries(uganda.tiers)
    const tiers = Object.fromEntries([...others, basic ?? ['', {}]]) as MarketTariff['tiers']
    const services = Object.fromEntries(Object.entries(uganda.services).reverse()) as MarketTariff['services']
    expect(await load([{ ...uganda, tiers, services, effectiveFrom: '2023-12-31T21:00:00Z' }], 'UG')).toEqual([])
  })

  test('of the same file by several at once happens once', async () => {
    const file = [version('KE-race', '2024-02-01T00:00:00Z')]
    const outcomes = await Promise.all([load(file), load(file)])
    expect(outcomes.flat()).toEqual(['KE-race'])
  })

  test('refuses a file of another market', async () => {
    await expect(load([ghana], 'KE')).rejects.toThrow(`Tariff ${ghana.version} is of GH, not of KE.`)
  })

  test('is the owner’s: the application cannot, and nobody adds to a stored version', async () => {
    const own = version('KE-mine', '2024-01-01T00:00:00Z')
    await expect(store.app.transaction((tx) => loadTariffs(tx, market, [own]))).rejects.toThrow('permission denied')
    for (const row of [
      `INSERT INTO tariff_service (version, kind, minimum) VALUES ('${kenya.version}', 'collect', 1)`,
      `INSERT INTO tariff_band (version, kind, up_to, flat, rate_bp, at_least) VALUES ('${kenya.version}', 'send', 5, 0, 0, 0)`,
      `INSERT INTO tariff_duty (version, code, name, base, included, exempt) VALUES ('${kenya.version}', 'vat', 'VAT', 'fee', true, '{}')`,
      `INSERT INTO tariff_duty_band (version, code, band, flat, rate_bp, at_least) VALUES ('${kenya.version}', 'excise', 2, 0, 1, 0)`,
      `INSERT INTO tier_limit (version, tier) VALUES ('${kenya.version}', 'boundless')`,
    ]) {
      await expect(store.app.query(row)).rejects.toThrow('permission denied')
      await expect(store.owner.query(row)).rejects.toThrow('give what is different a new version')
    }
    await expect(store.app.query(`SELECT ledger_apply_ceilings('KES', NULL, NULL, 1)`)).rejects.toThrow(
      'permission denied',
    )
  })
})

describe('what comes with the program', () => {
  let store: TestDatabase
  beforeAll(async () => {
    store = await createTestDatabase()
  })
  afterAll(() => store.drop())

  test('is loaded where there is nothing, and gives way for good to a tariff of the operator’s own', async () => {
    await expect(makeTariffs('KES').current(store.app)).rejects.toThrow('No tariff in KES is in force')
    expect(await bringTariffs(store.owner, market, null)).toMatchObject({ loaded: [kenya.version] })
    expect(await bringTariffs(store.owner, market, null)).toEqual({ loaded: [], ceilings: null })
    const own = version('own-1', '2020-01-01T00:00:00Z')
    const ownGhana = { ...ghana, version: 'own-gh' }
    expect(await bringTariffs(store.owner, market, [own])).toMatchObject({ loaded: ['own-1'] })
    expect(await bringTariffs(store.owner, marketOf('GH'), [ownGhana])).toMatchObject({ loaded: ['own-gh'] })
    expect(await bringTariffs(store.owner, marketOf('GH'), null)).toEqual({ loaded: [], ceilings: null })
    expect((await listTariffs(store.app, 'GHS')).map(({ version, shipped }) => [version, shipped])).toEqual([
      ['own-gh', false],
    ])
  })
})

describe('by the database’s clock', () => {
  let world: LedgerWorld
  beforeAll(async () => {
    world = await openWorld(version('base', '2020-01-01T00:00:00Z', 1n))
  })
  afterAll(() => world.drop())
  /** A moment by PostgreSQL's clock, which alone counts. */
  const at = async (away: string): Promise<string> => {
    const { rows } = await world.app.query<{ at: Date }>(`SELECT now() + $1::interval AS at`, [away])
    return rows[0]?.at.toISOString() ?? ''
  }
  const load = (tariff: MarketTariff) => world.owner.transaction((tx) => loadTariffs(tx, market, [tariff], 'own'))
  const feeNow = async (): Promise<string> => {
    const [payer, payee] = [await world.person(100_000n), await world.person(0n)]
    return quoted(await world.quoteSend(payer, payee, 5_000n)).fee
  }

  test('the latest version that has begun holds, and a process that has another in its memory notices', async () => {
    expect(await feeNow()).toBe('1')
    await load(version('before', await at('-2 days'), 2n))
    await load(version('long-before', await at('-3 days'), 3n))
    await load(version('tomorrow', await at('1 day'), 4n))
    expect(await feeNow()).toBe('2')
    expect((await listTariffs(world.app, 'KES')).map((one) => `${one.version} ${one.state}`)).toEqual([
      ...['base past', 'long-before past', 'before in_force', 'tomorrow future'],
    ])
    await load(version('just-now', await at('-1 second'), 5n))
    expect(await feeNow()).toBe('5')
  })

  test('a version begins by itself, between two quotes', async () => {
    await load(version('soon', await at('600 milliseconds'), 6n))
    expect(await feeNow()).not.toBe('6')
    while ((await versionInForce(world.app, 'KES')) !== 'soon') await world.app.query('SELECT pg_sleep(0.05)')
    expect(await feeNow()).toBe('6')
  })

  test('what was confirmed under the version before is posted as it was confirmed', async () => {
    const [payer, payee] = [await world.person(100_000n), await world.person(0n)]
    const quote = quoted(await world.quoteSend(payer, payee, 5_000n))
    await load(version('dearer', await at('0 seconds'), 700n))
    expect(await world.hold(quote)).toMatchObject({ kind: 'held' })
    expect(await resolve(world.app, quote.id, 'post')).toBe('posted')
    const { rows } = await world.app.query('SELECT tariff, fee FROM transfer WHERE id = $1', [quote.id])
    expect(rows).toEqual([{ tariff: quote.tariff, fee: BigInt(quote.fee) }])
  })

  test('a version without limits for a tier that people have is refused, unless it is past', async () => {
    await world.person(0n, { tier: 'basic' })
    const { basic: _, ...tiers } = kenya.tiers
    const without = version('without', await at('1 hour'), 1n, { tiers: tiers as MarketTariff['tiers'] })
    await expect(load(without)).rejects.toThrow('Tariff without has no limits for tiers that people have: basic (1).')
    expect(await load({ ...without, version: 'without-once', effectiveFrom: '2019-01-01T00:00:00Z' })).toEqual([
      'without-once',
    ])
  })
})

describe('ceilings', () => {
  let world: LedgerWorld
  beforeAll(async () => {
    world = await openWorld(version('first', '2020-01-01T00:00:00Z'))
  })
  afterAll(() => world.drop())
  const ceilingOf = async (id: string): Promise<bigint | null> => {
    const { rows } = await world.app.query<{ ceiling: bigint | null }>(
      `SELECT ceiling FROM account WHERE owner_id = $1`,
      [id],
    )
    return rows[0]?.ceiling ?? null
  }
  const limited = (name: string, day: string, standard: bigint | null, basic: bigint): MarketTariff =>
    version(name, day, 0n, {
      tiers: { ...kenya.tiers, standard: { balance: standard }, basic: { balance: basic } },
    })

  test('follow a new tariff; who holds more keeps it, is named, and receives no more', async () => {
    const rich = await world.person(90_000n)
    const poor = await world.person(10_000n)
    const basic = await world.person(0n, { tier: 'basic' })
    const brought = await bringTariffs(world.owner, market, [limited('lower', '2020-02-01T00:00:00Z', 50_000n, 7_000n)])
    expect(brought.ceilings).toEqual({ changed: 2, above: 1, aboveOwners: [rich.id] })
    expect(await Promise.all([rich, poor, basic].map(({ id }) => ceilingOf(id)))).toEqual([90_000n, 50_000n, 7_000n])
    expect(await world.quoteSend(poor, rich, 100n)).toEqual({ kind: 'payee_full' })

    const out = quoted(await world.quoteSend(rich, basic, 7_000n))
    await world.hold(out)
    await resolve(world.app, out.id, 'post')
    expect(await applyCeilings(world.owner, 'KES')).toMatchObject({ changed: 0, above: 1 })
    expect(await ceilingOf(rich.id)).toBe(83_000n)

    const lifted = await bringTariffs(world.owner, market, [limited('none', '2020-03-01T00:00:00Z', null, 7_000n)])
    expect(lifted.ceilings).toEqual({ changed: 2, above: 0, aboveOwners: [] })
    expect(await ceilingOf(rich.id)).toBe(null)
    expect(await applyCeilings(world.owner, 'KES')).toEqual({ changed: 0, above: 0, aboveOwners: [] })
  })

  test('follow a person’s tier at once, whoever changes it', async () => {
    const person = await world.person(9_000n)
    await world.app.query(`UPDATE subscriber SET tier = 'basic' WHERE id = $1`, [person.id])
    expect(await ceilingOf(person.id)).toBe(9_000n)
    await world.app.query(`UPDATE subscriber SET tier = 'standard' WHERE id = $1`, [person.id])
    expect(await ceilingOf(person.id)).toBe(null)
  })

  test('reach everybody, however many there are, with room for what is on its way in', async () => {
    const payer = await world.person(50_000n)
    const payee = await world.person(1_000n)
    await world.hold(quoted(await world.quoteSend(payer, payee, 600n)))
    await world.owner.query(
      `WITH added AS (
         INSERT INTO subscriber (id, number_sealed, number_index, name_sealed, language, status, tier, terms_version)
         SELECT gen_random_uuid(), '\\x00', decode(md5(n::text), 'hex'), '\\x00', 'en', 'active', 'standard', '1' FROM generate_series(1, 1100) n
         RETURNING id)
       INSERT INTO account (kind, owner_id, code, currency, floor) SELECT 'wallet', id, 'main', 'KES', 0 FROM added`,
    )
    await bringTariffs(world.owner, market, [limited('many', '2020-04-01T00:00:00Z', 1_500n, 7_000n)])
    const { rows } = await world.owner.query(
      `SELECT count(*) AS n FROM account a JOIN subscriber s ON s.id = a.owner_id WHERE s.tier = 'standard' AND a.ceiling = 1500`,
    )
    expect(rows).toEqual([{ n: 1_100n }])
    expect(await ceilingOf(payee.id)).toBe(1_600n)
  })
})
