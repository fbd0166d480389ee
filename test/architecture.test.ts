import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { describe, expect, test } from 'vitest'

/** Inner first. A file imports from its own folder and from folders before it; files beside the folders import all. */
const FOLDERS = [
  'domain',
  'telemetry',
  'database',
  'redis',
  'security',
  'menu',
  'ledger',
  'account-providers',
  'billers',
  'aggregators',
  'subscribers',
  'sms',
  'settlement',
  'actions',
  'conversations',
  'http',
]

/** In these, every partner (a file or a folder) is on its own and imports from the others only the contracts named here. */
const CONTRACTS: Record<string, readonly string[]> = {
  'account-providers': ['account-provider.ts'],
  billers: ['biller.ts'],
  aggregators: ['aggregator.ts', 'sms-link.ts', 'ussd-push.ts'],
}
const REGISTRY = 'registry.ts'

/** A source file by its path below src, with `/`. */
type Source = { readonly path: string; readonly text: string }

describe('the architecture', () => {
  const sources = readSources('src')

  test('has no folder that the ordered list does not name', () => {
    const folders = new Set(sources.map(({ path }) => folderOf(path)).filter((folder) => folder !== ''))
    expect([...folders].filter((folder) => !FOLDERS.includes(folder))).toEqual([])
    expect(folders.size).toBeGreaterThan(FOLDERS.length / 2)
  })

  test('lets no file import from a folder below its own, a root file, or a sibling partner', () => {
    expect(sources.flatMap(wrongImports)).toEqual([])
  })

  test('lets only main.ts read the environment', () => {
    expect(sources.flatMap(wrongEnvironment)).toEqual([])
  })

  test.each<[string, string, string]>([
    ['a lower folder', 'ledger/hold.ts', `import { enqueueSms } from '../sms/outbox.ts'`],
    ['a type of a lower folder', 'domain/money.ts', `import type { Quote } from "../ledger/quote.ts"`],
    ['a lower folder over several lines', 'menu/step.ts', `import {\n  a,\n  b,\n} from '../http/server.ts'`],
    ['a lower folder for its effects', 'menu/step.ts', `import '../http/server.ts'`],
    ['a lower folder when it is needed', 'sms/deliver.ts', `const later = await import('../http/server.ts')`],
    ['a type in place', 'sms/deliver.ts', `let server: import('../http/server.ts').RunningServer`],
    ['and hands on a lower folder', 'sms/deliver.ts', `export { start } from '../http/server.ts'`],
    ['the settings', 'sms/deliver.ts', `import type { Settings } from '../settings.ts'`],
    ['something outside src', 'sms/deliver.ts', `import { x } from '../../scripts/stores.ts'`],
    ['a folder above through one below', 'sms/deliver.ts', `import { x } from '../http/../domain/money.ts'`],
    ['a sibling partner', 'aggregators/smpp/link.ts', `import { parse } from '../africastalking/ussd.ts'`],
    ['a partner that is one file', 'billers/http-biller.ts', `import { pay } from './soap-biller.ts'`],
    ['the registry from a partner', 'billers/http-biller.ts', `import { billers } from './registry.ts'`],
    ['a partner from the contract', 'billers/biller.ts', `import type { X } from './http-biller.ts'`],
  ])('would notice a file that imports %s', (_, path, text) => {
    expect(wrongImports({ path, text })).toHaveLength(1)
  })

  test.each<[string, string, string]>([
    [
      'its own folder and those above',
      'sms/deliver.ts',
      `import './outbox.ts'\nimport { x } from '../domain/money.ts'`,
    ],
    ['packages', 'sms/deliver.ts', `import pg from 'pg'\nimport { x } from 'node:fs'`],
    ['its own partner', 'aggregators/smpp/link.ts', `import { x } from './codec.ts'\nimport '../sms-link.ts'`],
    ['the contract', 'billers/http-biller.ts', `import type { Biller } from './biller.ts'`],
    ['every partner, being the registry', 'billers/registry.ts', `import { x } from './http-biller.ts'`],
    ['everything, being a root file', 'app.ts', `import './http/server.ts'\nimport './settings.ts'`],
  ])('allows a file to import %s', (_, path, text) => {
    expect(wrongImports({ path, text })).toEqual([])
  })

  test.each([
    'process.env.PORT',
    "process['env']",
    'const { env } = process',
    "import { env } from 'node:process'",
    "import process from 'node:process'",
  ])('would notice a file that reads the environment by %s', (text) => {
    expect(wrongEnvironment({ path: 'http/server.ts', text })).toHaveLength(1)
    expect(wrongEnvironment({ path: 'main.ts', text })).toEqual([])
  })
})

function readSources(root: string): Source[] {
  const paths = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'))
  return paths.map((path) => ({ path: path.replaceAll('\\', '/'), text: readFileSync(join(root, path), 'utf8') }))
}

/** Static and dynamic imports, of values and types, and what is exported from elsewhere. */
function wrongImports({ path, text }: Source): string[] {
  const specifiers = [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*(['"])(\.[^'"]*)\1/g)].map(
    (match) => match[2] ?? '',
  )
  return specifiers.flatMap((specifier) => {
    const why = wrongImport(path, posix.join(posix.dirname(path), specifier), specifier)
    return why === null ? [] : [`src/${path} imports ${specifier}: ${why}`]
  })
}

function wrongImport(from: string, to: string, specifier: string): string | null {
  if (to.startsWith('..')) return 'it is outside src'
  if (/[^.]\/\.\.\//.test(specifier)) return 'its path goes down and up again'
  const [own, other] = [folderOf(from), folderOf(to)]
  if (own === '') return null
  if (other === '') return 'nothing may import a file at the root of src'
  if (FOLDERS.indexOf(other) > FOLDERS.indexOf(own)) return `${other} is below ${own}`
  return own === other ? wrongPartner(own, from, to) : null
}

function wrongPartner(folder: string, from: string, to: string): string | null {
  const contracts = CONTRACTS[folder]
  if (contracts === undefined) return null
  const [importer, imported] = [partnerOf(from), partnerOf(to)]
  if (importer === imported || importer === REGISTRY || contracts.includes(imported)) return null
  return `${imported} is a partner of its own`
}

function wrongEnvironment({ path, text }: Source): string[] {
  const reads = /\bprocess\s*(?:\.\s*env\b|\[)|=\s*process\b(?!\s*\.)|from\s+['"](?:node:)?process['"]/
  return path !== 'main.ts' && reads.test(text) ? [`src/${path} reads the environment`] : []
}

/** The first folder of a path below src; empty for a file at the root. */
function folderOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : ''
}

/** The partner's folder or file: the second part of the path. */
function partnerOf(path: string): string {
  return path.split('/')[1] ?? ''
}
