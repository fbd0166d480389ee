import { isGsm7 } from '../../../src/domain/gsm7.ts'
import type { Compilation, Draft, MenuSources } from '../../../src/menu/compile.ts'
import { mergeLanguage } from './language-file.ts'
import { screensOf } from './room.ts'
import { baseTexts, type Texts } from './table.ts'

/** ISO 639-3 keeps qaa to qtz for private use; qps is what testers call a pseudo-language. */
export const PSEUDO = 'qps'

const NAME = 'Psèüdö'

/** How much longer than English a translation may well be, in per cent. */
const USUAL = 30

/** Letters of the GSM-7 alphabet, one septet each. */
const ACCENTS: ReadonlyMap<string, string> = new Map(
  Object.entries({ a: 'à', e: 'é', i: 'ì', n: 'ñ', o: 'ò', u: 'ù', A: 'Å', E: 'É', N: 'Ñ', O: 'Ö', U: 'Ü', C: 'Ç' }),
)

/**
 * A language file in which every text is accented and longer, so that on a phone one sees what is not translated, cut or too tight.
 * `expand`: lengthens all by so many per cent, whether they fit or not; null: by up to 30 as far as every screen allows.
 */
export function pseudoLanguage(
  draft: Draft,
  sources: MenuSources,
  compile: (sources: MenuSources) => Compilation,
  expand: number | null,
): string {
  const base = baseTexts(draft)
  const padding = new Map(Object.entries(base).map(([key, text]) => [key, paddingOf(text, expand ?? USUAL)] as const))
  if (expand !== null) return fileOf(base, padding)
  const shown = screensOf(draft.program)
  // Each round shortens what stands on a screen that is too long, down to nothing after seven.
  for (let round = 0; round < 8; round += 1) {
    const result = compile({ ...sources, [`languages/${PSEUDO}.yaml`]: fileOf(base, padding) })
    const { worst = [], program } = (result.kind === 'refused' ? result.draft : result) ?? {}
    const long = new Set(
      worst.flatMap(({ language, screen, units, limit, text }) =>
        language === PSEUDO && (units > limit || text.split('\n').length > (program?.limits.lines ?? 0))
          ? [screen]
          : [],
      ),
    )
    if (long.size === 0) break
    for (const [key, screens] of shown) {
      if ([...screens].some((id) => long.has(id))) padding.set(key, Math.floor((padding.get(key) ?? 0) / 2))
    }
  }
  return fileOf(base, padding)
}

/** Characters to add; none to words without letters, which nobody translates. */
function paddingOf(text: string, percent: number): number {
  const plain = text.replace(/\{[^{}]*\}/g, '')
  return /\p{L}/u.test(plain) ? Math.ceil((plain.length * percent) / 100) : 0
}

function fileOf(base: Texts, padding: ReadonlyMap<string, number>): string {
  const texts = Object.entries(base).map(([key, text]) => [
    key,
    key === 'name' ? NAME : accented(text) + '_'.repeat(padding.get(key) ?? 0),
  ])
  return mergeLanguage(null, Object.fromEntries(texts), Object.keys(base))
}

/** Values keep their names, and a text that is GSM-7 stays so. */
function accented(text: string): string {
  return text.replace(/\{[^{}]*\}|[^{}]+/g, (part) =>
    part.startsWith('{') || !isGsm7(part) ? part : [...part].map((letter) => ACCENTS.get(letter) ?? letter).join(''),
  )
}
