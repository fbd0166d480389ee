import type { AccountBook, SmppAccount } from '../../aggregators/smpp/server/account.ts'
import type { Database } from '../../database/database.ts'
import type { Sealer } from '../../security/sealing.ts'
import type { Hasher } from '../../subscribers/hasher.ts'
import type { SmsBell } from '../queue.ts'
import { acceptMessage } from './accept.ts'
import { findAccount, readAccount, renewPassword, type StoredAccount } from './account-row.ts'
import { acknowledgeDeliveries, postponeDeliveries, takeDeliveries } from './deliveries.ts'
import { cancelMessage, findMessage } from './standing.ts'

export type BookServices = {
  readonly database: Database
  readonly sealer: Sealer
  readonly bell: SmsBell
  readonly hasher: Hasher
}

/** The accounts of our SMPP server and their messages, in PostgreSQL. */
export function makeAccountBook(services: BookServices): AccountBook {
  const { database, sealer, bell, hasher } = services
  // The server hands back the account that it was given here, so what only we know of it is still there.
  const stored = (account: SmppAccount): StoredAccount => account as StoredAccount
  return {
    async authenticate(systemId, password) {
      const account = await findAccount(database, systemId)
      // The same work for a name that nobody has, so that the time does not tell which names there are.
      const hash = account?.passwordHash ?? null
      const right = await hasher.withPlace(async (place) => {
        const verdict = await place.verify(hash, password, account?.id ?? '')
        if (verdict && account !== null && hash !== null && place.keyOf(hash) === 'older') {
          await renewPassword(database, account.id, hash, await place.hash(password, account.id))
        }
        return verdict
      })
      if (right === 'busy') return 'busy'
      return right && account !== null ? account : 'refused'
    },
    reload: (accountId) => readAccount(database, accountId),
    accept: (account, message) => acceptMessage({ database, sealer, bell }, stored(account), message),
    find: (account, messageId) => findMessage(database, stored(account), messageId),
    cancel: (account, messageId) => cancelMessage(database, stored(account), messageId),
    takeDeliveries: (account, limit, leaseMs) => takeDeliveries({ database, sealer }, stored(account), limit, leaseMs),
    acknowledge: (ids) => acknowledgeDeliveries(database, ids),
    postpone: (ids, delayMs) => postponeDeliveries(database, ids, delayMs),
  }
}
