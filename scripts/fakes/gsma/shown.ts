import { decimal, type FakeMove, minor } from './book.ts'
import type { GsmaTrouble } from './trouble.ts'

/** Which category each error code of the fake belongs to, and the status that goes with it (API service definition, Errors). */
const ERRORS: Readonly<Record<string, readonly [status: number, category: string]>> = {
  duplicateRequest: [400, 'businessRule'],
  insufficientFunds: [400, 'businessRule'],
  incorrectState: [400, 'businessRule'],
  requestDeclined: [401, 'authorisation'],
  clientAuthorisationError: [401, 'authorisation'],
  formatError: [400, 'validation'],
  identifierError: [404, 'identification'],
  genericError: [503, 'serviceUnavailable'],
}

/** Status and error object of a code. */
export function errorOf(code: string): [number, object] {
  const [status, errorCategory] = ERRORS[code] ?? [500, 'internal']
  return [status, { errorCategory, errorCode: code, errordescription: code, errorDateTime: new Date().toISOString() }]
}

/** A move as a resource of the API. */
export function resourceOf(move: FakeMove, trouble: GsmaTrouble): object {
  const amount = trouble.wrongAmount === true ? decimal(minor(move.amount) * 10n) : move.amount
  const common = {
    requestingOrganisationTransactionReference: trouble.wrongParty === true ? 'somebody-else' : move.reference,
    creationDate: move.at,
    currency: move.currency,
  }
  const status = move.state === 'completed' ? 'Completed' : move.state === 'failed' ? 'failed' : 'pending'
  if (move.kind === 'billpayment') {
    const digits = BigInt(`0x${move.serverCorrelationId.replaceAll('-', '')}`)
      .toString()
      .slice(0, 20)
    return {
      ...common,
      amountPaid: amount,
      billPaymentStatus: status,
      serviceProviderPaymentReference: move.transactionReference,
      ...(move.state === 'completed' ? { serviceProviderNotification: digits.replace(/(\d{4})(?=\d)/g, '$1-') } : {}),
    }
  }
  const { transactionReference, type, original, debit, credit } = move
  const other = { key: debit?.key ?? '', value: '+254799999999' }
  return {
    ...common,
    ...{ amount, type, transactionReference, transactionStatus: status },
    ...(original === null ? {} : { originalTransactionReference: original }),
    ...(debit === null ? {} : { debitParty: [trouble.wrongParty === true ? other : debit] }),
    ...(credit === null ? {} : { creditParty: [credit] }),
  }
}

/** Its request state (202, and for who polls). */
export function requestStateOf(move: FakeMove): object {
  return {
    serverCorrelationId: move.serverCorrelationId,
    status: move.state,
    notificationMethod: move.callbackUrl === null ? 'polling' : 'callback',
    pollLimit: 100,
    ...(move.state === 'completed' ? { objectReference: move.transactionReference } : {}),
    ...(move.state === 'failed' ? { error: errorOf(move.error ?? '')[1] } : {}),
  }
}
