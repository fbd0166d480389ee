import { compile, type Draft, type MenuSources } from '../../../src/menu/compile.ts'
import { loadMenuSources } from '../../../src/menu/load.ts'
import type { Problem } from '../../../src/menu/problem.ts'
import { contracts, kenya, menuFolder, messageContracts } from '../../menu/support.ts'

/** The small menus with `changes`; a change of null takes the file away. */
export async function smallSources(changes: Readonly<Record<string, string | null>> = {}): Promise<MenuSources> {
  const all = Object.entries({ ...(await loadMenuSources(menuFolder('small'))), ...changes })
  return Object.fromEntries(all.flatMap(([file, source]) => (source === null ? [] : [[file, source]])))
}

/** What the compiler makes of these files, refused or not. */
export function drafted(sources: MenuSources): { draft: Draft; problems: readonly Problem[] } {
  const result = compile(sources, contracts, messageContracts, kenya)
  const draft = result.kind === 'refused' ? result.draft : result
  if (draft === null) throw new Error('nothing could be made of these menus')
  return { draft, problems: result.kind === 'refused' ? result.problems : result.warnings }
}

/** The file with `from` replaced, which must stand in it. */
export function edited(sources: MenuSources, file: string, from: string, to: string): MenuSources {
  const source = sources[file] ?? ''
  if (!source.includes(from)) throw new Error(`${file} does not contain ${from}`)
  return { ...sources, [file]: source.replace(from, to) }
}
