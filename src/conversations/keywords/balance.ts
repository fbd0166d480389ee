import type { Keyword } from './keyword.ts'

/** BAL: the balance, shown by the dialogue once the PIN is entered. */
export const balance: Keyword = {
  contract: { name: 'balance', opens: [], names: false },
  forStrangers: false,
  alone: false,
  answer: async (_services, _writer, rest) => ({
    ...{ message: 'dial_balance', values: {}, opens: { values: {}, row: null } },
    ...{ limit: 'keyword', left: rest },
  }),
}
