import { readdirSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import type { OwnProvider, ProviderCallback, RemoteProvider } from '../../src/account-providers/account-provider.ts'
import type { GsmaSettings } from '../../src/account-providers/gsma/settings.ts'
import { makeAccountProviders } from '../../src/account-providers/registry.ts'
import type { Biller, Payment } from '../../src/billers/biller.ts'
import { makeBillers } from '../../src/billers/registry.ts'
import type { TransferId } from '../../src/domain/ids.ts'
import { openWorld, quoted } from '../ledger/world.ts'
import { conformance, type Subject } from './conformance.ts'
import { type GsmaWorld, movementOf, openGsmaWorld } from './gsma/world.ts'

/** Of somebody who waits for what never comes. */
const HURRIED = { timeoutMs: 300 }
const FLOWS = ['sync', 'callback', 'polling'] as const

/** A provider of each kind and flow, as the registry makes them. */
const registry = (world: GsmaWorld) => makeAccountProviders(FLOWS.map((flow) => world.settings(flow)))

conformance('ledger', 'own', openLedger)
for (const flow of FLOWS) {
  const way = flow === 'callback' ? 'disburse' : 'collect'
  conformance(`gsma-${flow}, ${way}`, 'remote', () => openGsma(flow, way))
  conformance(`gsma-${flow}, bills`, 'remote', () => openBills(flow))
}

const worlds: GsmaWorld[] = []
afterAll(() => Promise.all(worlds.map((world) => world.close())))

test('no provider is registered, and none stands in the source, without its cases above', async () => {
  const world = await openGsmaWorld()
  worlds.push(world)
  expect([...registry(world).keys()]).toEqual(['ledger', ...FLOWS.map((flow) => `gsma-${flow}`)])
  for (const [id, provider] of registry(world)) expect(provider.id).toBe(id)
  const partners = readdirSync('src/account-providers').filter(
    (name) => !/^(account-provider|registry)\.ts$/.test(name),
  )
  expect(partners.sort()).toEqual(['gsma', 'own-ledger.ts'])
})

async function openLedger(): Promise<Subject> {
  const world = await openWorld()
  const provider = makeAccountProviders([]).get('ledger') as OwnProvider
  const [payer, payee] = [await world.person(1_000_000n), await world.person(0n)]
  const settle = (id: TransferId) => world.app.transaction((tx) => provider.settle(tx, id))
  let refuse = false
  return {
    capabilities: provider.capabilities,
    async pay(reference) {
      await world.hold(quoted(await world.quoteSend(payer, payee, 5_000n, reference)))
      if (refuse) await world.owner.query(`SELECT ledger_void($1, 'refused')`, [reference])
      refuse = false
      return settle(reference)
    },
    payAgain: settle,
    query: (reference) => provider.query(world.app, reference),
    async moved(reference) {
      const { rows } = await world.owner.query<{ n: number }>(
        'SELECT count(*)::int AS n FROM journal WHERE transfer_id = $1',
        [reference],
      )
      return rows[0]?.n ?? 0
    },
    remote: null,
    refuseNext: () => {
      refuse = true
    },
    close: () => world.drop(),
  }
}

async function openGsma(flow: GsmaSettings['flow'], way: 'collect' | 'disburse'): Promise<Subject> {
  const world = await openGsmaWorld()
  const provider = registry(world).get(`gsma-${flow}`) as RemoteProvider
  const hurried = makeAccountProviders([world.settings(flow, HURRIED)]).get(`gsma-${flow}`) as RemoteProvider
  const waysOf = (each: RemoteProvider): Ways => ({
    pay: (reference) => each[way](movementOf(reference)),
    query: (reference, named) => each.query({ what: way, movement: movementOf(reference, named) }),
  })
  return remotely(world, provider.capabilities, waysOf(provider), waysOf(hurried), (callback, reference) =>
    provider.judge(callback, { what: way, movement: movementOf(reference) }),
  )
}

async function openBills(flow: GsmaSettings['flow']): Promise<Subject> {
  const world = await openGsmaWorld()
  const settings = { id: 'city-gas', name: 'City Gas', accountDigits: 9, serviceProvider: 'city-gas' } as const
  const billerOf = (changes: Partial<GsmaSettings>): Biller =>
    makeBillers({
      ...{ billers: [], airtime: null },
      providerBillers: [{ ...settings, mostAtOnce: 4, currency: 'KES', provider: world.settings(flow, changes) }],
    }).get('city-gas') as Biller
  const biller = billerOf({})
  const { capabilities } = registry(world).get(`gsma-${flow}`) as RemoteProvider
  // A customer's number each, as the payments of an account are listed together.
  const accounts = new Map<string, string>()
  const paymentOf = (reference: TransferId, partnerReference?: string): Payment => {
    const account = accounts.get(reference) ?? String(123_456_000 + accounts.size)
    accounts.set(reference, account)
    const payment = { reference, account, amount: 5_000n, currency: 'KES' } as const
    return partnerReference === undefined ? payment : { ...payment, partnerReference }
  }
  const waysOf = (each: Biller): Ways => ({
    pay: (reference) => each.pay(paymentOf(reference)),
    query: (reference, named) => each.query(paymentOf(reference, named)),
  })
  return remotely(world, capabilities, waysOf(biller), waysOf(billerOf(HURRIED)), (callback, reference) => {
    const verdict = biller.callbacks?.judge(callback, paymentOf(reference))
    if (verdict === undefined) throw new Error('the biller hears no callbacks')
    return verdict
  })
}

type Ways = Pick<Subject, 'pay' | 'query'>

function remotely(
  world: GsmaWorld,
  capabilities: Subject['capabilities'],
  ways: Ways,
  hurried: Ways,
  judge: NonNullable<Subject['remote']>['judge'],
): Subject {
  const { fake } = world
  return {
    capabilities,
    pay: ways.pay,
    payAgain: ways.pay,
    query: ways.query,
    moved: async (reference) =>
      fake.moves().filter((move) => move.reference === reference && move.state === 'completed').length,
    remote: {
      hurried: { ...hurried, ...HURRIED },
      trouble: fake.control,
      judge,
      async callbacks(reference): Promise<ProviderCallback[]> {
        await fake.quiet()
        return world.callbacks(reference)
      },
    },
    refuseNext: () => fake.control({ refuse: true }),
    close: () => world.close(),
  }
}
