import { randomBytes } from 'node:crypto'
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

const NAMES = ['PIN_KEY', 'OTP_KEY', 'SESSION_KEY', 'DATA_KEY', 'AUDIT_KEY'] as const

/** The keys that belong to the local stores. */
export const LOCAL_KEYS = '.data/keys.json'

/** The keys of the demo and the tools on this machine, by the names of their settings; made once and kept beside the data they open. */
export async function readLocalKeys(path: string = LOCAL_KEYS): Promise<Record<(typeof NAMES)[number], string>> {
  const fresh = Object.fromEntries(NAMES.map((name) => [name, randomBytes(32).toString('base64')]))
  await mkdir(dirname(path), { recursive: true })
  // Linked into place, so that another process sees the whole file or none.
  const draft = `${path}.${process.pid}-${randomBytes(4).toString('hex')}`
  await writeFile(draft, `${JSON.stringify(fresh, null, 2)}\n`, { mode: 0o600 })
  await link(draft, path).catch((error) => {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  })
  await rm(draft)
  const keys = JSON.parse(await readFile(path, 'utf8')) as Record<string, string>
  const missing = NAMES.filter((name) => typeof keys[name] !== 'string')
  if (missing.length > 0)
    throw new Error(`${path} lacks ${missing.join(', ')}; restore it, or begin anew with npm run demo -- --reset.`)
  return keys as Record<(typeof NAMES)[number], string>
}
