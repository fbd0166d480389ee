import { Secret } from '../../domain/secret.ts'
import type { Program, Shortcut } from '../../menu/program.ts'
import { shortcutOf } from '../../menu/shortcut.ts'
import type { Opening } from './keyword.ts'

/** No phone shows more of a message's code as one that can be tapped, and the texts have room for so many. */
const MOST_DIALLED = 40

/**
 * The inputs by which a keyword's dialogue begins as near to its end as the menus publish a code for: by the first of the screens that it
 * opens whose shortcut has all its values. None where there is no such shortcut.
 */
export function inputsOf(program: Program, keyword: string, { values, row }: Opening): readonly string[] {
  for (const screen of program.keywords[keyword]?.opens ?? []) {
    const shortcut = program.shortcuts.find((each) => each.screen === screen && hasAll(each, values))
    if (shortcut === undefined) continue
    const inputs = shortcut.tokens.map((token) => (token.kind === 'key' ? token.key : (values[token.name] ?? '')))
    const target = program.screens[screen]
    const isList = target?.kind === 'list' && target.choose !== null && target.call?.action === row?.action
    const chosen = isList && row !== null ? [...inputs, ...row.inputs] : inputs
    // What follows must not make it another, longer code.
    for (const each of [chosen, inputs]) if (meant(program, each) === shortcut) return each
  }
  return []
}

/** What to dial for these: `*384*1*0712345678*500#`; what no phone can dial, such as cents, is left to be asked. */
export function dialString(program: Program, keyword: string, opening: Opening, serviceCode: string): string {
  const values = Object.fromEntries(Object.entries(opening.values).filter(([, value]) => /^\d+$/.test(value)))
  const inputs = inputsOf(program, keyword, { ...opening, values })
  const dialled = `${serviceCode.slice(0, -1)}${inputs.map((input) => `*${input}`).join('')}#`
  return dialled.length > MOST_DIALLED ? serviceCode : dialled
}

function hasAll({ tokens }: Shortcut, values: Opening['values']): boolean {
  return tokens.every((token) => token.kind === 'key' || values[token.name] !== undefined)
}

function meant(program: Program, inputs: readonly string[]): Shortcut | null {
  return shortcutOf(
    program,
    inputs.map((input) => new Secret(input)),
  )
}
