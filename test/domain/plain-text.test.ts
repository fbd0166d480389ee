import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { plainLines, plainText, visibleLine } from '../../src/domain/plain-text.ts'
import { makeLog } from '../../src/telemetry/log.ts'

const ACTIVE = [
  '\u0000',
  '\u0007',
  '\u001b',
  '\u007f',
  '\u009b',
  '\u202a',
  '\u202e',
  '\u2066',
  '\u2069',
  '\u200b',
  '\u200f',
  '\u2028',
  '\ufeff',
  '\u061c',
  '\u00ad',
  '\r',
  '\n',
  '\u{e0041}',
  '\ud800',
]
const hostile = fc
  .array(
    fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...ACTIVE, '\u001b[31m', '\u001b]0;title\u0007', 'Amina')),
  )
  .map((parts) => parts.join(''))
const isActive = /[\p{Cc}\p{Cs}\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\u061c\u00ad]/u

describe('text from outside', () => {
  test.each([
    ['Amina Otieno', 'Amina Otieno'],
    ['Jos\u00e9 \u00d8degaard \u121e\u121e', 'Jos\u00e9 \u00d8degaard \u121e\u121e'],
    ['KES 500\n{"level":"info"}', 'KES 500 {"level":"info"}'],
    ['\u001b[2J\u001b[1;31mpaid\u001b[0m', 'paid'],
    ['\u001b]0;root\u0007paid', 'paid'],
    ['\u202eanimA', 'animA'],
    ['Am\u200bi\u2066na\u2069', 'Amina'],
    ['a\r\n\r\nb', 'a b'],
  ])('%j is shown as %j', (text, shown) => {
    expect(plainText(text)).toBe(shown)
  })

  test('shows nothing that acts, whatever it is, and is not changed a second time', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(plainText(text)).not.toMatch(isActive)
        expect(plainText(plainText(text))).toBe(plainText(text))
        expect(plainLines(text).replaceAll('\n', '')).not.toMatch(isActive)
      }),
    )
  })

  test('is one line of the log and the same text to whoever parses it, with nothing in it that acts on a terminal', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        // Digits are masked by the log on purpose.
        const said = text.replace(/[\p{Nd}*+]/gu, 'x')
        const lines: string[] = []
        makeLog({ level: 'info', destination: { write: (line) => void lines.push(line) } }).info({ said })
        const [line = ''] = lines
        expect(lines).toHaveLength(1)
        expect(line.slice(0, -1)).not.toMatch(isActive)
        expect(line.endsWith('\n')).toBe(true)
        expect((JSON.parse(line) as { said: string }).said).toBe(JSON.parse(JSON.stringify(said)))
      }),
    )
  })

  test('beyond the first plane stays the same JSON', () => {
    expect(JSON.parse(visibleLine(JSON.stringify('a\u{e0041}\u202eb')))).toBe('a\u{e0041}\u202eb')
  })
})
