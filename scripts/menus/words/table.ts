import type { Draft } from '../../../src/menu/compile.ts'
import { baseLanguageOf } from '../../../src/menu/program.ts'
import { readCsv, writeCsv } from './csv.ts'
import { roomOf } from './room.ts'

export type Texts = Readonly<Record<string, string>>

const COLUMNS = ['key', 'base', 'translation', 'room', 'note'] as const

/** The values that a text shows, by name, sorted: those of a translation must be the same. */
export function valuesIn(text: string): readonly string[] {
  return [...text.matchAll(/\{([^{}|]*)(?:\|[^{}]*)?\}/g)].map(([, name = '']) => name).sort()
}

/** A row for each text of the base language, in the order of the menus; `language` may have no file yet. */
export function exportTable(draft: Draft, language: string): string {
  const base = baseTexts(draft)
  const translation = draft.words[language] ?? {}
  const known = draft.program.languages.some(({ code }) => code === language)
  const room = roomOf(draft, known ? language : baseLanguageOf(draft.program))
  const rows = Object.entries(base).map(([key, text]) => [
    key,
    text,
    translation[key] ?? '',
    String(room.get(key) ?? ''),
    noteOf(key, text),
  ])
  return writeCsv([COLUMNS, ...rows])
}

export type Table =
  | {
      readonly kind: 'table'
      readonly texts: Texts
      readonly empty: readonly string[]
      readonly stale: readonly string[]
    }
  | { readonly kind: 'wrong'; readonly problems: readonly string[] }

/** The translations of a table. `empty`: keys without one; `stale`: keys whose base text has changed since the table was written. */
export function readTable(source: string, base: Texts): Table {
  const rows = readCsv(source)
  if (rows === null) return wrong('a quote in the table is never closed, so its rows cannot be told apart.')
  const [header = [], ...lines] = rows
  const column = (name: string): number => header.findIndex((each) => each.trim().toLowerCase() === name)
  const [keyAt, baseAt, textAt] = [column('key'), column('base'), column('translation')]
  if (keyAt < 0 || textAt < 0) return wrong('the first row must name the columns key and translation.')
  const texts: Record<string, string> = {}
  const problems: string[] = []
  const [empty, stale, seen]: [string[], string[], Set<string>] = [[], [], new Set()]
  for (const [index, line] of lines.entries()) {
    if (line.every((cell) => cell === '')) continue
    const cell = (at: number): string => (line[at] ?? '').replaceAll('\r\n', '\n')
    const [key, text] = [cell(keyAt).trim(), cell(textAt)]
    const at = `row ${index + 2}`
    if (!Object.hasOwn(base, key)) problems.push(`${at}: no menu has the text ${key}, so it would never be shown.`)
    else if (seen.has(key)) problems.push(`${at}: ${key} stands in the table twice; take one row out.`)
    else if (text === '') empty.push(key)
    else {
      problems.push(...valueProblems(key, base[key] ?? '', text).map((problem) => `${at}: ${problem}`))
      texts[key] = text
      if (baseAt >= 0 && cell(baseAt) !== base[key]) stale.push(key)
    }
    seen.add(key)
  }
  return problems.length > 0 ? { kind: 'wrong', problems } : { kind: 'table', texts, empty, stale }
}

/** The texts that a language translates, with the base language's name for itself first. */
export function baseTexts({ program, words }: Draft): Texts {
  return words[baseLanguageOf(program)] ?? {}
}

function valueProblems(key: string, base: string, text: string): readonly string[] {
  const [wanted, found] = [new Set(valuesIn(base)), new Set(valuesIn(text))]
  const missing = [...wanted].filter((name) => !found.has(name))
  const extra = [...found].filter((name) => !wanted.has(name))
  const stray = /[{}]/.test(text.replace(/\{[^{}]*\}/g, ''))
  return [
    ...missing.map((name) => `${key} does not show {${name}}, which the base text shows. Put it in.`),
    ...extra.map((name) => `${key} shows {${name}}, which the base text does not. Take it out.`),
    ...(stray ? [`${key} has a brace without its other half; use { and } for values only.`] : []),
  ]
}

function noteOf(key: string, base: string): string {
  const values = valuesIn(base)
  const lines = base.split('\n').length
  return [
    ...(key === 'name' ? ["the language's own name"] : []),
    ...(key.startsWith('messages.') ? ['SMS'] : []),
    ...(values.length > 0 ? [`keep ${values.map((name) => `{${name}}`).join(' ')}`] : []),
    ...(lines > 1 ? [`${lines} lines`] : []),
  ].join('; ')
}

function wrong(problem: string): Table {
  return { kind: 'wrong', problems: [problem] }
}
