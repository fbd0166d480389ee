import { randomBytes } from 'node:crypto'
import type { Watch } from '../../src/conversations/watch.ts'
import { markets } from '../../src/domain/markets.ts'
import { formatMoney } from '../../src/domain/money.ts'
import { parseE164 } from '../../src/domain/msisdn.ts'
import { fundWallet } from '../../src/ledger/accounts.ts'
import { openLinkedAccount } from '../../src/ledger/linked-accounts.ts'
import { proveBalances, trialBalance } from '../../src/ledger/prove.ts'
import { balanceOf } from '../../src/ledger/statement.ts'
import { makeSealer, type Sealer } from '../../src/security/sealing.ts'
import { findByNumber, type Subscriber } from '../../src/subscribers/find.ts'
import { type DemoPerson, demoPeople, STRANGER } from '../demo/people.ts'
import { seedPeople } from '../demo/seed.ts'
import type { Trouble } from '../fakes/billers.ts'
import type { GsmaTrouble } from '../fakes/gsma/trouble.ts'
import type { Behaviour } from '../fakes/network/behaviour.ts'
import { keysOf, type LocalKeys, makeKeys } from '../local/keys.ts'
import { createDatabase, type Ground, type OwnDatabase } from './database.ts'
import type { BillerMood, Given } from './file.ts'
import { type OwnGateway, startOwnGateway } from './gateway.ts'
import type { DialogueWorld } from './play.ts'
import { createRedis, type OwnRedis } from './redis.ts'
import { asAdmin } from './template.ts'

export type World = DialogueWorld & {
  readonly test: OwnGateway
  /** Throws unless the ledger adds up. */
  prove(): Promise<void>
  close(): Promise<void>
}

/** How a fake biller behaves in each mood. */
const troubles: Readonly<Record<BillerMood, Trouble>> = {
  well: {},
  slow: { delayMs: 300 },
  silent: { silent: true },
  unreachable: { unreachable: true },
  undecided: { pending: true },
  refusing: { refuse: true },
  failing: { status5xxAfterSuccess: true },
}

/** The same of who sells airtime. */
const sellers: Readonly<Record<BillerMood, Partial<Behaviour>>> = {
  well: {},
  slow: { airtimeDelayMs: 300 },
  silent: { airtimeAnswer: 'silent' },
  unreachable: { airtimeAnswer: 'silent', airtime: 'undecided' },
  undecided: { airtime: 'undecided' },
  refusing: { airtime: 'refused' },
  failing: { airtimeAnswer: 'error-after-taking' },
}
/** The same of the provider where people have accounts of their own. */
const WAVE = { id: 'wave', name: 'Wave' }
const providers: Readonly<Record<BillerMood, GsmaTrouble>> = {
  ...troubles,
  undecided: { pending: true },
}
const calmAirtime: Partial<Behaviour> = { airtime: 'delivered', airtimeAnswer: 'normal', airtimeDelayMs: 20 }

/** Shorter than in life: nobody's patience is tested by a dialogue. */
const BILLER_TIMEOUT_MS = 500

/** What the worlds on one ground share: a Redis, in which each has a prefix of its own, and a database in which everybody is on file. */
type Common = { readonly redis: OwnRedis; readonly keys: LocalKeys; readonly template: string }

export type Worlds = {
  /** The demo's people and billers around a gateway of its own, on a database of its own; `given` says what is different. */
  open(given: readonly Given[], options?: WorldOptions): Promise<World>
  /** Once all of them are closed: clears away what they shared. */
  close(): Promise<void>
}

export type WorldOptions = {
  readonly menusDirectory?: string
  /** Told of every step of its dialogues. */
  readonly watch?: Watch
  /** Phones dial over SMPP too, in this dialect. */
  readonly ussdDialect?: string
}

/** Worlds on this ground; the first one prepares what they share. */
export function makeWorlds(ground: Ground): Worlds {
  let common: Promise<Common> | null = null
  return {
    open: async (given, options = {}) => {
      common ??= prepare(ground)
      return openWorld(ground, await common, given, options)
    },
    close: async () => {
      const template = (await common)?.template
      if (template !== undefined) await asAdmin(ground.adminUrl, (client) => client.query(`DROP DATABASE ${template}`))
    },
  }
}

async function openWorld(
  ground: Ground,
  { redis, keys, template }: Common,
  given: readonly Given[],
  { menusDirectory, watch, ussdDialect }: WorldOptions,
): Promise<World> {
  const database = await createDatabase(ground, template)
  const sealer = makeSealer(keysOf(keys).data)
  await fund(database, sealer, given)
  const menus = menusDirectory === undefined ? {} : { MENUS_DIR: menusDirectory }
  const test = await startOwnGateway({
    people: [],
    stores: { database, redis },
    billerTimeoutMs: BILLER_TIMEOUT_MS,
    // A dialogue reads the same by night as by day.
    env: { ...keys, REDIS_PREFIX: `${redis.prefix}${randomBytes(4).toString('hex')}:`, QUIET_HOURS: 'off', ...menus },
    ...(watch === undefined ? {} : { watch }),
    ...(ussdDialect === undefined ? {} : { ussdDialect }),
  })

  async function arrange(fact: Given): Promise<void> {
    if (fact.kind === 'biller' && fact.biller === 'airtime')
      test.network.behave({ ...calmAirtime, ...sellers[fact.is] })
    else if (fact.kind === 'biller' && fact.biller === WAVE.id) test.provider.control(providers[fact.is])
    else if (fact.kind === 'biller') test.billers.control(fact.biller, troubles[fact.is])
    if (fact.kind === 'no question') {
      const { id } = await personOf(database, sealer, fact.person)
      await database.owner.query('DELETE FROM identity_question WHERE subscriber_id = $1', [id])
    }
    if (fact.kind === 'linked') {
      const { id, number } = await personOf(database, sealer, fact.person)
      await database.app.transaction((tx) => openLinkedAccount(tx, sealer, { id, number }, WAVE, 'KES'))
    }
    if (fact.kind === 'language') {
      const { id } = await personOf(database, sealer, fact.person)
      await database.app.query('UPDATE subscriber SET language = $2 WHERE id = $1', [id, fact.language])
    }
  }

  for (const fact of given) await arrange(fact)
  return {
    test,
    gateway: { url: test.url, key: test.callbackKey },
    people: { ...demoPeople, nobody: { number: STRANGER, pin: null, answer: null } },
    sentTo: async (number) => test.network.messages(number),
    arrange,
    balanceOf: async (person) => {
      const { id } = await personOf(database, sealer, person)
      const { available, currency } = await balanceOf(database.app, id)
      return formatMoney({ amount: available, currency })
    },
    prove: async () => {
      const unbalanced = (await trialBalance(database.owner)).filter(({ difference }) => difference !== 0n)
      const wrong = await proveBalances(database.owner)
      if (unbalanced.length + wrong.length > 0) throw new Error(`The ledger does not add up: ${wrong.length} accounts`)
    },
    close: test.stop,
  }
}

async function prepare(ground: Ground): Promise<Common> {
  const keys = makeKeys()
  const [redis, database] = await Promise.all([createRedis(ground.redisUrl), createDatabase(ground)])
  const market = markets.get('KE')
  if (market === undefined) throw new Error('the market of the demo is gone')
  await seedPeople(
    { database: database.app, owner: database.owner, market, keys: keysOf(keys) },
    Object.values(demoPeople).map((person): DemoPerson => ({ ...person, balance: 0n })),
  )
  return { redis, keys, template: await database.asTemplate() }
}

async function fund(database: OwnDatabase, sealer: Sealer, given: readonly Given[]): Promise<void> {
  for (const [key, person] of Object.entries(demoPeople)) {
    const has = given.find((fact) => fact.kind === 'balance' && fact.person === key)
    const amount = has?.kind === 'balance' ? has.amount : person.balance
    const { id } = await personOf(database, sealer, person.number)
    if (amount > 0n) await fundWallet(database.owner, id, amount, `demo ${key}`)
  }
}

/** By first name or number. */
async function personOf(database: OwnDatabase, sealer: Sealer, person: string): Promise<Subscriber> {
  const known = Object.entries(demoPeople).find(([name]) => name === person)?.[1]
  const number = parseE164(known?.number ?? person)
  const subscriber = number === null ? null : await findByNumber(database.app, sealer, number)
  if (subscriber === null) throw new Error(`nobody here is ${person}`)
  return subscriber
}
