import { graphOf } from '../../../src/menu/checks/graph.ts'
import { hopTimes } from '../../../src/menu/checks/time.ts'
import type { Draft } from '../../../src/menu/compile.ts'
import type { Program, Screen, ScreenId, Target, TextKey } from '../../../src/menu/program.ts'

/** What has changed from one version of the menus to the next; `null` is what there was not, or is no more. */
export type Difference = {
  readonly added: readonly ScreenId[]
  readonly removed: readonly ScreenId[]
  /** By `was:`. */
  readonly moved: readonly { readonly from: ScreenId; readonly to: ScreenId }[]
  /** Keys that people have learnt: of choices, and of navigation, whose screen is `service`. `before`, `after`: where they lead. */
  readonly keys: readonly ({ readonly screen: ScreenId; readonly key: string } & Change<string>)[]
  /** `before`, `after`: the screen that a published shortcut leads to. */
  readonly shortcuts: readonly ({ readonly template: string } & Change<string>)[]
  readonly languages: { readonly added: readonly string[]; readonly removed: readonly string[] }
  /** Of the languages that both have. */
  readonly texts: readonly ({ readonly language: string; readonly key: TextKey } & Change<string>)[]
  /** Septets or UTF-16 units of a screen at its fullest. */
  readonly longer: readonly {
    readonly language: string
    readonly screen: ScreenId
    readonly before: number
    readonly after: number
    readonly limit: number
  }[]
  readonly actions: { readonly added: readonly string[]; readonly removed: readonly string[] }
  /** How long a phone may wait after a screen, in milliseconds. */
  readonly times: readonly { readonly screen: ScreenId; readonly before: number; readonly after: number }[]
}

type Change<Value> = { readonly before: Value | null; readonly after: Value | null }

/** Whether something that people know by heart, or have in print, does something else now. */
export function breaksHabits({ keys, shortcuts }: Difference): boolean {
  return keys.length > 0 || shortcuts.some(({ before }) => before !== null)
}

export function compareMenus(before: Draft, after: Draft): Difference {
  const old = before.program.screens
  const now = after.program.screens
  const moves = new Map(Object.entries(versioned(after.program).moved ?? {}).filter(([from]) => from in old))
  const nameNow = (id: ScreenId): ScreenId => (id in now ? id : (moves.get(id) ?? id))
  const kept = Object.keys(old).filter((id) => nameNow(id) in now)
  const arrived = new Set(kept.map(nameNow))
  return {
    added: Object.keys(now).filter((id) => !arrived.has(id)),
    removed: Object.keys(old).filter((id) => !kept.includes(id)),
    moved: kept.flatMap((from) => (nameNow(from) === from ? [] : [{ from, to: nameNow(from) }])),
    keys: [
      ...navigationKeys(before.program, after.program),
      ...kept.flatMap((id) => keysOf(before, after, id, nameNow)),
    ],
    shortcuts: shortcutsOf(before.program, after.program, nameNow),
    languages: comings(Object.keys(before.words), Object.keys(after.words)),
    texts: textsOf(before, after, kept, arrived, nameNow),
    longer: longerScreens(before, after, nameNow),
    actions: comings(usedActions(before.program), usedActions(after.program)),
    times: timesOf(before.program, after.program, kept, nameNow),
  }
}

/** What programs of some versions have beside the rest. */
type Versioned = {
  readonly moved?: Readonly<Record<ScreenId, ScreenId>>
  readonly shortcuts?: readonly { readonly template: string; readonly screen: ScreenId }[]
}

function versioned(program: Program): Versioned {
  return program as Program & Versioned
}

type NameNow = (id: ScreenId) => ScreenId

function navigationKeys(before: Program, after: Program): Difference['keys'] {
  const old: Keys = new Map(Object.entries(before.keys))
  const now: Keys = new Map(Object.entries(after.keys))
  return [...old].flatMap(([way, key]) =>
    key === null || now.get(way) === key ? [] : [{ screen: 'service', key, before: way, after: wayOf(now, key) }],
  )
}

type Keys = ReadonlyMap<string, string | null>

function wayOf(keys: Keys, key: string): string | null {
  return [...keys].find(([, each]) => each === key)?.[0] ?? null
}

/** A key may lead on by another screen, as long as the screen that is shown is the same. */
function keysOf(before: Draft, after: Draft, id: ScreenId, nameNow: NameNow): Difference['keys'] {
  const [old, now] = [targetsOf(before.program.screens[id]), targetsOf(after.program.screens[nameNow(id)])]
  return [...old].flatMap(([key, targets]) => {
    const known = targets.map((go) => through(after.program, nameNow(go)))
    const throughOld = targets.map((go) => nameNow(through(before.program, go)))
    const found = (now.get(key) ?? []).map((go) => through(after.program, go))
    const same = (wanted: readonly string[]): boolean => [...wanted].sort().join() === [...found].sort().join()
    if (same(known) || same(throughOld)) return []
    return [{ screen: id, key, before: targets.join(' or '), after: now.get(key)?.join(' or ') ?? null }]
  })
}

/** By key; a key can have several where they are offered to different people. */
function targetsOf(screen: Screen | undefined): ReadonlyMap<string, readonly Target[]> {
  const targets = new Map<string, Target[]>()
  if (screen?.kind === 'confirm' && screen.no !== null) targets.set('2', [screen.no])
  if (screen?.kind !== 'menu') return targets
  for (const { key, route } of screen.choices) targets.set(key, [...(targets.get(key) ?? []), route.go])
  return targets
}

/** The first screen of the flow, where the target only uses one. Flows that use each other in a circle stop. */
function through({ screens }: Program, target: Target): Target {
  let [go, left] = [target, 8]
  for (let screen = screens[go]; screen?.kind === 'use' && left > 0; screen = screens[go]) {
    go = screen.start
    left -= 1
  }
  return go
}

function shortcutsOf(before: Program, after: Program, nameNow: NameNow): Difference['shortcuts'] {
  const read = (program: Program): ReadonlyMap<string, ScreenId> =>
    new Map((versioned(program).shortcuts ?? []).map(({ template, screen }) => [template, screen]))
  const [old, now] = [read(before), read(after)]
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((template) => {
    const [was, is] = [old.get(template) ?? null, now.get(template) ?? null]
    return (was === null ? null : nameNow(was)) === is ? [] : [{ template, before: was, after: is }]
  })
}

/** Texts of screens that came or went are not listed; the screens are. */
function textsOf(
  before: Draft,
  after: Draft,
  kept: readonly ScreenId[],
  arrived: ReadonlySet<ScreenId>,
  nameNow: NameNow,
): Difference['texts'] {
  const screenOf = (key: TextKey): ScreenId => key.split('.').slice(0, 2).join('.')
  const isShared = (key: TextKey, screens: ReadonlySet<ScreenId>): boolean =>
    key === 'name' || /^(service|messages)\./.test(key) || screens.has(screenOf(key))
  const keptSet = new Set(kept)
  const keyNow = (key: TextKey): TextKey =>
    keptSet.has(screenOf(key)) ? nameNow(screenOf(key)) + key.slice(screenOf(key).length) : key
  const languages = Object.keys(before.words).filter((code) => code in after.words)
  return languages.flatMap((language) => {
    const old = new Map(
      Object.entries(before.words[language] ?? {}).flatMap(([key, text]) =>
        isShared(key, keptSet) ? [[keyNow(key), text]] : [],
      ),
    )
    const now = new Map(Object.entries(after.words[language] ?? {}).filter(([key]) => isShared(key, arrived)))
    return [...new Set([...old.keys(), ...now.keys()])].flatMap((key) => {
      const [was, is] = [old.get(key) ?? null, now.get(key) ?? null]
      return was === is ? [] : [{ language, key, before: was, after: is }]
    })
  })
}

function comings(before: Iterable<string>, after: Iterable<string>): Difference['languages'] {
  const [old, now] = [[...before], [...after]]
  return { added: now.filter((each) => !old.includes(each)), removed: old.filter((each) => !now.includes(each)) }
}

function longerScreens({ worst }: Draft, after: Draft, nameNow: NameNow): Difference['longer'] {
  const old = new Map(worst.map(({ language, screen, units }) => [`${language} ${nameNow(screen)}`, units]))
  return after.worst.flatMap(({ language, screen, units, limit }) => {
    const before = old.get(`${language} ${screen}`)
    return before === undefined || units <= before ? [] : [{ language, screen, before, after: units, limit }]
  })
}

function usedActions({ screens }: Program): ReadonlySet<string> {
  return new Set(
    Object.values(screens).flatMap((screen) => {
      const call = screen.kind === 'list' ? screen.call : 'action' in screen ? screen : null
      return call === null ? [] : [call.action]
    }),
  )
}

function timesOf(before: Program, after: Program, kept: readonly ScreenId[], nameNow: NameNow): Difference['times'] {
  const [old, now] = [before, after].map((program) => hopTimes(program, graphOf(program)).times)
  return kept.flatMap((id) => {
    const [was, is] = [old?.get(id), now?.get(nameNow(id))]
    return was === undefined || is === undefined || was === is ? [] : [{ screen: nameNow(id), before: was, after: is }]
  })
}
