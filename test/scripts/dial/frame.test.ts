import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { measureScreen, showLength } from '../../../scripts/dial/counter.ts'
import { drawFrame, SCREEN_COLUMNS, wrapText } from '../../../scripts/dial/frame.ts'

/** Words, spaces, breaks and characters of every plane, as a menu or a stranger's SMS may hold them. */
const texts = fc.string({
  unit: fc.oneof(fc.constantFrom(' ', '\n', 'a', 'KES', '፩'), fc.string({ unit: 'binary', maxLength: 1 })),
})

describe('the frame of a screen', () => {
  test('shows a menu as a handset does', () => {
    expect(drawFrame('Nyota: Amina\n1 Send money', { left: '*384#', right: '25/160' }, 16)).toEqual([
      '┌──────────────────┐',
      '│ Nyota: Amina     │',
      '│ 1 Send money     │',
      '├──────────────────┤',
      '│ *384#     25/160 │',
      '└──────────────────┘',
    ])
  })

  test('wraps between words and breaks only what is longer than a line', () => {
    expect(wrapText('Send KES 500 to Juma', 10)).toEqual(['Send KES', '500 to', 'Juma'])
    expect(wrapText('12345678901234567890', 10)).toEqual(['1234567890', '1234567890'])
    expect(wrapText('exactly 10', 10)).toEqual(['exactly 10'])
  })

  test('has rows of one width, whatever the text', () => {
    fc.assert(
      fc.property(texts, fc.string(), (text, left) => {
        const widths = drawFrame(text, { left, right: '160/160' }).map((line) => [...line].length)
        expect(new Set(widths)).toEqual(new Set([SCREEN_COLUMNS + 4]))
      }),
    )
  })

  test('loses no character but spaces and breaks', () => {
    const solid = (text: string): string => text.replace(/[ \n]/g, '')
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\n', '0') }), (text) => {
        expect(solid(wrapText(text, 7).join(''))).toBe(solid(text))
      }),
    )
  })

  test('lets no text steer the terminal', () => {
    fc.assert(
      fc.property(texts, (text) => {
        for (const line of wrapText(text, 12)) expect(line).not.toMatch(/\p{Cc}/u)
      }),
    )
    expect(wrapText('\u001b[2Jgone', 20)).toEqual(['·[2Jgone'])
  })
})

describe('the counter', () => {
  test.each([
    ['', 0, 'gsm7', '0/160'],
    ['Enter PIN', 9, 'gsm7', '9/160'],
    ['€', 2, 'gsm7', '2/160'],
    ['ሰላም', 3, 'ucs2', '3/80 UCS-2'],
    ['x'.repeat(160), 160, 'gsm7', '160/160'],
    ['x'.repeat(161), 161, 'gsm7', '161/160 TOO LONG'],
    ['ሰ'.repeat(81), 81, 'ucs2', '81/80 UCS-2 TOO LONG'],
  ])('counts %j', (text, units, encoding, words) => {
    const length = measureScreen(text)
    expect(length).toMatchObject({ units, encoding })
    expect(showLength(length)).toBe(words)
  })
})
