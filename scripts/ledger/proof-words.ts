import type { Figures, MoneyFigures } from '../../src/ledger/figures.ts'
import type { Finding } from '../../src/ledger/proofs/proof.ts'
import type { CheckResult, Proof } from '../../src/ledger/prove-ledger.ts'
import { age, count, money } from './words.ts'

/** A proof for people: what is wrong and where, or that all is well, and the figures. */
export function proofWords(proof: Proof): string {
  const { found, checked, sinceDay, skipped, figures } = proof
  const scope = sinceDay === null ? 'of everything' : `of what came since ${sinceDay} was closed`
  const head =
    found.length === 0
      ? `All is well: ${count(checked, 'check')} ${scope}.`
      : `${count(found.length, 'check')} of ${checked} ${scope} found something.`
  const left = skipped.length === 0 ? [] : [`Only a proof of everything checks ${skipped.join(', ')}.`]
  return [...found.flatMap(foundWords), head, ...left, ...figureWords(figures), ''].join('\n')
}

function foundWords({ name, proves, grade, total, findings }: CheckResult): string[] {
  const more = total - findings.length
  return [
    `${grade === 'wrong' ? 'WRONG' : 'LOOK '} ${name}: it should be that ${proves}; it is not so in ${count(total, 'place')}`,
    ...findings.map(findingWords),
    ...(more > 0 ? [`  … and ${more} more`] : []),
  ]
}

function findingWords({ account, reference, entry, says }: Finding): string {
  const where = [
    reference === null ? '' : reference,
    entry === null ? '' : `entry ${entry}`,
    account === null ? '' : `account ${account}`,
  ].filter(Boolean)
  return `  ${where.length === 0 ? '' : `${where.join(', ')}: `}${says}`
}

function figureWords({ accounts, journals, entries, money: currencies, open, lastClosedDay }: Figures): string[] {
  return [
    `  ${count(accounts, 'account')}, ${count(journals, 'journal')}, ${count(entries, 'entry', 'entries')}; ${lastClosedDay === null ? 'no day is closed' : `closed up to ${lastClosedDay}`}`,
    ...currencies.map(moneyWords),
    ...open.map(
      ({ state, currency, count: n, amount, oldestS }) =>
        `  open: ${n} ${state} with ${money(amount, currency)}, the oldest for ${age(Number(oldestS))}`,
    ),
  ]
}

function moneyWords({ currency, eMoney, inTransit, house, trust, bank }: MoneyFigures): string {
  const said =
    bank === null
      ? 'nothing is recorded of the bank'
      : `the bank held ${money(bank.balance, currency)} at the end of ${bank.asOf}, the books said ${money(bank.booked, currency)}`
  return `  ${money(eMoney, currency)} of e-money, ${money(inTransit, currency)} in transit, ${money(house, currency)} of fees and taxes; ${money(trust, currency)} in trust; ${said}`
}
