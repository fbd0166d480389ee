import { exitsOf } from '../../../src/menu/checks/exits.ts'
import type { Graph } from '../../../src/menu/checks/graph.ts'
import type { Draft } from '../../../src/menu/compile.ts'
import type { Json } from '../../../src/menu/contract.ts'
import { blocksOf, footerOf, rowMark } from '../../../src/menu/layout.ts'
import type { Program, ScreenId, Slot, Template, TextKey } from '../../../src/menu/program.ts'
import { fill, stack, unitsOf } from '../../../src/menu/text.ts'

/** What a handset shows. `units`: septets or UTF-16 units. */
export type Picture = {
  readonly text: string
  readonly units: number
  readonly limit: number
  readonly encoding: 'gsm7' | 'ucs2'
}

/** A screen in one language: with example values, and at its fullest where that could be measured. */
export type Pictures = { readonly example: Picture | null; readonly longest: Picture | null }

/** By language, then by screen; a screen without words has no example. */
export function picturesOf(
  { program, worst }: Draft,
  graph: Graph,
): Readonly<Record<string, Readonly<Record<ScreenId, Pictures>>>> {
  const exits = exitsOf(graph)
  return Object.fromEntries(
    program.languages.map(({ code }) => {
      const fullest = new Map(worst.filter(({ language }) => language === code).map((each) => [each.screen, each]))
      const pictures = Object.keys(program.screens).map((id): [ScreenId, Pictures] => {
        const found = fullest.get(id)
        const longest = found && { text: found.text, units: found.units, limit: found.limit, encoding: found.encoding }
        return [id, { example: exampleOf(program, code, id, exits.get(id)), longest: longest ?? null }]
      })
      return [code, Object.fromEntries(pictures)]
    }),
  )
}

/** A Monday afternoon in the market's own capital. */
const AT_MS = Date.UTC(2026, 10, 23, 11, 5)

function exampleOf(
  program: Program,
  language: string,
  id: ScreenId,
  exits: { readonly back: boolean; readonly home: boolean } = { back: false, home: false },
): Picture | null {
  const screen = program.screens[id]
  if (screen === undefined || screen.kind === 'call' || screen.kind === 'route' || screen.kind === 'use') return null
  const blocks = blocksOf(id, screen, screen.kind === 'menu' ? screen.choices : [])
  const rows = screen.kind === 'list' ? [0, 1, 2].map((index) => rowMark(screen.choose !== null, index)) : []
  const lines = [...blocks, ...rows.map((mark) => ({ mark, key: `${id}.row` }))]
  const footer = screen.kind === 'end' ? [] : footerOf(program.keys, { more: false, previous: false, ...exits })
  // A text that could not be read has no template.
  const template = (key: TextKey): Template => program.texts[language]?.[key] ?? { gsm7: true, parts: ['…'] }
  const gsm7 = [...lines.map(({ key }) => key), ...footer].every((key) => template(key).gsm7)
  const print = (key: TextKey): string => {
    const found = template(key)
    const slots = found.parts.filter((part) => typeof part !== 'string')
    const lookup = (value: Slot['value']): Json | undefined => {
      const slot = slots.find((each) => each.value === value)
      return slot && example(slot, program)
    }
    return fill(found, lookup, { gsm7, market: program.market, atMs: AT_MS })
  }
  const text = stack([...lines.map(({ mark, key }) => mark + print(key)), footer.map(print).join(' ')])
  const encoding = gsm7 ? 'gsm7' : 'ucs2'
  return { text, units: unitsOf(text, gsm7), limit: program.limits[encoding], encoding }
}

/** A value of the kind that is shown so. */
function example({ as, width, value }: Slot, { market }: Program): Json {
  const { countryCode, mobilePrefixes, nationalLength } = market.numbering
  switch (as) {
    case 'text':
    case 'last':
      return value.name.includes('name') ? 'Amina Otieno' : width <= 2 ? '+' : 'QX7K2M9P4D'
    case 'digits':
      return '1234567890123456'
    case 'number':
      return 2
    case 'money':
    case 'words':
      return '125000'
    case 'msisdn':
    case 'mask': {
      const prefix = mobilePrefixes[0] ?? ''
      return `+${countryCode}${prefix}${'12345678901'.slice(0, nationalLength - prefix.length)}`
    }
    case 'moment':
    case 'time':
      return AT_MS
    case 'date':
      return '2026-12-31'
  }
}
