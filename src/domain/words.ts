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

/** Ethiopic letters that sound alike and are written for one another: the first of each pair's eight forms, and what stands for it. */
const SOUND_ALIKES: readonly (readonly [string, string])[] = [
  ['ሐ', 'ሀ'],
  ['ኀ', 'ሀ'],
  ['ሠ', 'ሰ'],
  ['ዐ', 'አ'],
  ['ፀ', 'ጸ'],
]
/** In speech the first and the fourth form of these are one. */
const SAME_FORMS: Readonly<Record<string, string>> = { ሃ: 'ሀ', ኣ: 'አ' }

/** Words as they are compared where people write them from memory: as in `plainWords`, and Amharic letters of one sound are one. */
export function foldWords(text: string): string {
  return plainWords(text).replace(/\p{Script=Ethiopic}/gu, (letter) => {
    const code = letter.charCodeAt(0)
    const pair = SOUND_ALIKES.find(([from]) => code >> 3 === from.charCodeAt(0) >> 3)
    const plain = pair === undefined ? letter : String.fromCharCode(pair[1].charCodeAt(0) + (code & 7))
    return SAME_FORMS[plain] ?? plain
  })
}
