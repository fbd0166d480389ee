import type { Json } from '../../menu/contract.ts'
import type { Program } from '../../menu/program.ts'
import { type Keyword, wordFor } from './keyword.ts'

/** HELP: what can be written, what can be dialled, how to have no more of what was not asked for. */
export const help: Keyword = {
  contract: { name: 'help', opens: null, names: false },
  forStrangers: false,
  alone: false,
  answer: async ({ program }, { language }, rest) => ({
    ...{ message: 'help', values: helpValues(program, language), opens: null, limit: 'keyword', left: rest },
  }),
}

/** The fields of the message `help` but for the code. */
export function helpValues(program: Program, language: string): Readonly<Record<string, Json>> {
  const names = ['balance', 'statement', 'send', 'pay', 'language', 'stop']
  return Object.fromEntries(names.map((name) => [name, wordFor(program, name, language)]))
}
