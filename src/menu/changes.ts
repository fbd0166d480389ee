import { type Problem, suggest } from './problem.ts'
import type { Program, ScreenId } from './program.ts'

/**
 * What the published menus had and the new ones neither have, nor were given (`was:`), nor gave up (`removed:`). Sessions are not
 * disturbed by that, since each keeps its program; what is counted under a screen's id and what was published as a shortcut is.
 */
export function findRemoved(published: Program, next: Program): readonly Problem[] {
  const before = idsOf(published)
  const now = new Set(idsOf(next))
  const known = new Set(before)
  const added = [...now].filter((id) => !known.has(id))
  const flows = new Set(Object.keys(next.screens).map(flowOf))
  const covered = (id: string): boolean =>
    now.has(id) || Object.hasOwn(next.moved, id) || next.removed.includes(id) || next.removed.includes(flowOf(id))
  return before
    .filter((id) => !covered(id))
    .map((id) => {
      const file = flows.has(flowOf(id)) ? `${flowOf(id)}.yaml` : 'service.yaml'
      const likely = suggest(
        id,
        added.filter((each) => isVariable(each) === isVariable(id)),
      )
      return { file, line: 1, column: 1, code: 'E-MIG', message: sentence(id, likely) }
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
