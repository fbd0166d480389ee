import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compileFor } from '../../scripts/menus/sources.ts'
import { markets } from '../../src/domain/markets.ts'
import { type SegmentStyle, segmentSms } from '../../src/domain/segments.ts'
import type { Json, ValueType } from '../../src/menu/contract.ts'
import { loadMenuSources } from '../../src/menu/load.ts'
import { messagesOf } from '../../src/menu/messages.ts'
import type { Program } from '../../src/menu/program.ts'
import { worstSegments } from '../../src/menu/worst-segments.ts'
import { messageContracts } from '../../src/sms/message-contracts.ts'
import { menuFolder } from './support.ts'

const sources = await loadMenuSources(menuFolder('../../menus'))
const kenya = markets.get('KE')
if (kenya === undefined) throw new Error('no market')
const shipped = compileFor(kenya, sources)
if (shipped.kind === 'refused') throw new Error('refused')

/** The shipped messages with other words for `welcome`, which has a name of up to sixteen characters. */
function withWelcome(words: string): Program {
  const program = shipped.kind === 'compiled' ? shipped.program : null
  const text = program?.texts.en?.['messages.welcome']
  if (program === null || text === undefined) throw new Error('no welcome')
  const slot = text.parts.find((part) => typeof part !== 'string')
  if (slot === undefined) throw new Error('no name')
  const [before = '', after = ''] = words.split('{name}')
  const gsm7 = segmentSms(words.replace('{name}', '')).encoding === 'gsm7'
  const template = { ...text, gsm7, parts: [before, slot, after] }
  return { ...program, texts: { ...program.texts, en: { ...program.texts.en, 'messages.welcome': template } } }
}

function welcome(program: Program, long?: SegmentStyle['long']): [string, number, number] {
  const found = worstSegments(program, long).find(({ message, language }) => message === 'welcome' && language === 'en')
  return [found?.encoding ?? '', found?.units ?? 0, found?.segments ?? 0]
}

describe('at most', () => {
  const a = (count: number): string => 'a'.repeat(count)
  test.each<[string, SegmentStyle['long'], string, number, number]>([
    [`${a(144)}{name}`, 'udh8', 'gsm7', 160, 1],
    [`${a(145)}{name}`, 'udh8', 'gsm7', 161, 2],
    [`${a(290)}{name}`, 'udh8', 'gsm7', 306, 2],
    [`${a(291)}{name}`, 'udh8', 'gsm7', 307, 3],
    [`${a(290)}{name}`, 'udh16', 'gsm7', 306, 3],
    // The sign for the euro may lie across the boundary, depending on the name.
    [`{name}${a(136)}€${a(152)}`, 'udh8', 'gsm7', 306, 3],
    [`{name}${a(286)}€€`, 'udh8', 'gsm7', 306, 2],
    [`ሰ${a(53)}{name}`, 'udh8', 'ucs2', 70, 1],
    [`ሰ${a(54)}{name}`, 'udh8', 'ucs2', 71, 2],
    [`ሰ${a(50)}{name}${a(67)}`, 'udh8', 'ucs2', 134, 3],
    [`ሰ${a(117)}{name}`, 'udh8', 'ucs2', 134, 2],
    [`{name}😀${a(116)}`, 'udh8', 'ucs2', 134, 2],
    [`{name}${a(49)}😀${a(67)}`, 'udh8', 'ucs2', 134, 3],
    [`ሰ${a(251)}{name}`, 'udh8', 'ucs2', 268, 4],
  ])('%#', (words, long, encoding, units, segments) => {
    expect(welcome(withWelcome(words), long)).toEqual([encoding, units, segments])
  })
})

test('every shipped message is told of, in every language', () => {
  const told = worstSegments(shipped.kind === 'compiled' ? shipped.program : withWelcome(''))
  expect(new Set(told.map(({ message }) => message))).toEqual(new Set(Object.keys(messageContracts)))
  expect(told).toHaveLength(4 * Object.keys(messageContracts).length)
})

function anyValue(type: ValueType): fc.Arbitrary<Json> {
  switch (type.type) {
    case 'text':
      return fc.oneof(
        fc.string({ unit: 'grapheme', maxLength: 20 }),
        fc.string({ unit: fc.constantFrom('€', '😀', 'M', 'ũ', 'ሰ'), maxLength: 20 }),
      )
    case 'digits':
      return fc.string({ unit: fc.constantFrom(...'0189'), minLength: 1, maxLength: type.max })
    case 'money':
      return fc.bigInt({ min: 0n, max: type.max ?? 99_999_999n }).map(String)
    case 'msisdn':
      return fc.constantFrom('+254700000001', '+256700000001')
    case 'moment':
    case 'time':
      return fc.integer({ min: Date.UTC(2020), max: Date.UTC(2030) })
    case 'date':
      return fc.constantFrom('2026-11-24', '2028-02-29')
    default:
      throw new Error(`no values of ${type.type} yet`)
  }
}

test('no message takes more than its worst, whatever its values are', () => {
  const long = '€ [{name}] ሰላም '.repeat(9)
  const programs = [
    withWelcome('Welcome, {name}!'),
    withWelcome(`${'ab[c] '.repeat(20)}{name}${' €'.repeat(80)}`),
    withWelcome(`ሰላም 😀 ${'ab '.repeat(20)}{name}${' 😀'.repeat(40)}`),
    withWelcome(long),
  ]
  const welcomes = Object.entries(messageContracts).map(([message, fields]) =>
    fc.record({
      message: fc.constant(message),
      values: fc.record(Object.fromEntries(Object.entries(fields).map(([name, type]) => [name, anyValue(type)]))),
    }),
  )
  const worst = programs.map((program) => worstSegments(program))
  const anyMessage = fc.oneof(...welcomes, ...welcomes.slice(2, 3).flatMap((one) => [one, one, one, one]))
  fc.assert(
    fc.property(
      fc.nat(programs.length - 1),
      fc.constantFrom('en', 'sw', 'fr', 'am'),
      anyMessage,
      (at, language, sent) => {
        const program = programs[at]
        if (program === undefined) throw new Error('no program')
        const text = messagesOf(program).render(sent.message, language, sent.values as Readonly<Record<string, Json>>)
        const most = worst[at]?.find((one) => one.message === sent.message && one.language === language)?.segments ?? 0
        expect(segmentSms(text).parts.length).toBeLessThanOrEqual(most)
      },
    ),
    { numRuns: 1500 },
  )
})
