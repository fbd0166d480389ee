import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test, vi } from 'vitest'
import { parse } from 'yaml'
import { readCsv, writeCsv } from '../../../scripts/menus/words/csv.ts'
import { mergeLanguage } from '../../../scripts/menus/words/language-file.ts'
import { PSEUDO, pseudoLanguage } from '../../../scripts/menus/words/pseudo.ts'
import { roomOf } from '../../../scripts/menus/words/room.ts'
import { baseTexts, exportTable, readTable, valuesIn } from '../../../scripts/menus/words/table.ts'
import { words } from '../../../scripts/menus/words.ts'
import { isGsm7 } from '../../../src/domain/gsm7.ts'
import { compile, type MenuSources } from '../../../src/menu/compile.ts'
import { contracts, kenya, messageContracts } from '../../menu/support.ts'
import { drafted, edited, smallSources } from './support.ts'

const sources = await smallSources()
const { draft } = drafted(sources)
const base = baseTexts(draft)
const order = Object.keys(base)
const folder = mkdtempSync(join(tmpdir(), 'words-'))
afterAll(() => rmSync(folder, { recursive: true }))

const odd = fc.constantFrom(
  ',',
  '"',
  '""',
  '\n',
  ';',
  '\t',
  "'",
  ' ',
  ': ',
  '# ',
  '- ',
  '=',
  '1',
  'no',
  'ĩ',
  '😀',
  '{',
  'a',
)
const cell = fc.oneof(
  fc.array(odd, { maxLength: 8 }).map((parts) => parts.join('')),
  fc.string({ unit: 'grapheme' }),
)

test('every table is read as it was written', () => {
  const rows = fc.array(fc.array(cell, { minLength: 2, maxLength: 2 }), { maxLength: 6 })
  fc.assert(
    fc.property(rows, (lines) => {
      const all = [['key', 'translation'], ...lines]
      expect(readCsv(writeCsv(all))).toEqual(all)
    }),
  )
})

test('a table that a spreadsheet has saved its own way is read alike', () => {
  expect(readCsv('\uFEFFkey;translation\n"a;b";"say ""yes"""\nc;')).toEqual([
    ['key', 'translation'],
    ['a;b', 'say "yes"'],
    ['c', ''],
  ])
  expect(readCsv('key,translation\na,"never closed')).toBeNull()
})

test('what is exported and imported again is the same translation, whatever its texts hold', () => {
  const text = cell.map((each) => each.replace(/[{}\r]/g, '')).filter((each) => each !== '')
  const texts = fc
    .tuple(...order.map(() => text))
    .map((all) =>
      Object.fromEntries(
        order.map((key, at) => [key, `${all[at]}${valuesIn(base[key] ?? '').map((name) => `{${name}}`)}`]),
      ),
    )
  fc.assert(
    fc.property(texts, (sw) => {
      const table = readTable(exportTable({ ...draft, words: { ...draft.words, sw } }, 'sw'), base)
      if (table.kind === 'wrong') throw new Error(table.problems.join('\n'))
      expect(table).toMatchObject({ texts: sw, empty: [], stale: [] })
      expect(parse(mergeLanguage(null, table.texts, order))).toEqual(sw)
    }),
    { numRuns: 20 },
  )
})

test('a translation that comes back unchanged leaves its file as it was, byte for byte', () => {
  const table = readTable(exportTable(draft, 'sw'), base)
  const file = sources['languages/sw.yaml'] ?? ''
  expect(mergeLanguage(file, table.kind === 'table' ? table.texts : {}, order)).toBe(file)
})

test('a changed text keeps its place and comment, and a new one comes after the one before it', () => {
  const file =
    '# Swahili\nname: Kiswahili # their word\n\nmain.home.text: Habari\nmain.home.choice.3: Salio # balance\n'
  const texts = { name: 'Swahili', 'main.home.choice.1': 'Tuma "pesa"', 'main.home.choice.3': 'Salio langu' }
  expect(mergeLanguage(file, texts, order)).toBe(
    '# Swahili\nname: "Swahili" # their word\n\nmain.home.text: Habari\nmain.home.choice.1: "Tuma \\"pesa\\""\nmain.home.choice.3: "Salio langu" # balance\n',
  )
})

test('a new file names its schema, as those that are shipped do', () => {
  const [first] = readFileSync('menus/languages/sw.yaml', 'utf8').split('\n')
  expect(mergeLanguage(null, { name: 'Luganda' }, order)).toBe(`${first}\nname: "Luganda"\n`)
})

test('a text keeps its short forms, which are not in the table', () => {
  const file = 'main.home.text: { text: Habari, short: Hb }\n'
  expect(mergeLanguage(file, { 'main.home.text': 'Habari' }, order)).toBe(file)
  expect(parse(mergeLanguage(file, { 'main.home.text': 'Hujambo' }, order))).toEqual({
    'main.home.text': { text: 'Hujambo', short: 'Hb' },
  })
  const forms = edited(sources, 'main.yaml', 'text: Send money,', 'text: { text: Send money, short: Send },')
  expect(baseTexts(drafted(forms).draft)['main.home.choice.1']).toBe('Send money')
})

test('a table with unknown keys or wrong values is refused with a sentence for each', () => {
  const table = readTable(
    writeCsv([
      ['key', 'base', 'translation'],
      ['main.hom.text', '', 'Habari'],
      ['main.home.text', '', 'Habari {me.name}'],
      ['main.home.choice.1', '', 'Tuma }'],
      ['main.home.choice.1', '', 'Tuma'],
    ]),
    base,
  )
  expect(table).toEqual({
    kind: 'wrong',
    problems: [
      'row 2: no menu has the text main.hom.text, so it would never be shown.',
      'row 3: main.home.text does not show {me.first_name}, which the base text shows. Put it in.',
      'row 3: main.home.text shows {me.name}, which the base text does not. Take it out.',
      'row 4: main.home.choice.1 has a brace without its other half; use { and } for values only.',
      'row 5: main.home.choice.1 stands in the table twice; take one row out.',
    ],
  })
  expect(readTable('word,meaning\n', base).kind).toBe('wrong')
})

test('a translation of a base text that has changed since is named', () => {
  const table = readTable(
    writeCsv([
      ['key', 'base', 'translation'],
      ['main.home.choice.1', 'Send cash', 'Tuma'],
    ]),
    base,
  )
  expect(table).toMatchObject({ kind: 'table', stale: ['main.home.choice.1'] })
})

function compiledWith(changed: MenuSources): ReturnType<typeof compile> {
  return compile(changed, contracts, messageContracts, kenya)
}

test('a text may grow by the room that the table promises, and a screen that is full promises none', () => {
  const room = roomOf(draft, 'en')
  for (const key of ['main.home.choice.1', 'service.navigation.back']) {
    const left = room.get(key) ?? 0
    expect(left).toBeGreaterThan(0)
    const [file, text] = key.startsWith('main') ? ['main.yaml', 'Send money'] : ['service.yaml', '"0 Back"']
    const grown = (by: number): MenuSources =>
      edited(sources, file, text, `"${text.replaceAll('"', '')}${'x'.repeat(by)}"`)
    expect(compiledWith(grown(left)).kind).toBe('compiled')
    expect(compiledWith(grown(left + 1)).kind).toBe('refused')
  }
})

test('the pseudo-language is GSM-7, keeps the values, changes every word and compiles', () => {
  const file = pseudoLanguage(draft, sources, compiledWith, null)
  const texts: Record<string, string> = parse(file)
  expect(Object.keys(texts)).toEqual(order)
  for (const [key, text] of Object.entries(texts)) {
    expect(isGsm7(text), key).toBe(true)
    expect(valuesIn(text), key).toEqual(valuesIn(base[key] ?? ''))
    if (/[a-z]{4}/.test((base[key] ?? '').replace(/\{[^{}]*\}/g, ''))) expect(text).not.toBe(base[key])
  }
  const result = compiledWith({ ...sources, [`languages/${PSEUDO}.yaml`]: file })
  expect(result.kind === 'refused' ? result.problems : []).toEqual([])
  expect(texts['main.home.choice.1']).toMatch(/^Séñd mòñéy_+$/)
})

test('a pseudo-language expanded without regard to screens shows which are too tight', () => {
  const file = pseudoLanguage(draft, sources, compiledWith, 400)
  const result = compiledWith({ ...sources, [`languages/${PSEUDO}.yaml`]: file })
  const errors = result.kind === 'refused' ? result.problems.filter(({ code }) => code.startsWith('E-')) : []
  expect([...new Set(errors.map(({ code }) => code))]).toEqual(['E-WIDTH'])
})

test('the verb names what is missing, and an import that is refused changes no file', async () => {
  const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  const complained = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  cpSync('menus', folder, { recursive: true })
  const file = join(folder, 'languages/sw.yaml')
  const before = readFileSync(file, 'utf8')
  const options = ['--market', 'KE', '--menus', folder]
  const table = join(folder, 'sw.csv')
  expect(await words.run(['missing', '--language', 'sw', ...options])).toBe(0)
  expect(await words.run(['export', '--language', 'sw', '--out', table, ...options])).toBe(0)
  expect(await words.run(['import', table, '--language', 'sw', ...options])).toBe(0)
  expect(readFileSync(file, 'utf8')).toBe(before)

  const [, line = ''] = /\n(main\.services\.choice\.1: .*\n)/.exec(before) ?? []
  writeFileSync(file, before.replace(line, ''))
  expect(await words.run(['missing', '--language', 'sw', ...options])).toBe(1)
  expect(written.mock.calls.flat().join('')).toContain('main.services.choice.1')

  writeFileSync(table, readFileSync(table, 'utf8').replace('main.services.text', 'main.servces.text'))
  expect(await words.run(['import', table, '--language', 'sw', ...options])).toBe(1)
  expect(readFileSync(file, 'utf8')).toBe(before.replace(line, ''))
  expect(complained.mock.calls.flat().join('')).toContain('main.servces.text')

  writeFileSync(join(folder, 'main.yaml'), 'screens: [')
  expect(await words.run(['missing', ...options])).toBe(1)
  expect(complained.mock.calls.flat().join('')).toContain('main.yaml:1:')
  vi.restoreAllMocks()
})
