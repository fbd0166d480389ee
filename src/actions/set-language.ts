import { rememberLanguage } from '../subscribers/language.ts'
import { type Action, defineAction } from './action.ts'

const language = { type: 'choice', of: ['en', 'sw', 'fr', 'am'] } as const

/** Remembers the language for this and every later session and message. */
export const setLanguage: Action = defineAction(
  {
    name: 'set-language',
    effect: 'record',
    input: { language },
    outcomes: { ok: { language } },
  },
  async ({ database, audit }, { caller }, { language }) => {
    await rememberLanguage(database, audit, caller.id, language)
    return { outcome: 'ok', values: { language } }
  },
)
