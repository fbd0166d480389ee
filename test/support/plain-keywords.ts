import { readFile } from 'node:fs/promises'
import { parse, stringify } from 'yaml'

type Spoken = Readonly<Record<string, readonly string[]>>

/** The keywords that ship in English alone and opening nothing, for menus that lack the screens and languages. */
export async function plainKeywords(): Promise<string> {
  const all = parse(await readFile('menus/keywords.yaml', 'utf8')) as Record<string, { words: Spoken; names?: Spoken }>
  const english = ({ en = [] }: Spoken): Spoken => ({ en })
  return stringify(
    Object.fromEntries(
      Object.entries(all).map(([name, { words, names }]) => [
        name,
        { words: english(words), ...(names === undefined ? {} : { names: english(names) }) },
      ]),
    ),
  )
}
