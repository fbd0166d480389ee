import { formatMsisdn } from '../../domain/msisdn.ts'
import { digitsOf, type Read, readAmount, readNumber, split } from './arguments.ts'
import type { Keyword } from './keyword.ts'

/**
 * Amounts that people send are round, and a PIN rarely is: nobody can tell a PIN from an amount, but a figure of its length that is no
 * multiple of this, with no sign of money about it, is asked for once more on the screen rather than said and stored as an amount.
 */
const ROUND = 50

/** SEND number amount, in either order: the dialogue begins at the confirmation, which asks for the PIN. */
export const send: Keyword = {
  contract: { name: 'send', opens: ['to', 'amount'], names: false },
  forStrangers: false,
  alone: false,
  async answer({ market }, _writer, rest) {
    const { tokens, secret } = split(rest)
    const to = readNumber(tokens, market.numbering)
    const paid = readAmount(to?.left ?? tokens, market.currency, to?.at ?? 0)
    const left = [...(paid?.left ?? to?.left ?? tokens), secret].join(' ')
    const common = { limit: 'keyword', left } as const
    // Without a number nothing says that the figure is an amount, and it is not repeated.
    if (to === null) return { ...common, message: 'dial_send', values: {}, opens: { values: {}, row: null } }
    const number = { to: formatMsisdn(to.value, market.numbering) }
    // Of two figures one may be a PIN, and which of them no rule can tell: the screen asks for the amount.
    const isUnsure =
      paid !== null &&
      /^\d{4,6}$/.test(digitsOf(paid.value, market.currency)) &&
      (readAmount(paid.left, market.currency, 0) !== null || isOddFigure(writtenAs(to.left, paid)))
    if (isUnsure) {
      const all = [...to.left, secret].join(' ')
      return { ...common, left: all, message: 'dial_send', values: {}, opens: { values: number, row: null } }
    }
    if (paid === null) return { ...common, message: 'dial_send', values: {}, opens: { values: number, row: null } }
    return {
      ...common,
      message: 'dial_send_amount',
      values: { amount: String(paid.value) },
      opens: { values: { ...number, amount: digitsOf(paid.value, market.currency) }, row: null },
    }
  },
}

/** The tokens that an amount was read from. */
function writtenAs(tokens: readonly string[], { at, left }: Read<bigint>): string {
  return tokens.slice(at, at + tokens.length - left.length).join(' ')
}

function isOddFigure(text: string): boolean {
  return /^\d{4,6}$/.test(text) && Number(text) % ROUND !== 0
}
