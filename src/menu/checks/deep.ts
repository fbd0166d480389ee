import type { Report } from '../problem.ts'
import type { Screen, ScreenId } from '../program.ts'
import type { Check, Checked, WorstScreen } from './all.ts'
import { type Graph, isVisible } from './graph.ts'

/** Networks end a session after 180 seconds at most, and people take about 20 for an answer. */
const MAX_ANSWERS = 8

/** What people still take in at a glance, in the 160 characters there are. */
const MAX_CHOICES = 7

/** The shortest time that a network known to us waits for an answer. */
const IDLE_S = 30
/** A slow reader: 120 words a minute, of six characters with the space. */
const READ_PER_S = 12
const DIGITS_PER_S = 2
/** Letters take several presses of a key. */
const LETTERS_PER_S = 1

/** Nobody has to answer more screens than a session lasts for, nor choose among more than they can survey. */
export const checkDeep: Check = (report, { program, symbols }, graph) => {
  for (const [id, answers] of answersTo(graph)) {
    const [screen, at] = [program.screens[id], symbols.spots.get(id)]
    if (screen === undefined || at === undefined) continue
    if (answers === MAX_ANSWERS && isVisible(screen))
      report(
        'W-DEEP',
        at,
        `${id} is the ${MAX_ANSWERS + 1}th screen in a row that people answer, so many sessions will have run out before. Ask for less on the way to it.`,
      )
    if (screen.kind === 'menu' && screen.choices.length > MAX_CHOICES)
      report(
        'W-DEEP',
        at,
        `${id} offers ${screen.choices.length} choices, so people will not find theirs. Put some of them on a further menu, to leave ${MAX_CHOICES} or fewer.`,
      )
  }
}

/** The fewest answers after which each screen is come to. */
function answersTo(graph: Graph): ReadonlyMap<ScreenId, number> {
  const fewest = new Map<ScreenId, number>()
  const seen = new Set<string>()
  let open = [graph.start]
  for (let answers = 0; open.length > 0; answers += 1) {
    const later: string[] = []
    for (let key = open.pop(); key !== undefined; key = open.pop()) {
      const node = graph.nodes.get(key)
      if (node === undefined || seen.has(key)) continue
      seen.add(key)
      if (!fewest.has(node.id)) fewest.set(node.id, answers)
      for (const { way, to } of node.edges) (way.asked ? later : open).push(to)
    }
    open = later
  }
  return fewest
}

/** A screen can be read and answered before the network gives up waiting. */
export function checkIdle(report: Report, { program, symbols }: Checked, worst: readonly WorstScreen[]): void {
  const slowest = new Map<ScreenId, WorstScreen>()
  for (const each of worst) {
    const known = slowest.get(each.screen)
    if (known === undefined || each.text.length > known.text.length) slowest.set(each.screen, each)
  }
  for (const [id, { language, text }] of slowest) {
    const [screen, at] = [program.screens[id], symbols.spots.get(id)]
    if (screen === undefined || at === undefined || !isVisible(screen)) continue
    const [reading, typing] = [Math.ceil(text.length / READ_PER_S), Math.ceil(typingSeconds(screen))]
    if (reading + typing > IDLE_S)
      report(
        'W-DEEP',
        at,
        `${id} can take ${reading} s to read (in ${language}) and ${typing} s to answer, so a network that waits ${IDLE_S} s hangs up. Say less, or take a shorter answer.`,
      )
  }
}

/** For the longest answer; the subscriber's own numbers and names. */
function typingSeconds(screen: Screen): number {
  if (screen.kind !== 'input') return 1
  const { type } = screen
  switch (type.type) {
    case 'text':
      return type.max / LETTERS_PER_S
    case 'digits':
      return type.max / DIGITS_PER_S
    case 'msisdn':
    case 'money':
    case 'date':
      return 12 / DIGITS_PER_S
    case 'pick':
      return 1
  }
}
