import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { MenuSources } from './compile.ts'

/** Reads the YAML files of a menu folder and of its `languages`. */
export async function loadMenuSources(folder: string): Promise<MenuSources> {
  const sources: Record<string, string> = {}
  for (const within of ['', 'languages']) {
    const files = await readdir(join(folder, within)).catch((error: NodeJS.ErrnoException) => {
      if (within !== '' && error.code === 'ENOENT') return []
      throw error
    })
    for (const file of files.filter((name) => name.endsWith('.yaml')).sort()) {
      sources[within === '' ? file : `${within}/${file}`] = await readFile(join(folder, within, file), 'utf8')
    }
  }
  return sources
}
