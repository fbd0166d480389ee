import { type Report, suggest } from '../problem.ts'
import type { Template } from '../program.ts'
import type { BaseText, Symbols } from './symbols.ts'
import { readTemplate } from './template.ts'
import { type Entries, entriesOf, type Tree, textIn } from './tree.ts'

/** The base language's templates, which the translations are measured by. */
export function readBaseTexts({ report, market, texts }: Symbols): Readonly<Record<string, Template>> {
  const result: Record<string, Template> = {}
  for (const [key, { tree, scope }] of texts) {
    const source = textIn(report, tree, 'a text')
    result[key] = source === null ? { gsm7: true, parts: [] } : readTemplate(report, tree.at, source, scope, market)
  }
  return result
}

/** A language's templates: one for each text of the base language, with the same values in it. */
export function readTranslation(
  symbols: Symbols,
  code: string,
  tree: Tree,
  base: Readonly<Record<string, Template>>,
): { name: string; texts: Readonly<Record<string, Template>>; spots: ReadonlyMap<string, Tree['at']> } {
  const { report } = symbols
  const entries = entriesOf(report, tree, `languages/${code}.yaml`)
  const texts: Record<string, Template> = {}
  for (const [key, text] of symbols.texts) {
    const entry = entries.get(key)
    const template = entry === undefined ? base[key] : translated(symbols, key, text, entry.value, base[key])
    if (template !== undefined) texts[key] = template
  }
  const missing = [...symbols.texts.keys()].filter((key) => !entries.has(key))
  if (missing.length > 0) {
    report('E-I18N', tree.at, `texts are missing, so screens could not be shown. Add ${missing.join(', ')}.`)
  }
  reportSuperfluous(report, entries, symbols.texts)
  const name = entries.get('name')
  if (name === undefined) report('E-SHAPE', tree.at, 'the language needs its own name: name: Kiswahili.')
  const spots = new Map([...entries].map(([key, { value }]) => [key, value.at]))
  return { name: name === undefined ? code : (textIn(report, name.value, 'name') ?? code), texts, spots }
}

function translated(
  { report, market }: Symbols,
  key: string,
  text: BaseText,
  tree: Tree,
  base: Template | undefined,
): Template | undefined {
  const source = textIn(report, tree, key)
  if (source === null) return base
  const template = readTemplate(report, tree.at, source, text.scope, market)
  const [wanted, found] = [valuesIn(base), valuesIn(template)]
  const missing = wanted.filter((each) => !found.includes(each))
  const extra = found.filter((each) => !wanted.includes(each))
  for (const each of missing)
    report('E-I18N', tree.at, `${key} does not show {${each}}, which the base text shows. Put it in.`)
  for (const each of extra)
    report('E-I18N', tree.at, `${key} shows {${each}}, which the base text does not. Take it out.`)
  if (
    text.tree.kind === 'scalar' &&
    text.tree.value === source &&
    /\p{L}{3}.*\s.*\p{L}{3}/u.test(source.replace(/\{[^{}]*\}/g, ''))
  ) {
    report('W-I18N', tree.at, `${key} is the same as the base text; it may have been forgotten.`)
  }
  return template
}

function valuesIn(template: Template | undefined): readonly string[] {
  return (template?.parts ?? []).flatMap((part) => {
    if (typeof part === 'string') return []
    return [part.value.from === 'fact' ? `me.${part.value.name}` : part.value.name]
  })
}

function reportSuperfluous(report: Report, entries: Entries, texts: Symbols['texts']): void {
  for (const [key, { at }] of entries) {
    if (key === 'name' || texts.has(key)) continue
    report('E-I18N', at, `no menu has the text ${key}, so it is never shown. ${suggest(key, texts.keys())}`)
  }
}
