import type { Json } from './contract.ts'
import { baseLanguageOf, type Program } from './program.ts'
import { fill, textOf } from './text.ts'

/** The texts that go out by SMS. */
export type Messages = {
  /** Values are JSON by the message's contract; one that is not given leaves its mark `{name}` standing. An unknown language is the base language. */
  readonly render: (name: string, language: string, values: Readonly<Record<string, Json>>) => string
}

/** The messages of one program. */
export function messagesOf(program: Program): Messages {
  const base = baseLanguageOf(program)
  return {
    render: (name, language, values) => {
      const template = textOf(program, Object.hasOwn(program.texts, language) ? language : base, `messages.${name}`)
      const lookup = (value: { name: string }): Json | undefined => values[value.name]
      return fill(template, lookup, { gsm7: template.gsm7, market: program.market, atMs: 0 })
    },
  }
}
