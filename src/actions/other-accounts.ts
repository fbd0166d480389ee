import type { Lookup, RemoteAccount } from '../account-providers/account-provider.ts'
import { within } from '../domain/within.ts'
import { chooseFirst, closeLinkedAccount, openLinkedAccount } from '../ledger/linked-accounts.ts'
import type { ValueType } from '../menu/contract.ts'
import { type Action, defineAction } from './action.ts'
import { findLinked, linkedOf } from './linked.ts'
import { notify } from './notices.ts'

const name = { type: 'text', max: 14 } as const
const accounts = { type: 'rows', max: 20, of: { account: { type: 'opaque' }, name } } as const
/** More than this is not shown; nor does a wallet hold so much. */
const MOST_SHOWN = 99_999_999_999n
const shown: ValueType & { type: 'money' } = { type: 'money', max: MOST_SHOWN }

/** How long a provider is waited for; the screen must come before the network gives the dialogue up. */
const ASK_MS = 3_500
const DEADLINE_MS = 5_000

const unavailable = { kind: 'unavailable' } as const
async function soon<T>(asked: Promise<Lookup<T>>): Promise<Lookup<T>> {
  const answer = await within(
    ASK_MS,
    asked.catch(() => unavailable),
  )
  return answer === 'late' ? unavailable : answer
}

/** The providers where the caller has linked nothing yet. */
export const listLinkable: Action = defineAction(
  {
    name: 'list-linkable',
    effect: 'read',
    input: {},
    outcomes: { ok: { providers: { type: 'rows', max: 20, of: { provider: { type: 'text', max: 20 }, name } } } },
  },
  async (services, context) => {
    const has = new Set((await linkedOf(services, context)).map(({ account }) => account.provider))
    const free = [...services.linked.values()].filter(({ id }) => !has.has(id))
    return { outcome: 'ok', values: { providers: free.map(({ id, name }) => ({ provider: id, name })) } }
  },
)

/**
 * Links the account that the provider has under the number that the network says is dialling: no other can be, so that nobody can name
 * one that is not theirs. `unknown`: there is none in use.
 */
export const linkAccount: Action = defineAction(
  {
    name: 'link-account',
    effect: 'record',
    asks: 'pin',
    input: { provider: { type: 'text', max: 20 } },
    outcomes: { linked: {}, unknown: {}, unavailable: {} },
    deadlineMs: DEADLINE_MS,
  },
  async (services, context, input) => {
    const provider = services.linked.get(input.provider)
    if (provider === undefined) return { outcome: 'unavailable' }
    const { caller, sessionId } = context
    const remote: RemoteAccount = { type: 'msisdn', value: caller.number }
    const [holder, status] = await Promise.all([soon(provider.accountName(remote)), soon(provider.status(remote))])
    if (holder.kind === 'unknown_account' || status.kind === 'unknown_account') return { outcome: 'unknown' }
    if (holder.kind !== 'known' || status.kind !== 'known') return { outcome: 'unavailable' }
    if (status.value !== 'available') return { outcome: 'unknown' }
    const { database, sealer, audit, market, smsBell } = services
    const queued = await database.transaction(async (tx) => {
      const id = await openLinkedAccount(tx, sealer, caller, provider, market.currency)
      const actor = { kind: 'subscriber', id: caller.id } as const
      await audit.record(tx, { actor, action: 'account.linked', subject: id, payload: { provider: provider.id } })
      return notify(tx, services, context, `linked:${id}:${sessionId}`, 'account_linked', { provider: provider.name })
    })
    if (queued !== null) smsBell.ring(queued)
    return { outcome: 'linked' }
  },
)

/** The caller's accounts elsewhere. */
export const listLinked: Action = defineAction(
  { name: 'list-linked', effect: 'read', input: {}, outcomes: { ok: { accounts } } },
  async (services, context) => {
    const found = await linkedOf(services, context)
    return {
      outcome: 'ok',
      values: { accounts: found.map(({ account, provider }) => ({ account: account.id, name: provider.name })) },
    }
  },
)

/** What one of them holds, as its provider says now. */
export const linkedBalance: Action = defineAction(
  {
    name: 'linked-balance',
    effect: 'read',
    asks: 'pin',
    input: { account: { type: 'opaque' } },
    outcomes: { ok: { balance: shown }, unavailable: {} },
    deadlineMs: DEADLINE_MS,
  },
  async (services, context, { account }) => {
    const found = await findLinked(services, context, account)
    const balance = found === null ? unavailable : await soon(found.provider.balance(found.remote))
    if (balance.kind !== 'known' || balance.value.currency !== services.market.currency)
      return { outcome: 'unavailable' }
    const { available } = balance.value
    if (available < 0n || available > MOST_SHOWN) return { outcome: 'unavailable' }
    return { outcome: 'ok', values: { balance: String(available) } }
  },
)

/** From where the caller pays before being asked: an account elsewhere, or the wallet. */
export const payFirst: Action = defineAction(
  {
    name: 'pay-first',
    effect: 'record',
    input: { kind: { type: 'choice', of: ['wallet', 'linked'] }, account: { type: 'opaque' } },
    outcomes: { done: {}, gone: {} },
  },
  async (services, context, { kind, account }) => {
    const found = kind === 'linked' ? await findLinked(services, context, account) : null
    if (kind === 'linked' && found === null) return { outcome: 'gone' }
    const { caller } = context
    await services.database.transaction(async (tx) => {
      await chooseFirst(tx, caller.id, found?.account.id ?? null)
      const actor = { kind: 'subscriber', id: caller.id } as const
      const payload = { provider: found?.account.provider ?? 'wallet' }
      await services.audit.record(tx, {
        actor,
        action: 'account.put_first',
        subject: found?.account.id ?? null,
        payload,
      })
    })
    return { outcome: 'done' }
  },
)

/** Takes the link away; `busy`: a transfer from or to it has no end yet. */
export const unlinkAccount: Action = defineAction(
  {
    name: 'unlink-account',
    effect: 'record',
    asks: 'pin',
    input: { account: { type: 'opaque' } },
    outcomes: { done: {}, busy: {}, gone: {} },
  },
  async (services, context, { account }) => {
    const found = await findLinked(services, context, account)
    if (found === null) return { outcome: 'gone' }
    const { caller, sessionId } = context
    const { id } = found.account
    const ended = await services.database.transaction(async (tx) => {
      const outcome = await closeLinkedAccount(tx, caller.id, id)
      if (outcome !== 'closed') return { outcome, queued: null }
      const actor = { kind: 'subscriber', id: caller.id } as const
      const payload = { provider: found.account.provider }
      await services.audit.record(tx, { actor, action: 'account.unlinked', subject: id, payload })
      const values = { provider: found.provider.name }
      return {
        outcome,
        queued: await notify(tx, services, context, `unlinked:${id}:${sessionId}`, 'account_unlinked', values),
      }
    })
    if (ended.queued !== null) services.smsBell.ring(ended.queued)
    return { outcome: ended.outcome === 'closed' ? 'done' : ended.outcome === 'busy' ? 'busy' : 'gone' }
  },
)
