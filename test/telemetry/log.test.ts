import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Secret } from '../../src/domain/secret.ts'
import { type Log, makeLog } from '../../src/telemetry/log.ts'

/** What the log wrote, as text. */
function written(write: (log: Log) => void): string {
  const lines: string[] = []
  write(makeLog({ level: 'debug', destination: { write: (line) => void lines.push(line) } }))
  return lines.join('')
}

const number = '254712345678'
const local = '0712345678'

const ways: [string, (log: Log) => void][] = [
  ['a field', (log) => log.info({ number: `+${number}` })],
  ['a field of a field', (log) => log.info({ request: { body: { phoneNumber: local } } })],
  ['a number of JavaScript', (log) => log.info({ number: 254712345678 })],
  ['a list', (log) => log.info({ numbers: [local, 254712345678] })],
  ['the message', (log) => log.info(`calling +${number} now`)],
  ['a message with groups', (log) => log.info('calling +254 712-345-678, (0712) 345 678, 0712.345.678')],
  ['an argument of the message', (log) => log.info('calling %s', local)],
  ['an error', (log) => log.error({ error: new Error(`no route to ${local}`) })],
  [
    'the cause of an error',
    (log) => log.error({ error: new Error('no', { cause: new Error(`key (${local}) exists`) }) }),
  ],
  ['a URL', (log) => log.info({ url: `/phones/%2B${number}/messages?to=${local}` })],
  ['a key', (log) => log.info({ [number]: 1 })],
  ['a string with a quote', (log) => log.info({ body: JSON.stringify({ a: 254712345678, b: [254712345678] }) })],
]

describe('the log', () => {
  test.each(ways)('never shows a phone number in %s', (_, write) => {
    const text = written(write)
    expect(text.replace(/\D/g, '')).not.toContain('712345678')
    expect(() =>
      text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).not.toThrow()
  })

  test.each([
    ['cumulative input', { text: '1*0712345678*500*4831' }],
    ['cumulative input with words', { text: '1*Mary Ann*4831' }],
    ['a code', { text: 'Your code is 483159.' }],
    ['a code of Arabic-Indic digits', { text: '٤٨٣١٥' }],
    ['a Secret', { pin: new Secret('4831') }],
    [
      'an error of a client library',
      { error: Object.assign(new Error('failed'), { config: { data: 'pin is 4831' } }) },
    ],
  ])('never shows a PIN or code that came in %s', (_, fields) => {
    expect(written((log) => log.info(fields))).not.toMatch(/4831|٤٨٣١/)
  })

  test('keeps what one searches a log for', () => {
    const fields = {
      id: '01939a12-1234-7000-8000-123456789012',
      program: '9e107d9d372bb6826bd81d3542a419d6',
      address: '192.168.100.200:54321',
      durationMs: 1234.56789,
      reference: 'K7QW2M9XPT',
    }
    const line = JSON.parse(written((log) => log.warn(fields, 'slow')))
    expect(line).toMatchObject({ ...fields, level: 'warn', msg: 'slow' })
    expect(line.time).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
    const error = Object.assign(new Error('duplicate'), { code: '23505' })
    expect(JSON.parse(written((log) => log.error({ error })))).toMatchObject({
      error: { code: '23505', type: 'Error' },
    })
  })

  test('stays JSON, and hides the number, whatever stands around it', () => {
    fc.assert(
      fc.property(fc.json(), fc.string(), fc.string(), fc.double(), (json, before, after, double) => {
        const text = written((log) => log.info({ json: JSON.parse(json), text: `${before}+${number}${after}`, double }))
        expect(() => JSON.parse(text)).not.toThrow()
        expect(text).not.toContain(number)
      }),
      { numRuns: 500 },
    )
  })
})
