import { foldWords } from '../../domain/words.ts'
import type { KeywordContract } from '../contract.ts'
import { type Report, type Spot, suggest } from '../problem.ts'
import type { KeywordWords, ScreenId } from '../program.ts'
import { type Entries, entriesOf, itemsOf, required, type Tree, textIn } from './tree.ts'

/** A keyword as it stands in `keywords.yaml`, with its places. */
export type KeywordHead = KeywordWords & {
  readonly contract: KeywordContract
  readonly screens: readonly { readonly at: Spot; readonly id: ScreenId }[]
}

/** The keys of a keyword in `keywords.yaml`. */
export const KEYWORD_KEYS: readonly string[] = ['opens', 'words', 'names']

/** What is told in a text has room for so many characters; the rest is only understood. */
const MOST_TOLD = 10
const MOST_UNDERSTOOD = 24
/** Words of one keyword, `STOP ALL`. */
export const MOST_WORDS = 3

/** Reads `keywords.yaml`. `languages`: every language of the menus, the base one first. */
export function readKeywords(
  report: Report,
  tree: Tree | null,
  contracts: readonly KeywordContract[],
  languages: readonly string[],
): readonly KeywordHead[] {
  const top = { file: 'keywords.yaml', line: 1, column: 1 }
  const known = new Map(contracts.map((contract) => [contract.name, contract]))
  const entries: Entries = tree === null ? new Map() : entriesOf(report, tree, 'keywords')
  const taken = new Map<string, string>()
  for (const name of known.keys()) {
    if (!entries.has(name))
      report('E-REF', tree?.at ?? top, `the keyword ${name} has no words, so nobody could write it. Add ${name}.`)
  }
  return [...entries].flatMap(([name, { at, value }]): readonly KeywordHead[] => {
    const contract = known.get(name)
    if (contract === undefined) {
      report('E-REF', at, `there is no keyword ${name}, so its words would do nothing. ${suggest(name, known.keys())}`)
      return []
    }
    const parts = entriesOf(report, value, name, keysOf(contract))
    const words = required(report, parts, 'words', at, name)
    const names = parts.get('names')?.value
    const screens = readScreens(report, parts.get('opens')?.value)
    return [
      {
        ...{ contract, screens, opens: screens.map(({ id }) => id) },
        words: words === null ? {} : readWords(report, words, name, { languages, taken, told: true }),
        names: names === undefined ? {} : readWords(report, names, name, { languages, taken: new Map(), told: false }),
      },
    ]
  })
}

function keysOf({ opens, names }: KeywordContract): readonly string[] {
  return KEYWORD_KEYS.filter((key) => (key === 'opens' ? opens !== null : key === 'names' ? names : true))
}

function readScreens(report: Report, tree: Tree | undefined): KeywordHead['screens'] {
  if (tree === undefined) return []
  const items = tree.kind === 'scalar' ? [tree] : itemsOf(report, tree, 'opens')
  return items.flatMap((item) => {
    const id = textIn(report, item, 'a screen')
    return id === null ? [] : [{ at: item.at, id }]
  })
}

type WordRules = {
  readonly languages: readonly string[]
  /** What is understood already, folded, and as what. */
  readonly taken: Map<string, string>
  /** Whether the first of each language stands in texts. */
  readonly told: boolean
}

/** `{ en: [BAL, BALANCE], sw: [SALIO] }` */
function readWords(report: Report, tree: Tree, name: string, rules: WordRules): Readonly<Record<string, string[]>> {
  const { languages, taken, told } = rules
  const entries = entriesOf(report, tree, `the words of ${name}`)
  const missing = languages.filter((code) => !entries.has(code))
  if (missing.length > 0 && tree.kind === 'map')
    report(
      'E-I18N',
      tree.at,
      `${name} has no word in ${missing.join(', ')}, so who writes that language could not be understood. Add one for each.`,
    )
  const words: Record<string, string[]> = {}
  for (const [code, { at, value }] of entries) {
    if (!languages.includes(code))
      report('E-I18N', at, `there is no language ${code}, so nobody writes these. ${suggest(code, languages)}`)
    const items = itemsOf(report, value, `the words in ${code}`)
    if (items.length === 0 && value.kind === 'list')
      report('E-I18N', value.at, `${name} has no word in ${code}, so who writes that language could not be understood.`)
    words[code] = items.flatMap((item, index) => {
      const word = textIn(report, item, 'a word')
      if (word === null) return []
      const wrong = wrongIn(word, told && index === 0)
      if (wrong !== null) {
        report('E-SHAPE', item.at, wrong)
        return []
      }
      const meaning = told ? `${name} in ${code}` : `the language ${code}`
      const other = taken.get(foldWords(word))
      if (other !== undefined)
        report('E-KEY', item.at, `${word} stands for ${other} already, so it would mean two things. Take one away.`)
      taken.set(foldWords(word), meaning)
      return [word]
    })
  }
  return words
}

function wrongIn(word: string, told: boolean): string | null {
  const most = told ? MOST_TOLD : MOST_UNDERSTOOD
  if (!/^[\p{L}\p{M}'’ -]+$/u.test(word) || !/\p{L}.*\p{L}/u.test(word))
    return `${word} cannot be a keyword: it takes two letters or more, and no digits or signs, which are what follows it.`
  if (word.length > most)
    return `${word} has ${word.length} characters. ${told ? `The first word is the one that people are told, and there is room for ${most}` : `Nobody writes more than ${most}`}; take a shorter one.`
  return foldWords(word).split(' ').length > MOST_WORDS
    ? `${word} has more than ${MOST_WORDS} words; take fewer.`
    : null
}
