/** What digits may look like and stay. */
const KEPT = [
  /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/, // UUID
  /\b(?=[0-9]*[a-f])[0-9a-f]{16,}\b/, // hash
  /\b\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?Z)?(?!\d)/, // date and time
  /\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?\b/, // IP address and port
  /"code":"\d{5}"/, // SQLSTATE
]

/** A number in an object, and one in a list; the look-behind tells the object's from the text of a string. */
const VALUE = /(?<=(?<!\\)(?:\\\\)*":)-?\d[\d.e+-]*(?=[,}])/
const ELEMENT = /(?<=[[,])-?\d[\d.e+-]*(?=[,\]])/
/** Cumulative USSD input, `1*0712345678*500*…`: it carries the PIN. */
const INPUT = /\p{Nd}+(?:\*[^\s"*\\]*)+|\*\p{Nd}+/u
/** Phone numbers however written, and any other run of five digits or more: one-time codes, PINs, accounts, tokens. */
const DIGITS = /\+?\(?\p{Nd}{1,4}\)?(?:[ .()-]{1,2}\p{Nd}{2,4}){2,5}|\+?\p{Nd}{5,}/u

const TOKENS = new RegExp(
  [...KEPT.map(sourceOf), `(?<value>${VALUE.source})`, `(?<element>${ELEMENT.source})`, `(?<input>${INPUT.source})`]
    .concat(`(?<digits>${DIGITS.source})`)
    .join('|'),
  'giu',
)

/** Masks one serialised log line, which stays valid JSON. Of a phone number the last three digits remain. */
export function scrubLine(line: string): string {
  return line.replace(TOKENS, (token, ...rest) => {
    const { value, element, input, digits } = rest.at(-1) as Record<string, string | undefined>
    if (value !== undefined) return /\d{7}/.test(value.split('.')[0] ?? '') ? 'null' : value
    if (element !== undefined) return /\d{5}/.test(element) ? 'null' : element
    if (input !== undefined) return '[input]'
    return digits === undefined ? token : maskDigits(digits)
  })
}

function maskDigits(text: string): string {
  const digits = text.replace(/\P{Nd}/gu, '')
  return digits.length >= 9 && digits.length <= 15 ? `***${digits.slice(-3)}` : '[digits]'
}

function sourceOf(pattern: RegExp): string {
  return pattern.source
}
