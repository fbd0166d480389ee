import { type Problem, suggest } from './problem.ts'
import type { Program, ScreenId, Shortcut } from './program.ts'

/**
 * What the published menus had and the new ones neither have, nor were given (`was:`), nor gave up (`removed:`), and shortcuts that lead
 * elsewhere or nowhere. Sessions are not disturbed by that, since each keeps its program; what is counted under a screen's id and what
 * people dial from posters is.
 */
export function findRemoved(published: Program, next: Program): readonly Problem[] {
  const before = idsOf(published)
  const now = new Set(idsOf(next))
  const known = new Set(before)
  const added = [...now].filter((id) => !known.has(id))
  const flows = new Set(Object.keys(next.screens).map(flowOf))
  const covered = (id: string): boolean =>
    now.has(id) || Object.hasOwn(next.moved, id) || next.removed.includes(id) || next.removed.includes(flowOf(id))
  const gone = before
    .filter((id) => !covered(id))
    .map((id) => {
      const file = flows.has(flowOf(id)) ? `${flowOf(id)}.yaml` : 'service.yaml'
      const likely = suggest(
        id,
        added.filter((each) => isVariable(each) === isVariable(id)),
      )
      return { file, line: 1, column: 1, code: 'E-MIG' as const, message: sentence(id, likely) }
    })
  return [...gone, ...changedShortcuts(published, next)]
}

/** What a dialled code does is told by where it leads, not by what its values are called. */
function changedShortcuts(published: Program, next: Program): readonly Problem[] {
  const shapeOf = ({ tokens }: Shortcut): string =>
    tokens.map((token) => (token.kind === 'key' ? token.key : '{}')).join('*')
  const now = new Map(next.shortcuts.map((shortcut) => [shapeOf(shortcut), shortcut.screen]))
  return published.shortcuts.flatMap((shortcut) => {
    const { template, screen } = shortcut
    const leads = now.get(shapeOf(shortcut))
    const wanted = screenNow(next, screen)
    // Of a screen that is gone it was said already, or it was given up with all that led to it.
    if (leads === wanted || !Object.hasOwn(next.screens, wanted)) return []
    const change = leads === undefined ? 'these have it not, so it would lead nowhere' : `these lead it to ${leads}`
    const message = `the published menus lead the shortcut ${template} to ${screen}, ${change}; whoever has it in print or by heart would come out elsewhere. Give it back that screen, or publish all the same by --force.`
    return [{ file: 'service.yaml', line: 1, column: 1, code: 'E-MIG' as const, message }]
  })
}

function sentence(id: string, likely: string): string {
  const hint = likely.startsWith('Did you mean') ? ` ${likely.replace('Did you mean', 'Has it become')}` : ''
  const [what, bound] = isVariable(id)
    ? (['variable', 'shortcuts that fill it would break'] as const)
    : (['screen', 'its counts would break off and shortcuts to it would lead nowhere'] as const)
  return `the published menus have the ${what} ${id}, these have not, so ${bound}. Write was: ${id} at what it has become, or list it under removed in service.yaml.${hint}`
}

/** A screen's id as the program calls it, for what an earlier one counted or named. */
export function screenNow(program: Program, id: ScreenId): ScreenId {
  return (Object.hasOwn(program.moved, id) ? program.moved[id] : undefined) ?? id
}

function idsOf(program: Program): string[] {
  return [...Object.keys(program.screens), ...program.variables]
}

function flowOf(id: string): string {
  return id.slice(0, id.indexOf('.'))
}

function isVariable(id: string): boolean {
  return id.includes('.$')
}
