import type { SubscriberId } from '../domain/ids.ts'
import type { Msisdn } from '../domain/msisdn.ts'
import { deriveRing, type Key } from './keys.ts'
import type { Sealer } from './sealing.ts'

/** Of the index, the same wherever a number is kept. */
export const NUMBER_PURPOSE = 'subscriber.number'

/** What a phone number is looked up by wherever one is kept. */
export function numberIndex(sealer: Sealer, number: Msisdn): Buffer {
  return sealer.index(number, NUMBER_PURPOSE)
}

/** All that a number may be found under while DATA_KEY is being replaced; one otherwise. */
export function numberIndexes(sealer: Sealer, number: Msisdn): readonly [Buffer, ...Buffer[]] {
  return sealer.indexes(number, NUMBER_PURPOSE)
}

/** The key that passwords of SMPP accounts are hashed under. */
export function accountPasswordKey(dataKey: Key): Key {
  return deriveRing(dataKey, 'smpp account password')
}

/** Ties a subscriber's sealed number to its row. */
export function numberContext(id: SubscriberId): string {
  return `subscriber.number:${id}`
}

/** Ties a subscriber's sealed name to its row. */
export function nameContext(id: SubscriberId): string {
  return `subscriber.name:${id}`
}
