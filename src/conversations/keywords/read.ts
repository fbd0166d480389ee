import { foldWords } from '../../domain/words.ts'
import { MOST_WORDS } from '../../menu/build/keywords.ts'
import type { Program } from '../../menu/program.ts'

/** A keyword as it was written. */
export type HeardKeyword = {
  readonly name: string
  /** The language whose word it is. */
  readonly language: string
  /** What follows it. */
  readonly rest: string
}

/** What a word is made of; digits end it, so that `BAL73915` is a keyword and what follows. */
const WORD = /[\p{L}\p{M}'’ʼ]+/uy
const BEFORE = /[^\p{L}\p{N}]*/uy
const BETWEEN = /[^\p{L}\p{N}]+/uy

/**
 * The keyword that a text begins with, of whatever language; the longest where one begins another. Case, accents, signs around it and
 * Amharic letters of one sound do not matter. Null where there is none.
 */
export function readKeyword(program: Pick<Program, 'keywords'>, text: string): HeardKeyword | null {
  const ends = wordEnds(text)
  const known = meaningsOf(program)
  for (const end of ends.reverse()) {
    const found = known.get(foldWords(text.slice(0, end)))
    if (found !== undefined) return { ...found, rest: text.slice(end).replace(/^[^\p{L}\p{N}+]+/u, '') }
  }
  return null
}

/** Where the first words end, as many as a keyword can have. */
function wordEnds(text: string): number[] {
  const ends: number[] = []
  let at = skip(BEFORE, text, 0) ?? 0
  while (ends.length < MOST_WORDS) {
    const end = skip(WORD, text, at)
    if (end === null) break
    ends.push(end)
    at = skip(BETWEEN, text, end) ?? text.length
  }
  return ends
}

/** Where a match that begins at this place ends. */
function skip(pattern: RegExp, text: string, at: number): number | null {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : null
}

function meaningsOf({ keywords }: Pick<Program, 'keywords'>): ReadonlyMap<string, Omit<HeardKeyword, 'rest'>> {
  const meanings = new Map<string, Omit<HeardKeyword, 'rest'>>()
  for (const [name, { words }] of Object.entries(keywords)) {
    for (const [language, each] of Object.entries(words))
      for (const word of each) meanings.set(foldWords(word), { name, language })
  }
  return meanings
}
