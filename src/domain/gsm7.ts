import { extensionTable, type NationalTable, nationalLanguages } from './gsm7-national.ts'

/**
 * The GSM 7-bit default alphabet and its extension table (3GPP TS 23.038 §6.2.1). A character is one septet; one of the extension
 * table is two: escape and the character. A national single shift table may take the place of the extension table.
 */

/** Whether every character is of the alphabet or its extension table. */
export function isGsm7(text: string): boolean {
  return countSeptets(text) !== null
}

/** Septets that the text takes, or null where a character is in neither table. */
export function countSeptets(text: string, national: NationalTable | null = null): number | null {
  const codes = codesOf(national)
  let septets = 0
  for (let at = 0; at < text.length; at += 1) {
    const code = codes[text.charCodeAt(at)] ?? -1
    if (code < 0) return null
    septets += code >= EXTENDED ? 2 : 1
  }
  return septets
}

/** One septet per octet, as SMPP carries them; null where a character is in neither table. */
export function encodeGsm7(text: string, national: NationalTable | null = null): Buffer | null {
  const codes = codesOf(national)
  const octets: number[] = []
  for (let at = 0; at < text.length; at += 1) {
    const code = codes[text.charCodeAt(at)] ?? -1
    if (code < 0) return null
    if (code >= EXTENDED) octets.push(ESCAPE, code - EXTENDED)
    else octets.push(code)
  }
  return Buffer.from(octets)
}

/** The languages whose tables stand in the place of the extension table and of the default alphabet. */
export type Shifts = { readonly single: NationalTable | null; readonly locking: NationalTable | null }

/**
 * Reads one septet per octet. An escape before a code that the extension table lacks shows the basic character, a last or doubled
 * escape a space (TS 23.038 §6.2.1.1); an octet above 0x7F is no septet and becomes U+FFFD.
 */
export function decodeGsm7(octets: Uint8Array, { single, locking }: Shifts = NO_SHIFTS): string {
  const basic = (locking === null ? null : nationalLanguages[locking].locking) ?? BASIC
  const extension = single === null ? extensionTable : nationalLanguages[single].single
  let text = ''
  for (let at = 0; at < octets.length; at += 1) {
    const octet = octets[at] ?? 0
    if (octet !== ESCAPE) {
      text += basic[octet] ?? '\uFFFD'
      continue
    }
    const next = octets[at + 1] ?? ESCAPE
    text += next === ESCAPE ? ' ' : (extension[next] ?? basic[next] ?? '\uFFFD')
    at += 1
  }
  return text
}

/**
 * Writes any text in the basic alphabet alone: `ũ` becomes `u`, `’` becomes `'`, `€` becomes `E`, what nothing resembles becomes `?`.
 * The result never takes more septets than the text has UTF-16 units, so that a width bound still holds.
 */
export function toGsm7(text: string): string {
  let result = ''
  for (const character of text.normalize('NFC')) result += basicOf(character)
  return result
}

/** First code of an extension character in the look-up table. */
const EXTENDED = 0x80
const ESCAPE = 0x1b

/** Index is the septet. The escape's own place is held by U+FFFF, which is no character. */
const BASIC: readonly string[] = [
  ...'@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\uFFFFÆæßÉ',
  ...' !"#¤%&\'()*+,-./0123456789:;<=>?',
  ...'¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§',
  ...'¿abcdefghijklmnopqrstuvwxyzäöñüà',
]

const NO_SHIFTS: Shifts = { single: null, locking: null }

/** UTF-16 unit -> septet, `EXTENDED` + septet, or -1; an array because every screen and message passes through it. */
const CODES: Int16Array = makeCodes(extensionTable)
const NATIONAL_CODES: Readonly<Record<NationalTable, Int16Array>> = {
  turkish: makeCodes(nationalLanguages.turkish.single),
  spanish: makeCodes(nationalLanguages.spanish.single),
  portuguese: makeCodes(nationalLanguages.portuguese.single),
}

/** What stands in both tables is written in the basic one, which costs less. */
function makeCodes(extension: Readonly<Record<number, string>>): Int16Array {
  const codes = new Int16Array(0x20ad).fill(-1)
  for (const [septet, character] of Object.entries(extension))
    codes[character.charCodeAt(0)] = EXTENDED + Number(septet)
  BASIC.forEach((character, septet) => {
    if (septet !== ESCAPE) codes[character.charCodeAt(0)] = septet
  })
  return codes
}

function codesOf(national: NationalTable | null): Int16Array {
  return national === null ? CODES : NATIONAL_CODES[national]
}

function codeOf(unit: number): number {
  return CODES[unit] ?? -1
}

/** What people read in the place of letters and signs that Unicode does not decompose to a basic one. */
const LIKENESSES: ReadonlyMap<string, string> = new Map(
  [
    ['‘’‚‛ʻʼʽˈ′`´ˋˊ^', "'"],
    ['“”„‟″«»', '"'],
    ['‐‑‒–—―−~', '-'],
    ['\t\f\v\u00A0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200A\u202F\u3000\u2028\u2029', ' '],
    ['[{', '('],
    [']}', ')'],
    ['\\|¦', '/'],
    ['…·•', '.'],
    ['€', 'E'],
    ['×', 'x'],
    ['çćč', 'c'],
    ['ɓ', 'b'],
    ['Ɓ', 'B'],
    ['đðɗɖ', 'd'],
    ['ĐÐƊƉ', 'D'],
    ['ɛəǝ', 'e'],
    ['ƐƏƎ', 'E'],
    ['ƒ', 'f'],
    ['Ƒ', 'F'],
    ['ɣǥ', 'g'],
    ['ƔǤ', 'G'],
    ['ħɦ', 'h'],
    ['Ħ', 'H'],
    ['ıɩɨ', 'i'],
    ['ƖƗ', 'I'],
    ['ƙĸ', 'k'],
    ['Ƙ', 'K'],
    ['ł', 'l'],
    ['Ł', 'L'],
    ['ŋɲ', 'n'],
    ['ŊƝ', 'N'],
    ['ɔœɵ', 'o'],
    ['ƆŒƟ', 'O'],
    ['ŧƭþ', 't'],
    ['ŦƬÞ', 'T'],
    ['ʋ', 'v'],
    ['Ʋ', 'V'],
    ['ʊʉ', 'u'],
    ['ƱɄ', 'U'],
    ['ƴ', 'y'],
    ['Ƴ', 'Y'],
    ['ʒʐ', 'z'],
    ['Ʒ', 'Z'],
  ].flatMap(([from = '', to = '']) => [...from].map((character): [string, string] => [character, to])),
)

/** Combining marks and invisible signs (joiners, direction marks, variation selectors), which add nothing to a plain letter. */
const INVISIBLE = /^[\p{M}\p{Cf}]$/u

function basicOf(character: string): string {
  const code = codeOf(character.charCodeAt(0))
  if (character.length === 1 && code >= 0 && code < EXTENDED) return character
  const likeness = LIKENESSES.get(character)
  if (likeness !== undefined) return likeness
  const [base = character] = character.normalize('NFD')
  if (base !== character) return basicOf(base)
  return INVISIBLE.test(character) ? '' : '?'
}
