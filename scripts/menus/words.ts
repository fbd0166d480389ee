import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Market } from '../../src/domain/market.ts'
import type { Draft, MenuSources } from '../../src/menu/compile.ts'
import { loadMenuSources } from '../../src/menu/load.ts'
import { describeProblem, type Problem, printProblem } from '../../src/menu/problem.ts'
import { baseLanguageOf } from '../../src/menu/program.ts'
import { counted } from './findings.ts'
import { chosenMarkets, compileFor, sourceHelp, sourceOptions } from './sources.ts'
import type { Verb } from './verb.ts'
import { mergeLanguage } from './words/language-file.ts'
import { PSEUDO, pseudoLanguage } from './words/pseudo.ts'
import { baseTexts, exportTable, readTable } from './words/table.ts'

export const words: Verb = {
  name: 'words',
  summary: 'exports and imports translations, names those that are missing, makes a pseudo-language',
  help: `export | import FILE | missing | pseudo [options]

  export   a table of every text, for translators: key, base, translation, room, note. CSV (RFC 4180), since every spreadsheet opens and
           keeps it. room is how many more characters fit at least, on the fullest screen where the text stands
  import   puts the translations of such a table into languages/<code>.yaml; order and comments stay. An empty translation changes
           nothing. Refuses unknown keys and wrong values, and then changes nothing; 1 also where the compiler refuses the result
  missing  names the texts that a language lacks; 1 where there are any
  pseudo   a language file of accented, lengthened texts: what stays plain on the phone is not translated, what is cut is too tight
  --language  the language's code; for export and import. missing: this one only
  --out       the file to write; otherwise it is printed
  --expand    pseudo: lengthens every text by so many per cent, whether it fits or not; otherwise by up to 30, as far as it fits
${sourceHelp}
  npm run menus -- words export --language sw --out sw.csv
  npm run menus -- words import sw.csv --language sw
  npm run menus -- words missing
  npm run menus -- words pseudo --out menus/languages/${PSEUDO}.yaml
`,
  run,
}

const WHICH = 'words export, import, missing or pseudo'

type Menus = { readonly market: Market; readonly folder: string; readonly sources: MenuSources; readonly draft: Draft }

async function run(args: readonly string[]): Promise<number> {
  const options = {
    language: { type: 'string' },
    out: { type: 'string' },
    expand: { type: 'string' },
    ...sourceOptions,
  } as const
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
  const [what = '', file] = positionals
  const { language } = values
  const over = async (work: (menus: Menus) => number | Promise<number>): Promise<number> => {
    const menus = await draftOf(values.market, values.menus)
    return menus === null ? 1 : work(menus)
  }
  switch (what) {
    case 'export': {
      const code = needed(language)
      return over(({ draft }) => write(values.out, exportTable(draft, code)))
    }
    case 'import': {
      if (file === undefined) throw new Error('Which table? words import FILE --language sw')
      const code = needed(language)
      return over((menus) => importTable(menus, file, code))
    }
    case 'missing':
      return over(({ draft }) => missing(draft, language))
    case 'pseudo': {
      const expand = percent(values.expand)
      return over(({ market, sources, draft }) => {
        const compile = (changed: MenuSources) => compileFor(market, changed)
        return write(values.out, pseudoLanguage(draft, sources, compile, expand))
      })
    }
    default:
      throw new Error(what === '' ? `${WHICH}.` : `There is no words ${what}; ${WHICH}.`)
  }
}

/** Null, having said why, where so much is wrong that no text is known. */
async function draftOf(name: string | undefined, folder: string): Promise<Menus | null> {
  const [market] = chosenMarkets(name)
  if (market === undefined) throw new Error('There is no market.')
  const sources = await loadMenuSources(folder)
  const result = compileFor(market, sources)
  const draft = result.kind === 'refused' ? result.draft : result
  if (draft !== null) return { market, folder, sources, draft }
  const problems: readonly Problem[] = result.kind === 'refused' ? result.problems : []
  process.stderr.write(
    `${problems.map(describeProblem).join('\n')}\n\nSo much is wrong that the texts cannot be read.\n`,
  )
  return null
}

function needed(language: string | undefined): string {
  if (language === undefined || !/^[a-z]{2,3}$/.test(language))
    throw new Error('Which language? Name its code of two or three letters: --language sw')
  return language
}

function percent(expand: string | undefined): number | null {
  if (expand === undefined) return null
  if (/^\d{1,3}$/.test(expand)) return Number(expand)
  throw new Error(`--expand ${expand} is no number of per cent, such as 30.`)
}

async function write(file: string | undefined, text: string): Promise<number> {
  if (file === undefined) process.stdout.write(text)
  else {
    await writeFile(file, text)
    process.stdout.write(`Written to ${file}.\n`)
  }
  return 0
}

async function importTable({ market, folder, sources, draft }: Menus, file: string, language: string): Promise<number> {
  const base = baseTexts(draft)
  if (language === baseLanguageOf(draft.program))
    throw new Error(`${language} is the base language, whose texts stand in the menus; change them there.`)
  const table = readTable(await readFile(file, 'utf8'), base)
  if (table.kind === 'wrong') {
    process.stderr.write(
      `${table.problems.join('\n')}\n\n${counted(table.problems.length, 'problem')}; nothing is changed.\n`,
    )
    return 1
  }
  const name = `languages/${language}.yaml`
  const merged = mergeLanguage(sources[name] ?? null, table.texts, Object.keys(base))
  await writeFile(join(folder, name), merged)
  process.stdout.write(
    `${join(folder, name)}: ${Object.keys(table.texts).length} texts, ${table.empty.length} left empty.\n`,
  )
  for (const key of table.stale)
    process.stdout.write(
      `${key}: the base text has changed since the table was exported. Read the translation again.\n`,
    )
  const changed = { ...sources, [name]: merged }
  const result = compileFor(market, changed)
  const problems = result.kind === 'refused' ? result.problems : result.warnings
  const own = problems.filter((problem) => problem.file === name)
  for (const problem of own) process.stderr.write(`${printProblem(problem, changed)}\n`)
  return own.some(({ code }) => code.startsWith('E-')) ? 1 : 0
}

function missing(draft: Draft, only: string | undefined): number {
  const base = baseTexts(draft)
  const codes = draft.program.languages.slice(1).map(({ code }) => code)
  if (only !== undefined && !codes.includes(only))
    throw new Error(`There is no languages/${only}.yaml; known: ${codes.join(', ')}.`)
  let total = 0
  for (const code of codes.filter((each) => only === undefined || each === only)) {
    const lacking = Object.keys(base).filter((key) => !Object.hasOwn(draft.words[code] ?? {}, key))
    total += lacking.length
    process.stdout.write(`${code}: ${lacking.length} of ${Object.keys(base).length} texts are missing\n`)
    for (const key of lacking) process.stdout.write(`  ${key}: ${JSON.stringify(base[key])}\n`)
  }
  return total > 0 ? 1 : 0
}
