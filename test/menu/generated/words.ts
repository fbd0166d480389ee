import type { Pick } from './draft.ts'

/** Words of the base language, some with characters of two septets, and the same in a language of each alphabet. */
const WORDS: readonly (readonly [base: string, gsm7: string, ucs2: string])[] = [
  ['Pay', 'Lipa', 'ክፈል'],
  ['Send', 'Tuma', 'ላክ'],
  ['[more]', '{zaidi}', 'ተጨማሪ'],
  ['€5', '€€', '€5'],
  ['number', 'namba', 'ቁጥር'],
  ['No~', 'Hapana', 'የለም'],
  ['account', 'akaunti', 'ሂሳብ'],
  ['é|è', 'e', 'ĩ'],
  ['Choose:', 'Chagua:', 'ይምረጡ'],
  ['Thank you', 'Asante', 'እናመሰግናለን'],
]

/** One to three words. Braces are marks of values, so no text of a menu has them as characters. */
export function words(pick: Pick, most = 3): string {
  return Array.from({ length: 1 + pick(most) }, () => (WORDS[pick(WORDS.length)] ?? WORDS[0])?.[0] ?? '').join(' ')
}

/** The text in the other language, with the same values in it. */
export function translated(text: string, alphabet: 'gsm7' | 'ucs2'): string {
  return text.replace(/\{[^}]*\}|[^{}]+/g, (part) => {
    if (part.startsWith('{')) return part
    return WORDS.reduce((rest, [base, gsm7, ucs2]) => {
      return rest.replaceAll(base, alphabet === 'gsm7' ? gsm7.replace(/[{}]/g, '|') : ucs2)
    }, part)
  })
}
