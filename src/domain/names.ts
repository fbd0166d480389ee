/** `Juma K.`: what a payer is shown of a payee, enough to recognise and too little to collect. */
export function shortName(fullName: string): string {
  const words = fullName.trim().split(/\s+/)
  const [first = '', last = ''] = [words[0], words.length > 1 ? words.at(-1) : '']
  return last === '' ? first : `${first} ${[...last][0]}.`
}
