import { type Coverage, type Item, universeOf } from '../../src/menu/coverage.ts'
import type { Program } from '../../src/menu/program.ts'

export type Share = { readonly covered: number; readonly of: number }

/** What dialogues went through of all that there is. A language is covered once all its screens, choices and outcomes are. */
export type CoverageReport = {
  readonly screens: Share
  readonly choices: Share
  readonly outcomes: Share
  readonly languages: Share
  readonly byLanguage: Readonly<Record<string, Readonly<Record<Item['kind'], Share>>>>
  readonly missing: readonly Item[]
}

export function reportCoverage(program: Program, coverage: Coverage): CoverageReport {
  const items = universeOf(program)
  const share = (chosen: readonly Item[]): Share => ({ covered: chosen.filter(coverage.has).length, of: chosen.length })
  const ofKind = (kind: Item['kind'], among = items) => share(among.filter((item) => item.kind === kind))
  const languages = program.languages.map(({ code }) => {
    const its = items.filter(({ language }) => language === code)
    const shares = { screen: ofKind('screen', its), choice: ofKind('choice', its), outcome: ofKind('outcome', its) }
    return { code, shares, whole: its.every(coverage.has) }
  })
  return {
    ...{ screens: ofKind('screen'), choices: ofKind('choice'), outcomes: ofKind('outcome') },
    languages: { covered: languages.filter(({ whole }) => whole).length, of: languages.length },
    byLanguage: Object.fromEntries(languages.map(({ code, shares }) => [code, shares])),
    missing: items.filter((item) => !coverage.has(item)),
  }
}

/** Whole percent, 100 only where nothing is missing. */
function percentOf({ covered, of }: Share): number {
  return of === 0 ? 100 : Math.floor((covered * 100) / of)
}

/** The least of screens, choices and outcomes, in percent. */
export function leastPercent({ screens, choices, outcomes }: CoverageReport): number {
  return Math.min(...[screens, choices, outcomes].map(percentOf))
}

/** A table of the shares; `listed`: and what is missing. */
export function describeCoverage(report: CoverageReport, listed: boolean): string {
  const cell = (share: Share) => `${share.covered}/${share.of} ${percentOf(share)} %`.padEnd(16)
  const row = (name: string, shares: readonly Share[]) => `${name.padEnd(11)}${shares.map(cell).join('')}`.trimEnd()
  const { screens, choices, outcomes, languages, byLanguage, missing } = report
  return [
    `${'coverage'.padEnd(11)}${['screens', 'choices', 'outcomes'].map((name) => name.padEnd(16)).join('')}`.trimEnd(),
    ...Object.entries(byLanguage).map(([code, { screen, choice, outcome }]) => row(code, [screen, choice, outcome])),
    row('all', [screens, choices, outcomes]),
    `languages complete: ${languages.covered} of ${languages.of}`,
    ...(!listed || missing.length === 0 ? [] : ['', 'Nobody went through:', ...describeMissing(missing)]),
  ].join('\n')
}

/** A line for each screen and what of it is missing, with the languages in which it is. */
function describeMissing(missing: readonly Item[]): readonly string[] {
  const languages = new Map<string, string[]>()
  for (const { language, screen, kind, name } of missing) {
    const what = kind === 'screen' ? screen : `${screen} ${kind} ${name}`
    languages.set(what, [...(languages.get(what) ?? []), language])
  }
  return [...languages].map(([what, codes]) => `  ${what} (${codes.join(', ')})`)
}
