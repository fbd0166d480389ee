import type { Database } from '../../src/database/database.ts'
import type { Market } from '../../src/domain/market.ts'
import { parseE164 } from '../../src/domain/msisdn.ts'
import { Secret } from '../../src/domain/secret.ts'
import { fundWallet } from '../../src/ledger/accounts.ts'
import { loadTariff } from '../../src/ledger/load-tariff.ts'
import type { Audit } from '../../src/security/audit.ts'
import type { Sealer } from '../../src/security/sealing.ts'
import { enrol } from '../../src/subscribers/enrol.ts'
import type { Hasher } from '../../src/subscribers/hasher.ts'
import { authorisePinChange, proposePin, setPin } from '../../src/subscribers/pin.ts'
import { acceptTerms } from '../../src/subscribers/terms.ts'
import { DEMO_QUESTION, type DemoPerson, demoPeople } from './people.ts'

export type SeedServices = {
  readonly database: Database
  /** Money comes into being by the owner's role only. */
  readonly owner: Database
  readonly market: Market
  readonly sealer: Sealer
  readonly hasher: Hasher
  readonly audit: Audit
}

/** Enrols, activates and funds whoever is not there yet; a second run changes nothing. */
export async function seedPeople(
  services: SeedServices,
  people: readonly DemoPerson[] = Object.values(demoPeople),
): Promise<void> {
  await services.database.transaction((tx) => loadTariff(tx, services.market))
  await Promise.all(people.map((person) => seedPerson(services, person)))
}

async function seedPerson(services: SeedServices, person: DemoPerson): Promise<void> {
  const { database, owner, sealer, hasher, audit, market } = services
  const number = parseE164(person.number)
  if (number === null) throw new Error(`${person.name} has no number`)
  const enrolled = await database.transaction((tx) =>
    enrol(
      tx,
      { sealer, hasher, audit },
      {
        ...{ number, name: person.name, language: 'en', tier: 'standard' },
        question: person.answer === null ? null : { text: DEMO_QUESTION, answer: new Secret(person.answer) },
        by: { kind: 'system', id: 'demo' },
      },
    ),
  )
  if (enrolled.kind === 'already') return
  if (enrolled.kind !== 'enrolled') throw new Error(`${person.name} was not enrolled: ${JSON.stringify(enrolled)}`)
  const id = enrolled.subscriberId
  if (person.balance > 0n) {
    await owner.transaction((tx) => fundWallet(tx, id, person.balance, `opening balance of ${id}`))
  }
  if (person.pin === null) return
  const pins = { database, sealer, hasher, audit, pinDigits: person.pin.length, numbering: market.numbering }
  await acceptTerms(database, audit, id, '1')
  await authorisePinChange(database, id, 'demo', 'activation')
  const pin = new Secret(person.pin)
  const proposed = await proposePin(pins, id, 'demo', pin)
  const set = proposed === 'proposed' ? await setPin(pins, id, 'demo', pin) : proposed
  if (set !== 'set') throw new Error(`the PIN of ${person.name} was not set: ${set}`)
}
