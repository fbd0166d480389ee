import { availableParallelism } from 'node:os'
import type { Database } from '../../src/database/database.ts'
import type { Market } from '../../src/domain/market.ts'
import { parseE164 } from '../../src/domain/msisdn.ts'
import { Secret } from '../../src/domain/secret.ts'
import { fundWallet } from '../../src/ledger/accounts.ts'
import { bringTariffs } from '../../src/ledger/load-tariffs.ts'
import { makeAudit } from '../../src/security/audit.ts'
import type { Keys } from '../../src/security/keys.ts'
import { makeSealer } from '../../src/security/sealing.ts'
import { type EnrolServices, enrol } from '../../src/subscribers/enrol.ts'
import { makeHasher } from '../../src/subscribers/hasher.ts'
import { authorisePinChange, proposePin, setPin } from '../../src/subscribers/pin.ts'
import { acceptTerms } from '../../src/subscribers/terms.ts'
import { DEMO_QUESTION, type DemoPerson, demoPeople } from './people.ts'

export type SeedPlace = {
  readonly database: Database
  /** Money comes into being by the owner's role only, and so do tariffs. */
  readonly owner: Database
  readonly market: Market
  readonly keys: Pick<Keys, 'pin' | 'data' | 'audit'>
}

/** Enrols, activates and funds whoever is not there yet; a second run changes nothing. */
export async function seedPeople(
  place: SeedPlace,
  people: readonly DemoPerson[] = Object.values(demoPeople),
): Promise<void> {
  const { owner, market, keys } = place
  await bringTariffs(owner, market, null)
  const sealer = makeSealer(keys.data)
  // Two hashes a person at most, PIN and answer, all of them asked for at once.
  const hasher = makeHasher({ key: keys.pin, concurrency: availableParallelism(), queueLimit: 2 * people.length })
  const services = { sealer, hasher, audit: makeAudit(keys.audit, sealer) }
  await Promise.all(people.map((person) => seedPerson(place, services, person)))
}

async function seedPerson(place: SeedPlace, services: EnrolServices, person: DemoPerson): Promise<void> {
  const { database, owner, market } = place
  const { sealer, hasher, audit } = services
  const number = parseE164(person.number)
  if (number === null) throw new Error(`${person.name} has no number`)
  const enrolled = await database.transaction((tx) =>
    enrol(tx, services, {
      ...{ number, name: person.name, language: 'en', tier: 'standard' },
      question: person.answer === null ? null : { text: DEMO_QUESTION, answer: new Secret(person.answer) },
      by: { kind: 'system', id: 'demo' },
    }),
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
