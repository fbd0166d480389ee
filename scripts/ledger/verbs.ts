import { close } from './close.ts'
import { days } from './days.ts'
import { decide } from './decide.ts'
import { prove } from './prove.ts'
import { show } from './show.ts'
import { statement } from './statement.ts'
import { troubled } from './troubled.ts'
import { trust } from './trust.ts'
import type { Verb } from './verb.ts'

export const verbs: readonly Verb[] = [prove, close, days, statement, show, troubled, trust, decide]
