import { acceptTerms } from './accept-terms.ts'
import type { Action } from './action.ts'
import { checkAnswer } from './check-answer.ts'
import { checkBalance } from './check-balance.ts'
import { checkBill } from './check-bill.ts'
import { checkCode } from './check-code.ts'
import { findPayee } from './find-payee.ts'
import {
  listSources,
  payBillFrom,
  quoteBillFrom,
  quoteCollect,
  quoteDisburse,
  quoteSendFrom,
  sendFrom,
} from './linked-money.ts'
import { listBillers } from './list-billers.ts'
import { declineRequest, listAsked, requestMoney } from './money-requests.ts'
import { proposePin, setPin } from './new-pin.ts'
import { openPinChange } from './open-pin-change.ts'
import { linkAccount, linkedBalance, listLinkable, listLinked, payFirst, unlinkAccount } from './other-accounts.ts'
import { quoteAirtime, quoteBill, quoteRequest, quoteSend } from './quote.ts'
import { readQuestion } from './read-question.ts'
import { readStatement } from './read-statement.ts'
import { askBack, giveBack, keepMoney, listSent } from './reversals.ts'
import { checkSavings, quotePutAside, quoteTakeOut } from './savings.ts'
import { cancelScheduled, listScheduled, planTransfer, scheduleTransfer, skipScheduled } from './scheduled.ts'
import { sendCode } from './send-code.ts'
import { setLanguage } from './set-language.ts'
import { buyAirtime, moveMoney, moveSavings, payBill, sendMoney } from './transfer.ts'

/** Everything that a menu can do, by name. */
export const actions: ReadonlyMap<string, Action> = new Map(
  [
    acceptTerms,
    askBack,
    buyAirtime,
    cancelScheduled,
    checkAnswer,
    checkBalance,
    checkBill,
    checkCode,
    checkSavings,
    declineRequest,
    findPayee,
    giveBack,
    keepMoney,
    listAsked,
    linkAccount,
    linkedBalance,
    listBillers,
    listScheduled,
    listLinkable,
    listLinked,
    listSent,
    moveSavings,
    listSources,
    moveMoney,
    openPinChange,
    payBill,
    planTransfer,
    payBillFrom,
    payFirst,
    proposePin,
    quoteAirtime,
    quoteBill,
    quotePutAside,
    quoteBillFrom,
    quoteCollect,
    quoteDisburse,
    quoteRequest,
    quoteSend,
    quoteTakeOut,
    quoteSendFrom,
    readQuestion,
    readStatement,
    requestMoney,
    scheduleTransfer,
    sendCode,
    sendFrom,
    sendMoney,
    setLanguage,
    setPin,
    skipScheduled,
    unlinkAccount,
  ].map((action) => [action.contract.name, action]),
)
