import fc from 'fast-check'
import type { Market } from '../../src/domain/market.ts'
import type { MenuSources } from '../../src/menu/compile.ts'
import type { ActionContract, Fields } from '../../src/menu/contract.ts'
import type { Problem } from '../../src/menu/problem.ts'
import type { Program } from '../../src/menu/program.ts'
import { lastFormOf } from '../../src/menu/text.ts'
import type { Engine } from './engine.ts'

/** Menus that were accepted, printed as their sources where a property fails. */
export type Menus = {
  readonly program: Program
  /** The most units of a screen, as the compiler has proved them; see `boundOf`. */
  readonly bounds: ReadonlyMap<string, number>
  /** The languages with short forms, where a screen in full is bounded by its limit alone. */
  readonly shortened: ReadonlySet<string>
  readonly [fc.toStringMethod]: () => string
}

export type Accepted = { readonly menus: Menus; readonly problems: null }
export type Refused = { readonly menus: null; readonly problems: readonly Problem[] }

export function accept(
  engine: Engine,
  sources: MenuSources,
  contracts: readonly ActionContract[],
  messages: Readonly<Record<string, Fields>>,
  market: Market,
): Accepted | Refused {
  const result = engine.compile(sources, contracts, messages, market)
  if (result.kind === 'refused') return { menus: null, problems: result.problems }
  const bounds = new Map(result.worst.map(({ language, screen, units }) => [`${language} ${screen}`, units]))
  const texts = Object.entries(result.program.texts)
  const shortened = new Set(texts.filter(([, all]) => lastFormOf(Object.values(all)) > 0).map(([code]) => code))
  return {
    menus: { program: result.program, bounds, shortened, [fc.toStringMethod]: () => printed(sources) },
    problems: null,
  }
}

export function boundOf({ bounds }: Menus, language: string, screen: string): number {
  return bounds.get(`${language} ${screen}`) ?? 0
}

export function printed(sources: MenuSources): string {
  return Object.entries(sources)
    .map(([file, text]) => `\n# ${file}\n${text}`)
    .join('')
}
