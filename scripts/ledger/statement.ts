import { parseArgs } from 'node:util'
import type { Queryable } from '../../src/database/database.ts'
import { type AccountId, isUuid } from '../../src/domain/ids.ts'
import type { Currency } from '../../src/domain/money.ts'
import { type Msisdn, parseE164 } from '../../src/domain/msisdn.ts'
import {
  type PeriodLine,
  readStatementPage,
  type StatementCursor,
  type StatementPage,
} from '../../src/ledger/period-statement.ts'
import type { OwnWallet } from '../../src/ledger/savings.ts'
import { makeAudit } from '../../src/security/audit.ts'
import { makeSealer, type Sealer } from '../../src/security/sealing.ts'
import { findByNumber } from '../../src/subscribers/find.ts'
import { writeCsv } from '../menus/words/csv.ts'
import type { Verb } from './verb.ts'
import { decimal, json, money, readDay, time } from './words.ts'

const PAGE = 1_000

export const statement: Verb = {
  name: 'statement',
  summary: 'what moved on an account in a period, with the balances before, after and between',
  help: `--account ID | --number +254712345678 [--savings], --from YYYY-MM-DD --to YYYY-MM-DD [--csv | --json]

  npm run ledger -- statement --number +254712345678 --from 2026-11-01 --to 2026-11-30
  npm run --silent ledger -- statement --account 11b10b3c-2bc8-4061-9144-0b01028bc204 --from 2026-11-01 --to 2026-11-30 --csv > november.csv

--number means the main wallet of whoever holds the number, with --savings their savings. Days are the market's, both included; times are UTC. It shows what its owner
may see; that it was read is written to the audit record.
`,
  keys: ['data', 'audit'],
  prepare(args) {
    const text = { type: 'string' } as const
    const boolean = { type: 'boolean', default: false } as const
    const { values } = parseArgs({
      args: [...args],
      options: { account: text, number: text, savings: boolean, from: text, to: text, csv: boolean, json: boolean },
    })
    const whose = readWhose(values.account, values.number, values.savings ? 'savings' : 'main')
    if (values.from === undefined || values.to === undefined) {
      throw new Error('Of which days? Say --from and --to, such as --from 2026-11-01 --to 2026-11-30.')
    }
    const period = { from: readDay(values.from, '--from'), to: readDay(values.to, '--to') }
    if (period.from > period.to) throw new Error('--from is after --to; turn them round.')
    if (values.csv && values.json) throw new Error('Either --csv or --json.')
    const form = values.csv ? csv : values.json ? lines : table
    return ({ database, key, by, print, warn }) =>
      database.transaction(async (tx) => {
        await tx.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ')
        const sealer = makeSealer(key('data'))
        const account = await findAccount(tx, sealer, whose)
        if (account === null) {
          warn('There is no such account; nothing was read.\n')
          return 1
        }
        const audit = makeAudit(key('audit'), sealer)
        await audit.record(tx, { actor: by, action: 'statement.read', subject: account, payload: period })
        let after: StatementCursor | null = null
        do {
          const page: StatementPage | null = await readStatementPage(tx, sealer, account, period, {
            after,
            limit: PAGE,
          })
          if (page === null) {
            warn('There is no such account; nothing was read.\n')
            return 1
          }
          print(form(page, after === null, period))
          after = page.next
        } while (after !== null)
        return 0
      })
  },
}

type Whose = { readonly account: AccountId } | { readonly number: Msisdn; readonly wallet: OwnWallet }

function readWhose(account: string | undefined, number: string | undefined, wallet: OwnWallet): Whose {
  if ((account === undefined) === (number === undefined)) throw new Error('Whose? Say either --account or --number.')
  if (account !== undefined) {
    if (!isUuid(account)) throw new Error('--account is the id of an account: 32 hexadecimal digits with hyphens.')
    if (wallet === 'savings') throw new Error('--savings goes with --number; an account is what its id says.')
    return { account: account as AccountId }
  }
  const parsed = parseE164(number ?? '')
  if (parsed === null) throw new Error('--number is a number in international form such as +254712345678.')
  return { number: parsed, wallet }
}

async function findAccount(tx: Queryable, sealer: Sealer, whose: Whose): Promise<AccountId | null> {
  if ('account' in whose) return whose.account
  const subscriber = await findByNumber(tx, sealer, whose.number)
  const { rows } = await tx.query<{ id: AccountId }>(
    `SELECT id FROM account WHERE kind = 'wallet' AND code = $2 AND owner_id = $1`,
    [subscriber?.id ?? null, whose.wallet],
  )
  return rows[0]?.id ?? null
}

type Form = (page: StatementPage, first: boolean, period: { readonly from: string; readonly to: string }) => string

const table: Form = ({ currency, opening, closing, lines: rows, next }, first, { from, to }) =>
  [
    ...(first ? [`Balance before ${from}: ${money(opening, currency)}`] : []),
    ...rows.map((line) => rowOf(line, currency)),
    ...(next === null ? [`Balance after ${to}: ${money(closing, currency)}`] : []),
    '',
  ].join('\n')

function rowOf({ at, reference, kind, party, in: paidIn, out, fee, balance }: PeriodLine, currency: Currency): string {
  const moved = [
    paidIn > 0n ? `in ${money(paidIn, currency)}` : '',
    out > 0n ? `out ${money(out, currency)}` : '',
    fee > 0n ? `fee ${money(fee, currency)}` : '',
  ].filter(Boolean)
  return `${time(at)}  ${reference}  ${kind.padEnd(8)}  ${party}: ${moved.join(', ')}; balance ${money(balance, currency)}`
}

/** Opening and closing balance are rows of their own, so that the file can be added up. */
const csv: Form = ({ currency, opening, closing, lines: rows, next }, first, { from, to }) =>
  writeCsv([
    ...(first
      ? [
          ['time', 'reference', 'kind', 'counterparty', 'in', 'out', 'fee', 'balance', 'currency'],
          [from, '', 'opening', '', '', '', '', decimal(opening, currency), currency],
        ]
      : []),
    ...rows.map((line) => [
      ...[line.at.toISOString(), harmless(line.reference), line.kind, harmless(line.party)],
      ...[line.in, line.out, line.fee, line.balance].map((amount) => decimal(amount, currency)),
      currency,
    ]),
    ...(next === null ? [[to, '', 'closing', '', '', '', '', decimal(closing, currency), currency]] : []),
  ])

/** One JSON object a line: the first page's begins with the balances. */
const lines: Form = ({ currency, opening, closing, lines: rows }, first, period) =>
  [...(first ? [{ ...period, currency, opening, closing }] : []), ...rows].map((row) => `${json(row)}\n`).join('')

/** A spreadsheet would run a cell that begins like a formula, and names are chosen by people. */
function harmless(cell: string): string {
  return /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell
}
