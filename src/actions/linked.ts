import type { RemoteAccount, RemoteProvider } from '../account-providers/account-provider.ts'
import { type LinkedAccount, listLinkedAccounts } from '../ledger/linked-accounts.ts'
import type { Json } from '../menu/contract.ts'
import type { ActionContext, Services } from './action.ts'

/** A linked account of the caller whose provider this deployment knows. */
export type Linked = {
  readonly account: LinkedAccount
  readonly provider: RemoteProvider
  /** As the provider is asked for it. */
  readonly remote: RemoteAccount
}

/** The caller's, the one to pay from first before the others; nothing is asked where nobody can link any. */
export async function linkedOf({ database, sealer, linked }: Services, { caller }: ActionContext): Promise<Linked[]> {
  if (linked.size === 0) return []
  const accounts = await listLinkedAccounts(database, sealer, caller)
  return accounts.flatMap((account) => {
    const provider = linked.get(account.provider)
    return provider === undefined
      ? []
      : [{ account, provider, remote: { type: 'msisdn', value: account.number } as const }]
  })
}

/** The one that a menu carries, if it still is the caller's. */
export async function findLinked(services: Services, context: ActionContext, id: Json): Promise<Linked | null> {
  return (await linkedOf(services, context)).find(({ account }) => account.id === id) ?? null
}
