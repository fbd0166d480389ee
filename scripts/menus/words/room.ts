import { aboveOf } from '../../../src/menu/checks/above.ts'
import { graphOf, waysOf } from '../../../src/menu/checks/graph.ts'
import type { Draft } from '../../../src/menu/compile.ts'
import { baseLanguageOf, type Program, type ScreenId, type TextKey } from '../../../src/menu/program.ts'

/** On which screens each text may stand. */
export function screensOf(program: Program): ReadonlyMap<TextKey, ReadonlySet<ScreenId>> {
  const above = aboveOf(program, graphOf(program))
  const shown = new Map<TextKey, Set<ScreenId>>()
  const add = (key: TextKey, id: ScreenId): void => {
    shown.set(key, (shown.get(key) ?? new Set()).add(id))
  }
  for (const [id, screen] of Object.entries(program.screens)) {
    for (const key of Object.keys(program.texts[baseLanguageOf(program)] ?? {})) {
      if (isOwn(key, id)) add(key, id)
      if (key.startsWith('service.navigation.') && hasFooter(screen.kind)) add(key, id)
    }
    for (const key of above.get(id) ?? []) if (key !== null) add(key, id)
    if (hasFooter(screen.kind)) for (const key of ['service.invalid.text', 'service.invalid.end']) add(key, id)
    for (const { go, say } of waysOf(program, screen)) if (go === 'end' && say !== null) add(say, id)
  }
  return shown
}

/**
 * How many units a text can grow by, at least, before one of its screens is too long in that language; absent for messages and where nothing
 * could be measured. Texts that stand on one screen share its room.
 */
export function roomOf({ program, worst }: Draft, language: string): ReadonlyMap<TextKey, number> {
  const left = new Map(
    worst.filter((each) => each.language === language).map(({ screen, units, limit }) => [screen, limit - units]),
  )
  return new Map(
    [...screensOf(program)].flatMap(([key, screens]) => {
      const rooms = [...screens].flatMap((id) => left.get(id) ?? [])
      return rooms.length === 0 ? [] : [[key, Math.min(...rooms)] as const]
    }),
  )
}

/** Words of outcomes and choices stand above the screens that they lead to, not on their own. */
function isOwn(key: TextKey, id: ScreenId): boolean {
  return key.startsWith(`${id}.`) && !key.startsWith(`${id}.say.`)
}

function hasFooter(kind: string): boolean {
  return kind === 'menu' || kind === 'input' || kind === 'list' || kind === 'confirm'
}
