import { createRequire } from 'node:module'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { countSeptets, decodeGsm7, encodeGsm7 } from '../../src/domain/gsm7.ts'
import { type NationalTable, nationalLanguages, nationalTableOf } from '../../src/domain/gsm7-national.ts'

const tables: NationalTable[] = ['turkish', 'spanish', 'portuguese']

/** 3GPP TS 23.038 A.2, sixteen codes a row; `·` where there is no character, the form feed and the escape left out. */
const single: Record<NationalTable, string> = {
  turkish: [
    '················',
    '····^···········',
    '········{}·····\\',
    '············[~]·',
    '|······Ğ·İ······',
    '···Ş············',
    '···ç·€·ğ·ı······',
    '···ş············',
  ].join(''),
  spanish: [
    '·········ç······',
    '····^···········',
    '········{}·····\\',
    '············[~]·',
    '|Á·······Í·····Ó',
    '·····Ú··········',
    '·á···€···í·····ó',
    '·····ú··········',
  ].join(''),
  portuguese: [
    '·····ê···ç·Ôô·Áá',
    '··ΦΓ^ΩΠΨΣΘ·····Ê',
    '········{}·····\\',
    '············[~]·',
    '|À·······Í·····Ó',
    '·····Ú·····ÃÕ···',
    '·Â···€···í·····ó',
    '·····ú·····ãõ··â',
  ].join(''),
}

/** A.3, sixteen codes a row; Spanish has none. */
const locking: Partial<Record<NationalTable, string>> = {
  turkish: [
    '@£$¥€éùıòÇ\nĞğ\rÅå',
    'Δ_ΦΓΛΩΠΨΣΘΞ\u001bŞşßÉ',
    ' !"#¤%&\'()*+,-./',
    '0123456789:;<=>?',
    'İABCDEFGHIJKLMNO',
    'PQRSTUVWXYZÄÖÑÜ§',
    'çabcdefghijklmno',
    'pqrstuvwxyzäöñüà',
  ].join(''),
  portuguese: [
    '@£$¥êéúíóç\nÔô\rÁá',
    'Δ_ªÇÀ∞^\\€Ó|\u001bÂâÊÉ',
    ' !"#º%&\'()*+,-./',
    '0123456789:;<=>?',
    'ÍABCDEFGHIJKLMNO',
    'PQRSTUVWXYZÃÕÚÜ§',
    '~abcdefghijklmno',
    'pqrstuvwxyzãõ`üà',
  ].join(''),
}

const escaped = (septet: number): Buffer => Buffer.of(0x1b, septet)
const none = { single: null, locking: null }

describe.each(tables)('%s', (table) => {
  test('every escaped code reads as the standard says, and as the basic character where it says nothing', () => {
    const read = Array.from({ length: 128 }, (_, septet) => decodeGsm7(escaped(septet), { ...none, single: table }))
    const expected = Array.from({ length: 128 }, (_, septet) => {
      if (septet === 0x0a) return '\f'
      if (septet === 0x1b) return ' '
      const character = single[table][septet]
      return character === '·' ? decodeGsm7(Buffer.of(septet)) : character
    })
    expect(read).toEqual(expected)
  })

  test('every code of the locking table reads as the standard says', () => {
    const read = Array.from({ length: 128 }, (_, septet) =>
      septet === 0x1b ? '\u001b' : decodeGsm7(Buffer.of(septet), { ...none, locking: table }),
    )
    const basic = Array.from({ length: 128 }, (_, septet) =>
      septet === 0x1b ? '\u001b' : decodeGsm7(Buffer.of(septet)),
    )
    expect(read).toEqual(locking[table] === undefined ? basic : [...locking[table]])
  })

  test('what is written with it reads the same, in as many septets as are counted', () => {
    const known = [...single[table]].filter((character) => character !== '·')
    const characters = fc.oneof(fc.constantFrom(...known), fc.constantFrom(...'aÀ@ ç1\f€'), fc.string({ maxLength: 1 }))
    fc.assert(
      fc.property(
        fc.array(characters).map((all) => all.join('')),
        (text) => {
          const septets = encodeGsm7(text, table)
          expect(septets?.length ?? null).toBe(countSeptets(text, table))
          if (septets !== null) expect(decodeGsm7(septets, { ...none, single: table })).toBe(text)
        },
      ),
    )
    for (const character of known) expect(countSeptets(character, table)).not.toBeNull()
  })

  test('whatever is GSM-7 costs the same with it', () => {
    const basic = Array.from({ length: 128 }, (_, septet) => decodeGsm7(Buffer.of(septet)))
    for (const character of [...basic, ...'^{}\\[~]|€\f'])
      expect(countSeptets(character, table)).toBe(countSeptets(character))
  })

  test('its identifier leads back to it', () => {
    expect(nationalTableOf(nationalLanguages[table].identifier)).toBe(table)
  })
})

test('a language that is none of ours is the default table', () => {
  expect([0, 4, 13, 255].map(nationalTableOf)).toEqual([null, null, null, null])
})

test('both shifts at once: the locking table for plain codes, the single one for escaped', () => {
  const octets = Buffer.of(0x5c, 0x1b, 0x53)
  expect(decodeGsm7(octets, { single: 'turkish', locking: 'portuguese' })).toBe('ÕŞ')
  expect(decodeGsm7(Buffer.of(0x1b, 0x5c), { single: null, locking: 'portuguese' })).toBe('Õ')
})

test('agrees with an implementation that is not ours on what both can write', () => {
  const { gsmCoder } = createRequire(import.meta.url)('smpp') as {
    gsmCoder: { GSM_TR: { chars: string }; GSM_PT: { chars: string }; encode(text: string, table: number): Buffer }
  }
  expect([nationalLanguages.turkish.locking, nationalLanguages.portuguese.locking]).toEqual([
    gsmCoder.GSM_TR.chars,
    gsmCoder.GSM_PT.chars,
  ])
  const spanish = 'Buenos días, ¿qué tal? Ávila, Íñigo, Óscar, Úrsula; María, José, mañana [1] {2} €'
  expect(encodeGsm7(spanish, 'spanish')).toEqual(gsmCoder.encode(spanish, 2))
})
