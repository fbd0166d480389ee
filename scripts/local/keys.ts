import { randomBytes } from 'node:crypto'
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Key, type Keys, parseKey } from '../../src/security/keys.ts'

const NAMES = ['PIN_KEY', 'OTP_KEY', 'SESSION_KEY', 'DATA_KEY', 'AUDIT_KEY'] as const

/** The keys that belong to the local stores. */
export const LOCAL_KEYS = '.data/keys.json'

/** By the names of their settings, in base64. */
export type LocalKeys = Readonly<Record<(typeof NAMES)[number], string>>

/** Five random keys. */
export function makeKeys(): LocalKeys {
  return Object.fromEntries(NAMES.map((name) => [name, randomBytes(32).toString('base64')])) as LocalKeys
}

export function keysOf(texts: LocalKeys): Keys {
  const [pin, otp, session, data, audit] = NAMES.map((name): Key => {
    const key = parseKey(texts[name])
    if (key === null) throw new Error(`${name} is not 32 bytes in base64`)
    return key
  }) as [Key, Key, Key, Key, Key]
  return { pin, otp, session, data, audit }
}

/** What a tool runs with: the settings given, and where they name no stores, what belongs to the local ones. */
export async function readToolEnv(env: NodeJS.ProcessEnv): Promise<NodeJS.ProcessEnv> {
  return env.DATABASE_URL ? env : { MARKET: 'KE', ...(await readLocalKeys()), ...env }
}

/** The keys of the demo and the tools on this machine; made once and kept beside the data they open. */
export async function readLocalKeys(path: string = LOCAL_KEYS): Promise<LocalKeys> {
  await mkdir(dirname(path), { recursive: true })
  // Linked into place, so that another process sees the whole file or none.
  const draft = `${path}.${process.pid}-${randomBytes(4).toString('hex')}`
  await writeFile(draft, `${JSON.stringify(makeKeys(), null, 2)}\n`, { mode: 0o600 })
  await link(draft, path).catch((error) => {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  })
  await rm(draft)
  const keys = JSON.parse(await readFile(path, 'utf8')) as Record<string, string>
  const missing = NAMES.filter((name) => typeof keys[name] !== 'string')
  if (missing.length > 0)
    throw new Error(`${path} lacks ${missing.join(', ')}; restore it, or begin anew with npm run demo -- --reset.`)
  return keys as LocalKeys
}
