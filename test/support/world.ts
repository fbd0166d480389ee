import { type DemoPerson, demoPeople, STRANGER } from '../../scripts/demo/people.ts'
import type { Trouble } from '../../scripts/fakes/billers.ts'
import { formatMoney } from '../../src/domain/money.ts'
import { parseE164 } from '../../src/domain/msisdn.ts'
import { fundWallet } from '../../src/ledger/accounts.ts'
import { proveBalances, trialBalance } from '../../src/ledger/prove.ts'
import { balanceOf } from '../../src/ledger/statement.ts'
import { makeSealer } from '../../src/security/sealing.ts'
import { findByNumber, type Subscriber } from '../../src/subscribers/find.ts'
import type { BillerMood, Given } from './dialogue-file.ts'
import type { DialogueWorld } from './dialogues.ts'
import { startTestGateway, type TestGateway } from './gateway.ts'

export type World = DialogueWorld & {
  readonly at: TestGateway
  /** Throws when the ledger is not right, whatever the dialogue was. */
  prove(): Promise<void>
  close(): Promise<void>
}

const troubles: Readonly<Record<BillerMood, Trouble>> = {
  well: {},
  slow: { delayMs: 1_000 },
  silent: { silent: true },
  unreachable: { unreachable: true },
  undecided: { pending: true },
  refusing: { refuse: true },
  failing: { status5xxAfterSuccess: true },
}

/** The demo's people, changed as a dialogue says, and a gateway they can dial. */
export async function openWorld(given: readonly Given[]): Promise<World> {
  const people: Record<string, DemoPerson> = { ...demoPeople }
  for (const { person, amount } of given.filter((each) => each.kind === 'balance')) {
    const before = people[person]
    if (before === undefined) throw new Error(`nobody is called ${person}`)
    people[person] = { ...before, balance: amount }
  }
  const at = await startTestGateway({ people: Object.values(people) })
  const sealer = makeSealer(at.settings.keys.data)

  async function find(number: string): Promise<Subscriber> {
    const parsed = parseE164(number)
    const found = parsed === null ? null : await findByNumber(at.database.app, sealer, parsed)
    if (found === null) throw new Error(`nobody has the number ${number}`)
    return found
  }

  async function arrange(change: Given): Promise<void> {
    switch (change.kind) {
      case 'biller':
        return at.billers.control(change.biller, troubles[change.is])
      case 'language': {
        const { id } = await find(people[change.person]?.number ?? '')
        await at.database.app.query('UPDATE subscriber SET language = $2 WHERE id = $1', [id, change.language])
        return
      }
      case 'balance': {
        const { id } = await find(people[change.person]?.number ?? '')
        const { available } = await balanceOf(at.database.app, id)
        if (change.amount < available) throw new Error(`${change.person} has more than that already`)
        if (change.amount === available) return
        const reference = `to ${change.amount} for ${id}`
        await at.database.owner.transaction((tx) => fundWallet(tx, id, change.amount - available, reference))
      }
    }
  }

  for (const change of given.filter((each) => each.kind !== 'balance')) await arrange(change)
  return {
    at,
    gateway: { url: at.url, key: at.callbackKey },
    people: {
      ...people,
      stranger: { number: STRANGER, pin: null, answer: null },
    },
    sentTo: async (number) => at.network.messages(number),
    arrange,
    balanceOf: async (number) => {
      const { available, currency } = await balanceOf(at.database.app, (await find(number)).id)
      return formatMoney({ amount: available, currency })
    },
    async prove() {
      const unbalanced = (await trialBalance(at.database.owner)).filter(({ difference }) => difference !== 0n)
      const wrong = await proveBalances(at.database.owner)
      if (unbalanced.length + wrong.length > 0)
        throw new Error(`the ledger is wrong: ${String([...unbalanced, ...wrong])}`)
    },
    close: () => at.stop(),
  }
}
