import { balance } from './balance.ts'
import { help } from './help.ts'
import type { Keyword } from './keyword.ts'
import { language } from './language.ts'
import { pay } from './pay.ts'
import { send } from './send.ts'
import { start } from './start.ts'
import { statement } from './statement.ts'
import { stop } from './stop.ts'

/** Everything that can be written to us, by the name that it has in menus/keywords.yaml. */
export const keywords: ReadonlyMap<string, Keyword> = new Map(
  [balance, help, language, pay, send, start, statement, stop].map((keyword) => [keyword.contract.name, keyword]),
)
