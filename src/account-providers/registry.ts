import type { AccountProvider, OwnProvider, RemoteProvider } from './account-provider.ts'
import { makeGsmaProvider } from './gsma/provider.ts'
import type { GsmaSettings } from './gsma/settings.ts'
import { ownLedger } from './own-ledger.ts'

/** The one that keeps everybody's wallet. */
export const walletProvider: OwnProvider = ownLedger

/** All providers of the deployment by id: the own ledger, then the others in the order of its settings. */
export function makeAccountProviders(settings: readonly GsmaSettings[]): ReadonlyMap<string, AccountProvider> {
  return new Map<string, AccountProvider>([
    [ownLedger.id, ownLedger],
    ...settings.map((each) => [each.id, makeGsmaProvider(each)] as const),
  ])
}

/** Those where people may link the account that they have under their own number, in the order of the settings. */
export function makeLinkableProviders(settings: readonly GsmaSettings[]): ReadonlyMap<string, RemoteProvider> {
  const linkable = settings.filter((each) => each.linkable === 'msisdn')
  return new Map(linkable.map((each) => [each.id, makeGsmaProvider(each)]))
}
