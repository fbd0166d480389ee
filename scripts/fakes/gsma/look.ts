import { type Book, decimal, type FakeMove } from './book.ts'
import { errorOf, requestStateOf, resourceOf } from './shown.ts'
import type { GsmaTrouble } from './trouble.ts'

export type Reply = readonly [status: number, body: object | readonly object[]]

/** `digits`: of a customer's number. */
const companies = [
  { serviceProvider: 'city-gas', companyName: 'City Gas', digits: 9 },
  { serviceProvider: 'north-tv', companyName: 'North TV', digits: 10 },
]

/** What a GET finds; `parts`: its path below the base, decoded. */
export function look(book: Book, trouble: GsmaTrouble, parts: readonly string[]): Reply {
  const [top, id = '', value = '', what] = parts
  const seen = trouble.hidden === true ? [] : book.moves
  const found = (move: FakeMove | undefined, show: (move: FakeMove) => object): Reply =>
    move === undefined ? errorOf('identifierError') : [200, show(move)]
  const resource = (move: FakeMove): object => resourceOf(move, trouble)
  switch (top) {
    case 'transactions':
      return found(
        seen.find(({ transactionReference }) => transactionReference === id),
        resource,
      )
    case 'requeststates':
      return found(
        seen.find(({ serverCorrelationId }) => serverCorrelationId === id),
        requestStateOf,
      )
    case 'responses':
      return found(
        seen.find(({ correlationId, state }) => correlationId === id && state !== 'pending'),
        (move) => ({ link: linkOf(move) }),
      )
    case 'errors':
      return [200, errorOf(seen.find(({ transactionReference }) => transactionReference === id)?.error ?? '')[1]]
    case 'billcompanies':
      return [200, companies.map(({ digits: _, ...company }) => company)]
    case 'heartbeat':
      return [200, { serviceStatus: 'available' }]
    case 'accounts':
      return id.includes('@')
        ? lookAtBills(seen, trouble, id, value, what)
        : lookAtAccount(book, seen, value, what ?? '')
    default:
      return errorOf('identifierError')
  }
}

/** Of a failure a link to the error, as the guidelines have it. */
function linkOf(move: FakeMove): string {
  if (move.state === 'failed') return `/errors/${move.transactionReference}`
  if (move.kind === 'billpayment') return `/accounts/${encodeURIComponent(move.billAccount ?? '')}/bills/payments`
  return `/transactions/${move.transactionReference}`
}

function lookAtBills(
  seen: readonly FakeMove[],
  trouble: GsmaTrouble,
  account: string,
  value: string,
  what?: string,
): Reply {
  const [, serviceProvider, consumer = ''] = /^serviceprovider@([^$]+)\$consumerno@(.+)$/.exec(account) ?? []
  const company = companies.find((each) => each.serviceProvider === serviceProvider)
  if (value !== 'bills' || company === undefined || consumer.length !== company.digits || consumer.endsWith('99')) {
    return errorOf('identifierError')
  }
  const paid = seen.filter(({ billAccount, state }) => billAccount === account && state === 'completed')
  if (what === 'payments') {
    // The published schema has one payment here, the text a list.
    const [only] = paid
    return [
      200,
      only !== undefined && paid.length === 1
        ? resourceOf(only, trouble)
        : paid.map((move) => resourceOf(move, trouble)),
    ]
  }
  return [
    200,
    [
      {
        billReference: `B${consumer}`,
        billStatus: 'unpaid',
        amountDue: `${10 + (Number(consumer) % 50)}0.50`,
        currency: 'KES',
      },
    ],
  ]
}

function lookAtAccount(book: Book, seen: readonly FakeMove[], value: string, what: string): Reply {
  const account = book.accounts.get(value)
  if (what === 'status' && account === undefined) return [200, { accountStatus: 'unregistered' }]
  if (account === undefined) return errorOf('identifierError')
  switch (what) {
    case 'status':
      return [200, { accountStatus: account.status }]
    case 'accountname':
      return [200, { name: { fullName: account.name } }]
    case 'balance':
      return [200, { accountStatus: account.status, availableBalance: decimal(account.balance), currency: 'KES' }]
    case 'statemententries':
      return [
        200,
        seen
          .filter(({ debit, credit }) => debit?.value === value || credit?.value === value)
          .map((move) => resourceOf(move, {}))
          .reverse(),
      ]
    default:
      return errorOf('identifierError')
  }
}
