import type { Capabilities, RemoteProvider } from '../account-provider.ts'
import { accountBalance, accountName, accountStatement, accountStatus } from './accounts.ts'
import { WIRE_DECIMALS } from './amounts.ts'
import { billCompanies } from './bills.ts'
import { judge } from './callbacks.ts'
import type { GsmaSettings } from './settings.ts'
import { move, queryTransaction, reverse, subjectOf } from './transactions.ts'

/** A provider that speaks the GSMA Mobile Money API 1.2 (docs/account-providers.md). */
export function makeGsmaProvider(settings: GsmaSettings): RemoteProvider {
  return {
    kind: 'remote',
    id: settings.id,
    name: settings.name,
    capabilities: capabilitiesOf(settings),
    timeoutMs: settings.timeoutMs,
    accountName: (account) => accountName(settings, account),
    status: (account) => accountStatus(settings, account),
    balance: (account) => accountBalance(settings, account),
    statement: (account, count) => accountStatement(settings, account, count),
    billCompanies: () => billCompanies(settings),
    collect: (movement) => move(settings, 'collect', movement),
    disburse: (movement) => move(settings, 'disburse', movement),
    reverse: (reversal) => reverse(settings, reversal),
    query: (asked) => queryTransaction(settings, asked),
    judge: (callback, asked) => judge(callback, subjectOf(settings, asked)),
  }
}

/** Holding first takes an authorisation code with `holdFundsIndicator`, which few offer; so it is not counted on. */
function capabilitiesOf({ flow }: GsmaSettings): Capabilities {
  return {
    twoPhase: false,
    queryByReference: flow !== 'polling',
    resend: 'rejects-duplicate',
    callbacks: flow === 'callback' ? 'retried' : 'none',
    partialReversal: true,
    decimals: WIRE_DECIMALS,
    nameLookup: true,
    statement: true,
    billCompanies: true,
  }
}
