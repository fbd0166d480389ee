import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { type Compilation, compile, type MenuSources } from '../../src/menu/compile.ts'
import { loadMenuSources } from '../../src/menu/load.ts'
import { contracts, kenya, keywordContracts, menuFolder, messageContracts } from './support.ts'

/** A file of `wrong/`: menus that have a fault, over the tiny ones, and how each finding reads. */
export type WrongMenu = {
  readonly path: string
  /** The code that its name begins with. */
  readonly code: string
  /** Its first comment, which says what is wrong. */
  readonly title: string
  readonly files: MenuSources
  readonly problems: readonly string[]
  /** The files as they should be; null for one that should not be. The first file of each code has them. */
  readonly cured: Readonly<Record<string, string | null>> | null
}

export const wrongMenus: readonly WrongMenu[] = readdirSync(menuFolder('wrong'))
  .sort()
  .map((file) => {
    const path = join(menuFolder('wrong'), file)
    const source = readFileSync(path, 'utf8')
    const { cured = null, ...rest } = parse(source) as Pick<WrongMenu, 'files' | 'problems'> & Partial<WrongMenu>
    return {
      ...rest,
      path,
      code: /^[EW]-[A-Z0-9]+/.exec(file)?.[0] ?? '',
      title: /^# (.*)/.exec(source)?.[1] ?? '',
      cured,
    }
  })

const tiny = await loadMenuSources(menuFolder('tiny'))

/** These files in the place of those of the tiny menus. */
export function overTiny(...changes: readonly (Readonly<Record<string, string | null>> | null)[]): MenuSources {
  const files: Record<string, string | null> = Object.assign({}, tiny, ...changes)
  const kept = Object.entries(files).flatMap(([name, source]) => (source === null ? [] : [[name, source] as const]))
  return Object.fromEntries(kept)
}

/** Compiles with the actions and messages of these tests, and with their keywords where the menus have some. */
export function compileTest(sources: MenuSources): Compilation {
  const keywords = sources['keywords.yaml'] === undefined ? null : keywordContracts
  return compile(sources, contracts, messageContracts, kenya, ['narrow', 'low'], keywords)
}
