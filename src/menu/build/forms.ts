import type { Market } from '../../domain/market.ts'
import type { Report, Spot } from '../problem.ts'
import type { Template } from '../program.ts'
import type { Scope } from './symbols.ts'
import { readTemplate } from './template.ts'
import { entriesOf, required, type Tree, textIn } from './tree.ts'

/** One form of a text as it is written. */
export type Form = { readonly at: Spot; readonly source: string }

/** Where the forms of a text stand: `<key>#1` is its first short one. */
export function formKey(key: string, form: number): string {
  return `${key}#${form}`
}

/** The keys of a text that has short forms. */
export const FORM_KEYS: readonly string[] = ['text', 'short']

/** Reads `"…"` or `{ text: "…", short: "…" }`, or a list of ever shorter ones. The full form is first; empty after reporting. */
export function formsIn(report: Report, tree: Tree, what: string): readonly Form[] {
  if (tree.kind !== 'map') return formIn(report, tree, what)
  const entries = entriesOf(report, tree, what, FORM_KEYS)
  const text = required(report, entries, 'text', tree.at, what)
  const short = required(report, entries, 'short', tree.at, what)
  const shorter = short === null ? [] : short.kind === 'list' ? short.items : [short]
  const full = text === null ? [] : formIn(report, text, 'text')
  return full.length === 0 ? [] : [...full, ...shorter.flatMap((each) => formIn(report, each, 'short'))]
}

function formIn(report: Report, tree: Tree, what: string): readonly Form[] {
  const source = textIn(report, tree, what)
  return source === null ? [] : [{ at: tree.at, source }]
}

/** The template with its short forms, none of which may show what the full one does not. */
export function readForms(
  report: Report,
  forms: readonly Form[],
  scope: Scope,
  market: Market,
  language: string,
): Template | null {
  const [full, ...shorter] = forms.map(({ at, source }) => ({
    at,
    template: readTemplate(report, at, source, scope, market, language),
  }))
  if (full === undefined) return null
  const shown = valuesIn(full.template)
  for (const { at, template } of shorter) {
    for (const each of valuesIn(template).filter((value) => !shown.includes(value)))
      report(
        'E-SHORT',
        at,
        `the short form shows {${each}}, which the full one does not, so it says more. Take it out.`,
      )
  }
  return [full, ...shorter].reduceRight<Template | null>(
    (short, { template }) => (short === null ? template : { ...template, short }),
    null,
  )
}

/** The names of the values that a form shows. */
export function valuesIn({ parts }: Template): readonly string[] {
  return parts.flatMap((part) => {
    if (typeof part === 'string') return []
    return [part.value.from === 'fact' ? `me.${part.value.name}` : part.value.name]
  })
}
