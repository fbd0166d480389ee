import type { SubscriberId } from '../domain/ids.ts'
import type { Msisdn } from '../domain/msisdn.ts'
import type { Sealer } from './sealing.ts'

/** What a phone number is looked up by wherever one is kept. */
export function numberIndex(sealer: Sealer, number: Msisdn): Buffer {
  return sealer.index(number, 'subscriber.number')
}

/** Ties a subscriber's sealed number to its row. */
export function numberContext(id: SubscriberId): string {
  return `subscriber.number:${id}`
}

/** Ties a subscriber's sealed name to its row. */
export function nameContext(id: SubscriberId): string {
  return `subscriber.name:${id}`
}
