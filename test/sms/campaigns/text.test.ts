import { describe, expect, test } from 'vitest'
import {
  type CampaignText,
  fieldsOf,
  fillCampaignText,
  longestOf,
  readCampaignText,
} from '../../../src/sms/campaigns/text.ts'

function read(words: string): CampaignText {
  const found = readCampaignText(words)
  if (found.kind === 'wrong') throw new Error(found.problem)
  return found.text
}

describe('words of a campaign', () => {
  test.each<[string, Record<string, string>, string]>([
    ['Dear {name}, come to {place}.', { name: 'Juma K.', place: 'Nakuru' }, 'Dear Juma K., come to Nakuru.'],
    ['{name}{name}', { name: 'A' }, 'AA'],
    ['No marks', {}, 'No marks'],
    ['Dear {name}', { name: '  Wanjirũ \n Kamau ' }, 'Dear Wanjiru Kamau'],
    ['ሰላም {name}', { name: 'Wanjirũ' }, 'ሰላም Wanjirũ'],
    ['Dear {name}', { name: '{plot}', plot: 'secret' }, 'Dear {plot}'],
  ])('%j with %j are %j', (words, values, expected) => {
    expect(fillCampaignText(read(words), values)).toBe(expected)
  })

  test.each(['', '  ', 'Dear {Name}', 'Dear {name', 'Dear name}', 'Dear {}', 'Dear {first name}', '{{name}}'])(
    '%j are refused',
    (words) => {
      expect(readCampaignText(words).kind).toBe('wrong')
    },
  )

  test('a value that is missing is never sent as a hole', () => {
    expect(() => fillCampaignText(read('Dear {name}'), {})).toThrow('no name')
    expect(() => fillCampaignText(read('Dear {constructor}'), {})).toThrow('no constructor')
  })

  test('each field counts once', () => {
    expect(fieldsOf(read('{name} {plot} {name}'))).toEqual(['name', 'plot'])
  })

  test.each<[string, number, 'gsm7' | 'ucs2', number]>([
    [`${'x'.repeat(144)}{name}`, 16, 'gsm7', 1],
    [`${'x'.repeat(145)}{name}`, 16, 'gsm7', 2],
    [`${'ሰ'.repeat(54)}{name}`, 16, 'ucs2', 1],
    [`${'ሰ'.repeat(55)}{name}`, 16, 'ucs2', 2],
  ])('the longest name is counted', (words, width, encoding, parts) => {
    const longest = longestOf(read(words), { name: width })
    expect([longest.encoding, longest.parts.length]).toEqual([encoding, parts])
  })
})
