import { digitsOf, readAccount, readAmount, readBiller, split } from './arguments.ts'
import type { Keyword } from './keyword.ts'

/** Shorter ones look like a PIN, which is never read from what is dialled. */
const LEAST_DIALLED = 7

/** PAY biller account [amount]: the dialogue begins as near to the confirmation as the menus have a published code for. */
export const pay: Keyword = {
  contract: { name: 'pay', opens: ['biller', 'account', 'amount'], names: false },
  forStrangers: false,
  alone: false,
  async answer({ market, billers }, _writer, rest) {
    const { tokens, secret } = split(rest)
    const bills = [...billers.values()].filter(({ service }) => service === 'bill')
    const chosen = readBiller(tokens, bills)
    const account = readAccount(chosen?.left ?? tokens, chosen?.value.accountDigits ?? null)
    const afterAccount = account?.left ?? chosen?.left ?? tokens
    const paid = readAmount(afterAccount, market.currency, account?.at ?? 0)
    const left = [...(paid?.left ?? afterAccount), secret].join(' ')
    const common = { limit: 'keyword', left } as const
    if (chosen === null) return { ...common, message: 'dial_pay', values: {}, opens: { values: {}, row: null } }
    const { id, name } = chosen.value
    const row = String(bills.findIndex((each) => each.id === id) + 1)
    const dialled = account !== null && account.value.length >= LEAST_DIALLED ? [account.value] : []
    return {
      ...common,
      message: 'dial_pay_biller',
      values: { biller: name },
      opens: {
        values: {
          biller: id,
          ...(account === null ? {} : { account: account.value }),
          ...(paid === null ? {} : { amount: digitsOf(paid.value, market.currency) }),
        },
        row: { action: 'list-billers', inputs: [row, ...dialled] },
      },
    }
  },
}
