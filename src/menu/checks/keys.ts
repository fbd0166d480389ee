import { plainWords } from '../../domain/words.ts'
import { readInput } from '../answer.ts'
import { pickKey } from '../layout.ts'
import type { Report } from '../problem.ts'
import type { InputType, ListScreen, Program, TextKey } from '../program.ts'
import { textOf } from '../text.ts'
import type { Check, Checked } from './all.ts'
import { flowOf } from './graph.ts'

/** What a person types always means one thing: no two choices, rows, values and ways out share a key. */
export const checkKeys: Check = (report, checked, _graph) => {
  const { program, symbols, service } = checked
  const { back, home, more, previous, exit } = program.keys
  const everywhere = [back, home, ...(exit === null ? [] : [exit])]
  const ways = [...everywhere, more, ...(previous === null ? [] : [previous])]
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
      const taken = everywhere.filter((key) => isValue(type, key, program))
      if (taken.length > 0)
        report('E-KEY', at, `${taken.join(' and ')} would be a value and a way out; ${cureFor(type)}.`)
      if (type.type === 'pick') checkWords(report, checked, id, type.of)
    }
    if (screen.kind === 'confirm' && screen.asks === 'yes') {
      const taken = everywhere.filter((key) => key === '1' || (key === '2' && screen.no !== null))
      if (taken.length > 0)
        report(
          'E-KEY',
          at,
          `${taken.join(' and ')} would be an answer to this confirm and a way out. Take another key in navigation.`,
        )
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

/** Whether the key would be read as a value. When it is typed does not matter: no key is a date. */
function isValue(type: InputType, key: string, program: Program): boolean {
  if (type.type === 'pick') return /^[1-9]\d?$/.test(key) && Number(key) <= type.of.length
  return readInput(type, key, program.market, 0) !== null
}

function cureFor({ type }: InputType): string {
  return type === 'pick' ? 'offer fewer options, or take another key in navigation' : "raise the input's min"
}

/** Each option can be told by its words, in each language, and no words are the number of another. */
function checkWords(report: Report, { program, service, spots }: Checked, id: string, of: readonly string[]): void {
  for (const { code } of program.languages) {
    const known = new Map<string, string>()
    for (const option of of) {
      const key = pickKey(id, option)
      const at = spots.get(code)?.get(key) ?? service.at
      const words = literalOf(program, code, key)
      const other = known.get(words)
      if (other !== undefined)
        report('E-KEY', at, `${option} and ${other} have the same words, so what is typed could mean both. Change one.`)
      else if (!/\p{L}/u.test(words))
        report('E-KEY', at, `the words of ${option} have no letter, so nobody could type them as words. Write it out.`)
      known.set(words, option)
    }
  }
}

/** Values in the words count as a letter, since what they will be is not known. */
function literalOf(program: Program, language: string, key: TextKey): string {
  const { parts } = textOf(program, language, key)
  return plainWords(parts.map((part) => (typeof part === 'string' ? part : `{${part.value.name}}`)).join(''))
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
