import type { Market } from '../../domain/market.ts'
import { formKey } from '../build/forms.ts'
import type { Report, Spot } from '../problem.ts'
import type { Limits, Template, TextKey } from '../program.ts'
import { linesIn, unitsOf } from '../text.ts'
import type { Checked } from './all.ts'
import { longest } from './longest.ts'

/** No short form is useless. `needed`: `<language> <key>#<form>` of those that some screen at its longest takes. */
export function checkShort(report: Report, { program, spots, service }: Checked, needed: ReadonlySet<string>): void {
  const { market, limits } = program
  for (const [language, texts] of Object.entries(program.texts)) {
    for (const [key, template] of Object.entries(texts)) {
      let before = template
      for (let form = 1; before.short !== undefined; form += 1) {
        const at = spots.get(language)?.get(formKey(key, form)) ?? service.at
        const { short } = before
        if (!isShorter(limits, market, before, short)) reportLonger(report, at, key, language)
        else if (!needed.has(`${language} ${formKey(key, form)}`)) reportNeedless(report, at, key, language)
        before = short
      }
    }
  }
}

/** Whether it takes a smaller part of a screen, or fewer lines. */
function isShorter(limits: Limits, market: Market, full: Template, short: Template): boolean {
  const [before, after] = [longest(full, market), longest(short, market)]
  const part = (text: string, gsm7: boolean): number => unitsOf(text, gsm7) / limits[gsm7 ? 'gsm7' : 'ucs2']
  return part(after, short.gsm7) < part(before, full.gsm7) || linesIn(after) < linesIn(before)
}

function reportLonger(report: Report, at: Spot, key: TextKey, language: string): void {
  report(
    'W-SHORT',
    at,
    `the short form of ${key} in ${language} is not shorter than the one before it, with the longest values. Shorten it, or take it out.`,
  )
}

function reportNeedless(report: Report, at: Spot, key: TextKey, language: string): void {
  const why = key.startsWith('messages.') ? 'an SMS has no limit' : 'every screen fits without it, on every channel'
  report('W-SHORT', at, `the short form of ${key} in ${language} is never shown, since ${why}. Take it out.`)
}
