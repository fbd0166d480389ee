import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Queryable } from '../../src/database/database.ts'
import type { Change, Mutant } from './mutants.ts'
import type { Program } from './processes.ts'

/** How to run the program with the mutant's changes in it, which is a copy where it makes some. Run from the repository's root. */
export async function mutantProgram(mutant: Mutant, directory: string): Promise<{ program: Program; menus: string }> {
  if (mutant.files === undefined) return { program: ['--import', 'tsx', 'src/main.ts'], menus: 'menus' }
  const place = resolve(directory, 'program')
  await rm(place, { recursive: true, force: true })
  for (const folder of ['src', 'menus']) await cp(folder, join(place, folder), { recursive: true })
  for (const [path, text] of await changedFiles(mutant)) await writeFile(join(place, path), text)
  return { program: ['--import', 'tsx', join(place, 'src/main.ts')], menus: join(place, 'menus') }
}

/** The files that a mutant changes, by path, as they are then. */
export async function changedFiles({ name, files = [] }: Mutant): Promise<Map<string, string>> {
  const texts = new Map<string, string>()
  for (const change of files) {
    const text = texts.get(change.path) ?? (await readFile(change.path, 'utf8'))
    texts.set(change.path, changed(text, change, `${name}: ${change.path}`))
  }
  return texts
}

/** Makes the mutant's changes in a database of the run's own, as the owner of its tables. */
export async function plantInDatabase({ name, functions = [], sql = [] }: Mutant, owner: Queryable): Promise<void> {
  for (const change of functions) {
    const { rows } = await owner.query<{ text: string }>(
      `SELECT pg_get_functiondef(p.oid) AS text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname = 'public' AND p.proname = $1`,
      [change.name],
    )
    if (rows.length !== 1)
      throw new Error(
        `${name}: there are ${rows.length} functions ${change.name}; bring scripts/chaos/mutants.ts up to date.`,
      )
    await owner.query(changed(rows[0]?.text ?? '', change, `${name}: ${change.name}`))
  }
  for (const statement of sql) await owner.query(statement)
}

/** A mutant that changes nothing, or more than it means to, would prove nothing. */
export function changed(text: string, { find, replace }: Change, where: string): string {
  const times = text.split(find).length - 1
  if (times !== 1)
    throw new Error(
      `${where}: what is to be replaced stands there ${times} times, not once; bring scripts/chaos/mutants.ts up to date: ${find.trim()}`,
    )
  return text.replace(find, () => replace)
}
