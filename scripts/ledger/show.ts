import { parseArgs } from 'node:util'
import type { Queryable } from '../../src/database/database.ts'
import type { SubscriberId } from '../../src/domain/ids.ts'
import { markets } from '../../src/domain/markets.ts'
import { maskMsisdn } from '../../src/domain/msisdn.ts'
import { billerAccountContext } from '../../src/ledger/transfer.ts'
import { readTransferHistory, type TransferHistory } from '../../src/ledger/transfer-history.ts'
import { makeSealer, type Sealer } from '../../src/security/sealing.ts'
import { findMessagesAbout, type MessageAbout } from '../../src/sms/about-transfer.ts'
import { findById } from '../../src/subscribers/find.ts'
import type { Verb } from './verb.ts'
import { json, money, time } from './words.ts'

export const show: Verb = {
  name: 'show',
  summary: 'everything on record of one transfer',
  help: `REFERENCE [--json]

  npm run ledger -- show QG7K2M4P9A
  npm run --silent ledger -- show QG7K2M4P9A --json

States, legs, holds, journals and entries, what a partner was asked and answered, and the messages about it. Numbers are masked, texts are
not shown.
`,
  keys: ['data'],
  prepare(args) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { json: { type: 'boolean', default: false } },
    })
    const [typed = '', ...more] = positionals
    const reference = typed.toUpperCase()
    if (!/^[A-Z2-9]{10}$/.test(reference) || more.length > 0) {
      throw new Error('Which transfer? Say its reference, ten letters and digits such as QG7K2M4P9A.')
    }
    return ({ database, key, print, warn }) =>
      database.transaction(async (tx) => {
        await tx.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY')
        const history = await readTransferHistory(tx, reference)
        if (history === null) {
          warn(`No transfer has the reference ${reference}.\n`)
          return 1
        }
        const found = await withPeople(tx, makeSealer(key('data')), history)
        const messages = await findMessagesAbout(tx, history.id)
        print(values.json ? `${json({ ...found, messages })}\n` : wordsOf(found, messages))
        return 0
      })
  },
}

/** `billerAccount`: but for its last three digits. */
type Shown = Omit<TransferHistory, 'billerAccount'> & {
  readonly payerNumber: string | null
  readonly payeeNumber: string | null
  readonly billerAccount: string | null
}

async function withPeople(tx: Queryable, sealer: Sealer, history: TransferHistory): Promise<Shown> {
  const plan = [...markets.values()].find(({ currency }) => currency === history.currency)?.numbering
  const numberOf = async (id: SubscriberId | null): Promise<string | null> => {
    const person = id === null ? null : await findById(tx, sealer, id)
    return person === null || plan === undefined ? null : maskMsisdn(person.number, plan)
  }
  const { billerAccount } = history
  return {
    ...history,
    payerNumber: await numberOf(history.payerId),
    payeeNumber: await numberOf(history.payeeId),
    billerAccount:
      billerAccount === null ? null : `***${sealer.open(billerAccount, billerAccountContext(history.id)).slice(-3)}`,
  }
}

function wordsOf(shown: Shown, messages: readonly MessageAbout[]): string {
  const { currency, legs, holds, journals, attempts, states, resolved } = shown
  const amount = (value: bigint): string => money(value, currency)
  const payee = shown.payeeNumber ?? `${shown.biller}, account ${shown.billerAccount}`
  return [
    `${shown.reference}  ${shown.kind}, ${shown.state}${because(shown.reason)}`,
    `  ${amount(shown.amount)}, fee ${amount(shown.fee)} (tax in it ${amount(shown.tax)}), tariff ${shown.tariff}, business day ${shown.businessDay}`,
    `  from ${shown.payerNumber} (${shown.payerId}) to ${payee}${shown.payeeId === null ? '' : ` (${shown.payeeId})`}`,
    `  quoted ${time(shown.quotedAt)}, transfer ${shown.id}`,
    ...states.map(({ at, to, reason }) => `  ${time(at)}  ${to}${because(reason)}`),
    ...(shown.nextAttemptAt === null ? [] : [`  next attempt ${time(shown.nextAttemptAt)}`]),
    ...legs.map(({ leg, debit, credit, amount: of }) => `  leg ${leg}: ${amount(of)} from ${debit} to ${credit}`),
    ...holds.map((hold) => `  hold on ${hold.account}: ${amount(hold.out)} out, ${amount(hold.in)} in`),
    `  ${resolved === null ? 'the hold is open' : `the hold was ${resolved.outcome} ${time(resolved.at)}`}`,
    ...journals.flatMap((journal) => [
      `  journal ${journal.reference}, ${journal.kind}, posted ${time(journal.at)} on ${journal.businessDay}`,
      ...journal.entries.map(
        (entry) =>
          `    ${entry.leg}: ${amount(entry.amount)} from ${entry.debit} (number ${entry.debitSeq}, then ${amount(entry.debitBalance)}) to ${entry.credit} (number ${entry.creditSeq}, then ${amount(entry.creditBalance)})`,
      ),
    ]),
    ...attempts.map((attempt) => {
      const answer = attempt.answeredAt === null ? 'no answer' : `${attempt.outcome} ${time(attempt.answeredAt)}`
      const their = attempt.partnerReference === null ? '' : `, their reference ${attempt.partnerReference}`
      const what = attempt.action === 'decision' ? "officers' decision" : `partner asked to ${attempt.action}`
      return `  ${what} ${time(attempt.startedAt)}: ${answer}${because(attempt.cause)}${their}`
    }),
    ...messages.map(
      ({ id, fact, state, createdAt }) => `  message ${id} ${fact}: ${state}, written ${time(createdAt)}`,
    ),
    '',
  ].join('\n')
}

function because(reason: string | null): string {
  return reason === null ? '' : ` (${reason})`
}
