import { type Report, type Spot, suggest } from '../problem.ts'
import type { Template } from '../program.ts'
import { type Form, formKey, formsIn, readForms, valuesIn } from './forms.ts'
import type { BaseText, Symbols } from './symbols.ts'
import { type Entries, entriesOf, type Tree, textIn } from './tree.ts'

/** The base language's templates, which the translations are measured by. */
export function readBaseTexts(symbols: Symbols, language: string): Readonly<Record<string, Template>> {
  const { report, market, texts, spots } = symbols
  const result: Record<string, Template> = {}
  for (const [key, { tree, scope }] of texts) {
    const forms = formsIn(report, tree, 'a text')
    noteSpots(spots, key, forms)
    result[key] = readForms(report, forms, scope, market, language) ?? { gsm7: true, parts: [] }
  }
  return result
}

/**
 * A language's templates: one for each text of the base language, with the same values in it. A text that no menu has is a mistake of the
 * translation only where the menus are `whole`: of a screen that could not be read, no text is known.
 */
export function readTranslation(
  symbols: Symbols,
  code: string,
  tree: Tree,
  base: Readonly<Record<string, Template>>,
  whole: boolean,
): { name: string; texts: Readonly<Record<string, Template>>; spots: ReadonlyMap<string, Tree['at']> } {
  const { report } = symbols
  const entries = entriesOf(report, tree, `languages/${code}.yaml`)
  const texts: Record<string, Template> = {}
  const spots = new Map([...entries].map(([key, { value }]) => [key, value.at]))
  for (const [key, text] of symbols.texts) {
    const entry = entries.get(key)
    const template =
      entry === undefined ? base[key] : translated({ symbols, code, spots }, key, text, entry.value, base[key])
    if (template !== undefined) texts[key] = template
  }
  const missing = [...symbols.texts.keys()].filter((key) => !entries.has(key))
  if (missing.length > 0) {
    report('E-I18N', tree.at, `texts are missing, so screens could not be shown. Add ${missing.join(', ')}.`)
  }
  if (whole) reportSuperfluous(report, entries, symbols.texts)
  const name = entries.get('name')
  if (name === undefined) report('E-SHAPE', tree.at, 'the language needs its own name: name: Kiswahili.')
  return { name: name === undefined ? code : (textIn(report, name.value, 'name') ?? code), texts, spots }
}

/** Where the short forms of a text stand, too. */
function noteSpots(spots: Map<string, Spot>, key: string, forms: readonly Form[]): void {
  for (const [form, { at }] of forms.entries()) if (form > 0) spots.set(formKey(key, form), at)
}

function translated(
  { symbols, code, spots }: { symbols: Symbols; code: string; spots: Map<string, Spot> },
  key: string,
  text: BaseText,
  tree: Tree,
  base: Template | undefined,
): Template | undefined {
  const { report, market } = symbols
  const forms = formsIn(report, tree, key)
  const template = readForms(report, forms, text.scope, market, code)
  if (template === null) return base
  noteSpots(spots, key, forms)
  const [wanted, found] = [base === undefined ? [] : valuesIn(base), valuesIn(template)]
  const source = forms[0]?.source ?? ''
  const missing = wanted.filter((each) => !found.includes(each))
  const extra = found.filter((each) => !wanted.includes(each))
  for (const each of missing)
    report('E-I18N', tree.at, `${key} does not show {${each}}, which the base text shows. Put it in.`)
  for (const each of extra)
    report('E-I18N', tree.at, `${key} shows {${each}}, which the base text does not. Take it out.`)
  if (fullOf(text.tree) === source && /\p{L}{3}.*\s.*\p{L}{3}/u.test(source.replace(/\{[^{}]*\}/g, ''))) {
    report('W-I18N', tree.at, `${key} is the same as the base text; it may have been forgotten.`)
  }
  return template
}

/** The full form as it is written. */
function fullOf(tree: Tree): unknown {
  const text = tree.kind === 'map' ? tree.entries.get('text')?.value : tree
  return text?.kind === 'scalar' ? text.value : null
}

function reportSuperfluous(report: Report, entries: Entries, texts: Symbols['texts']): void {
  for (const [key, { at }] of entries) {
    if (key === 'name' || texts.has(key)) continue
    report('E-I18N', at, `no menu has the text ${key}, so it is never shown. ${suggest(key, texts.keys())}`)
  }
}
