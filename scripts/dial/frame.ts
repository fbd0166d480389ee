/** Columns between the borders: what a small handset shows in its larger font. */
export const SCREEN_COLUMNS = 28

/**
 * Draws a text as a handset shows it: wrapped at word boundaries, words longer than a line broken, in a frame with a footer line
 * (`left` and `right`). Returns the lines, all of the same width.
 */
export function drawFrame(
  text: string,
  footer: { left: string; right: string },
  columns: number = SCREEN_COLUMNS,
): string[] {
  const bar = '─'.repeat(columns + 2)
  const row = (content: string): string => `│ ${content}${' '.repeat(columns - widthOf(content))} │`
  return [
    `┌${bar}┐`,
    ...wrapText(text, columns).map(row),
    `├${bar}┤`,
    row(spread(footer.left, footer.right, columns)),
    `└${bar}┘`,
  ]
}

/** Breaks a text into lines of at most `columns` characters; a line break in the text always starts a new line. */
export function wrapText(text: string, columns: number): string[] {
  return printable(text)
    .split('\n')
    .flatMap((line) => wrapLine(line, columns))
}

/** Control characters could steer the terminal (a text may come from anybody), so they are shown as a dot. */
export function printable(text: string): string {
  return text.replace(/\r\n?/g, '\n').replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (mark) => (mark === '\n' ? mark : '·'))
}

function wrapLine(line: string, columns: number): string[] {
  const lines: string[] = []
  let rest = [...line]
  while (rest.length > columns) {
    const space = rest.lastIndexOf(' ', columns)
    const cut = space > 0 ? space : columns
    lines.push(rest.slice(0, cut).join(''))
    rest = rest.slice(space > 0 ? cut + 1 : cut)
  }
  lines.push(rest.join(''))
  return lines
}

function spread(left: string, right: string, columns: number): string {
  const room = columns - widthOf(right) - 1
  const start = room > 0 ? [...left].slice(0, room).join('') : ''
  return start + ' '.repeat(Math.max(0, columns - widthOf(start) - widthOf(right))) + right
}

function widthOf(text: string): number {
  return [...text].length
}
