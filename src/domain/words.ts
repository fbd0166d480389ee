/** The words of a text without case, accents, apostrophes and other signs: `Ng'ang'a Café` is `nganga cafe`. */
export function plainWords(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/[\p{M}'’ʼ]/gu, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
}

/** Whether a word of the text begins with what was typed; of several words typed, they must follow one another there. */
export function beginsWord(text: string, typed: string): boolean {
  return ` ${plainWords(text)}`.includes(` ${plainWords(typed)}`)
}
