import { variablesOf } from '../build/shortcuts.ts'
import { suggest } from '../problem.ts'
import type { Check } from './all.ts'

/** What a keyword opens is a screen with a published code, and the keyword has every value that the code wants. */
export const checkKeywords: Check = (report, { program, keywords, service }) => {
  for (const { contract, screens } of keywords) {
    for (const { at, id } of screens) {
      if (program.screens[id] === undefined) {
        report('E-REF', at, `there is no screen ${id}. ${suggest(id, Object.keys(program.screens))}`)
        continue
      }
      const published = service.shortcuts.filter(({ screen }) => screen === id)
      const given = contract.opens ?? []
      const lacking = published.map(({ tokens }) => variablesOf(tokens).filter((name) => !given.includes(name)))
      if (published.length === 0)
        report(
          'W-CUT',
          at,
          `no shortcut leads to ${id}, so who writes ${contract.name} would be given the bare code. Publish one, or take it out.`,
        )
      else if (lacking.every((names) => names.length > 0))
        report(
          'E-CUT',
          at,
          `${published[0]?.template} wants ${lacking[0]?.map((name) => `{${name}}`).join(' and ')}, which ${contract.name} has no value for. It has ${given.length === 0 ? 'none' : given.map((name) => `{${name}}`).join(', ')}.`,
        )
    }
  }
}
