import type { Keyword } from './keyword.ts'

/** MINI: the last transactions, shown by the dialogue once the PIN is entered. */
export const statement: Keyword = {
  contract: { name: 'statement', opens: [], names: false },
  forStrangers: false,
  alone: false,
  answer: async (_services, _writer, rest) => ({
    ...{ message: 'dial_statement', values: {}, opens: { values: {}, row: null } },
    ...{ limit: 'keyword', left: rest },
  }),
}
