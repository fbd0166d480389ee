import { cp, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Edits by file: each text that is replaced, everywhere in it, and by what. */
export type MenuEdits = Readonly<Record<string, Readonly<Record<string, string>>>>

/** A copy of the menus that ship with these edits, in a folder that the caller removes. Throws where a text is not there. */
export async function menusWith(edits: MenuEdits): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'nyota-menus-'))
  await cp('menus', folder, { recursive: true })
  await editMenus(folder, edits)
  return folder
}

export async function editMenus(folder: string, edits: MenuEdits): Promise<void> {
  for (const [file, changes] of Object.entries(edits)) {
    let text = await readFile(join(folder, file), 'utf8')
    for (const [from, to] of Object.entries(changes)) {
      if (!text.includes(from)) throw new Error(`${file} does not hold ${JSON.stringify(from)}`)
      text = text.replaceAll(from, to)
    }
    await writeFile(join(folder, file), text)
  }
}
