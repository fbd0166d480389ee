import type { Json } from './contract.ts'
import type { Assignment, FactName, Source } from './program.ts'
import { type MenuSession, topFrame } from './session.ts'

export type Values = Readonly<Record<string, Json>>

/** Finds values in the current flow's variables, the facts, and the fields of the outcome or row at hand. */
export function lookupIn(session: MenuSession, fields: Values = {}): (source: Source) => Json | undefined {
  const { variables } = topFrame(session)
  return (source) => {
    switch (source.from) {
      case 'variable':
        return variables[source.name]
      case 'field':
        return fields[source.name]
      case 'fact':
        return factOf(session, source.name)
      case 'literal':
        return source.value
    }
  }
}

/** What assignments give: the arguments of an action, a sub-flow or a message, or what a route sets. */
export function argumentsOf(
  session: MenuSession,
  assignments: readonly Assignment[],
  fields: Values = {},
): Record<string, Json> {
  const lookup = lookupIn(session, fields)
  const values: Record<string, Json> = {}
  for (const { to, value } of assignments) values[to] = lookup(value) ?? null
  return values
}

function factOf({ facts, language }: MenuSession, name: FactName): Json {
  switch (name) {
    case 'status':
      return facts.status
    case 'name':
      return facts.name
    case 'first_name':
      return facts.firstName
    case 'number':
      return facts.number
    case 'language':
      return language
  }
}
