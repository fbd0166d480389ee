import { readInput } from '../answer.ts'
import type { ListScreen, Program } from '../program.ts'
import type { Check, Checked } from './all.ts'
import { flowOf } from './graph.ts'

/** What a person types always means one thing: no two choices, rows, values and ways out share a key. */
export const checkKeys: Check = (report, checked, _graph) => {
  const { program, symbols, service } = checked
  const { back, home, more, previous } = program.keys
  const ways = [back, home, more, ...(previous === null ? [] : [previous])]
  if (new Set(ways).size < ways.length || !ways.every((key) => /^(\d{1,2}|[*#])$/.test(key))) {
    report('E-KEY', service.at, 'the keys of navigation must differ and have one or two digits, or be * or #.')
  }
  for (const [id, screen] of Object.entries(program.screens)) {
    const at = symbols.spots.get(id) ?? service.at
    if (screen.kind === 'menu') {
      const keys = screen.choices.map(({ key }) => key)
      for (const key of new Set(keys)) {
        const spot = symbols.spots.get(`${id}.choice.${key}`) ?? at
        if (!/^\d{1,2}$/.test(key))
          report('E-KEY', spot, `the key ${key} is not one or two digits, which is all that people type.`)
        if (ways.includes(key))
          report(
            'E-KEY',
            spot,
            `the key ${key} is one of navigation, so this choice could never be made. Take another.`,
          )
        if (keys.filter((each) => each === key).length > 1)
          report('E-KEY', spot, `two choices have the key ${key}, so one could never be made.`)
      }
    }
    if (screen.kind === 'input' && screen.type.type !== 'text') {
      const { type } = screen
      const taken = [back, home].filter((key) => readInput(type, key, program.market) !== null)
      if (taken.length > 0)
        report('E-KEY', at, `${taken.join(' and ')} would be a value and a way out; raise the input's min.`)
    }
    if (screen.kind === 'list' && screen.choose !== null) {
      const rows = maxRows(checked, id, screen)
      const taken = ways.filter((key) => /^[1-9]\d?$/.test(key) && Number(key) <= rows)
      if (rows > 99) report('E-KEY', at, `the list may have ${rows} rows, but people type at most two digits: 99.`)
      else if (taken.length > 0)
        report('E-KEY', at, `the list may have ${rows} rows, so ${taken.join(' and ')} would be a row and a way out.`)
    }
  }
}

/** The most rows that a list can have. */
export function maxRows({ program, symbols }: Checked, id: string, screen: ListScreen): number {
  const type =
    screen.call === null ? symbols.flows.get(flowOf(id))?.variables[screen.rows] : fieldOf(program, screen.call)
  return type?.type === 'rows' ? type.max : 0
}

function fieldOf(program: Program, { action, outcome, field }: { action: string; outcome: string; field: string }) {
  return program.actions[action]?.outcomes[outcome]?.[field]
}
