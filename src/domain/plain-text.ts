/**
 * Characters that do something instead of showing something: controls, marks that turn the direction of text around (Unicode UAX #9) and
 * other formatting, separators of lines, what has no width and is ignored where it is not known, and halves of surrogate pairs.
 */
const ACTIVE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu

const [BELL, ESCAPE, SEQUENCE] = [0x07, 0x1b, 0x9b].map((code) => String.fromCharCode(code))

/** `ESC [ … letter` and `ESC ] … BEL` (ECMA-48 §5.4, §5.6): what a terminal takes for a command goes with its parameters. */
const ESCAPES = new RegExp(
  [`(?:${ESCAPE}\\[|${SEQUENCE})[0-?]*[ -/]*[@-~]`, `${ESCAPE}\\][^${BELL}${ESCAPE}]*(?:${BELL}|${ESCAPE}\\\\)?`].join(
    '|',
  ),
  'g',
)

/** A text from outside as one line that shows what it is; for screens, messages and names. Breaks of lines become spaces. */
export function plainText(text: string): string {
  return text
    .replace(ESCAPES, '')
    .replace(/[\t\n\v\f\r\u0085\u2028\u2029]+/gu, ' ')
    .replace(ACTIVE, '')
}

/** The same for several lines that a program has put together; for terminals. */
export function plainLines(text: string): string {
  return text.split('\n').map(plainText).join('\n')
}

/** Makes what is active in a line of JSON visible, as `\u202e`; the line stays the same JSON. The break at its end stays. */
export function visibleLine(line: string): string {
  return line.replace(ACTIVE, (character) =>
    character === '\n'
      ? character
      : Array.from({ length: character.length }, (_, at) => unitOf(character, at)).join(''),
  )
}

function unitOf(character: string, at: number): string {
  return `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`
}
