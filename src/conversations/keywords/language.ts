import { foldWords } from '../../domain/words.ts'
import type { Program } from '../../menu/program.ts'
import { recordLanguage } from '../../subscribers/language.ts'
import { type Keyword, wordFor } from './keyword.ts'

/** LANG language: by its code, its own name, or what people call it. From then on everything comes in it. */
export const language: Keyword = {
  contract: { name: 'language', opens: null, names: true },
  forStrangers: false,
  alone: false,
  async answer({ tx, audit, program }, writer, rest) {
    const codes = program.languages.map(({ code }) => code)
    const words = rest.split(/[^\p{L}\p{M}'’-]+/u).filter((word) => word !== '')
    const named = words.flatMap((word) => codes.filter((code) => namesOf(program, code).includes(foldWords(word))))
    // A code may be a word of a sentence (am), a name hardly.
    const chosen = named[0] ?? codes.find((code) => words.some((word) => foldWords(word) === code))
    const common = { opens: null, limit: 'keyword', left: rest } as const
    if (chosen === undefined || writer.subscriber === null) {
      const word = wordFor(program, 'language', writer.language)
      return { ...common, message: 'language_unknown', values: { word, languages: codes.join(', ').toUpperCase() } }
    }
    await recordLanguage(tx, audit, writer.subscriber.id, chosen)
    return { ...common, message: 'language_chosen', values: {}, language: chosen }
  },
}

/** What a language is called, folded. */
function namesOf({ languages, keywords }: Program, code: string): readonly string[] {
  const own = languages.flatMap((each) => (each.code === code ? [each.name] : []))
  return [...own, ...(keywords.language?.names[code] ?? [])].map(foldWords)
}
