import type { Limits, Program, Template, TextKey } from './program.ts'
import { lookupIn, type Values } from './scope.ts'
import type { MenuSession, Words } from './session.ts'
import { fill, fitsIn, textOf } from './text.ts'

/** `atMs` is now. */
type Moment = { readonly program: Program; readonly atMs: number }

/** A text of the session's language with its values, in each of its forms. */
export function wordsOf({ program, atMs }: Moment, session: MenuSession, key: TextKey, fields: Values = {}): Words {
  const lookup = lookupIn(session, fields)
  const worded = (template: Template): Words => {
    const { gsm7, short } = template
    const text = fill(template, lookup, { gsm7, market: program.market, atMs })
    return short === undefined ? { text, gsm7 } : { text, gsm7, short: worded(short) }
  }
  return worded(textOf(program, session.language, key))
}

/** One text above another, form by form. */
export function joined(above: Words, below: Words): Words {
  const words = { text: `${above.text}\n${below.text}`, gsm7: above.gsm7 && below.gsm7 }
  if (above.short === undefined && below.short === undefined) return words
  return { ...words, short: joined(above.short ?? above, below.short ?? below) }
}

/** The fullest form that fits on a screen of its own. */
export function fittest(limits: Limits, words: Words): Words {
  const { text, gsm7, short } = words
  return short === undefined || fitsIn(limits, text, gsm7) ? { text, gsm7 } : fittest(limits, short)
}
