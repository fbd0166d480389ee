import { actions } from '../../src/actions/registry.ts'
import { aggregatorNames } from '../../src/aggregators/registry.ts'
import { keywords } from '../../src/conversations/keywords/registry.ts'
import type { Market } from '../../src/domain/market.ts'
import { markets } from '../../src/domain/markets.ts'
import { type Compilation, compile, type MenuSources } from '../../src/menu/compile.ts'
import { messageContracts, messageSegments } from '../../src/sms/message-contracts.ts'

type SourceOptions = {
  readonly market: { readonly type: 'string'; readonly default: string | undefined }
  readonly menus: { readonly type: 'string'; readonly default: string }
}

/** The options by which every verb that compiles finds the menus; for `parseArgs`. */
export const sourceOptions: SourceOptions = {
  market: { type: 'string', default: process.env.MARKET || undefined },
  menus: { type: 'string', default: process.env.MENUS_DIR ?? 'menus' },
}

export const sourceHelp: string = `  --market   ${[...markets.keys()].join(', ')}, since amounts and numbers differ in length; MARKET unless stated
  --menus    the folder; MENUS_DIR or menus unless stated
`

/** The market of this name, or all of them where none is named; throws, with advice, on an unknown name. */
export function chosenMarkets(name: string | undefined): readonly Market[] {
  const chosen = [...markets.values()].filter(({ code }) => name === undefined || name === code)
  if (chosen.length === 0) throw new Error(`There is no market ${name}; known: ${[...markets.keys()].join(', ')}.`)
  return chosen
}

/** Compiles as the gateway does, with every action and message there is. */
export function compileFor(market: Market, sources: MenuSources): Compilation {
  const contracts = [...actions.values()].map(({ contract }) => contract)
  const keywordContracts = [...keywords.values()].map(({ contract }) => contract)
  return compile(sources, contracts, messageContracts, market, aggregatorNames, keywordContracts, messageSegments)
}
