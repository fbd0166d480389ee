import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Engine, engineIn } from '../engine.ts'
import { acceptedMenus } from '../generated/programs.ts'
import { slips } from '../generated/slips.ts'
import { type Law, laws } from '../laws.ts'
import { type Fault, faults } from './faults.ts'

/** What the engine and compiler consist of; `domain` is what they import. */
const SOURCES = ['menu', 'domain', 'conversations/arrival.ts']
const SRC = fileURLToPath(new URL('../../../src', import.meta.url))
/** In the repository, so that the copies find its packages. */
const DATA = fileURLToPath(new URL('../../../.data', import.meta.url))

let folder: string
beforeAll(() => {
  mkdirSync(DATA, { recursive: true })
  folder = mkdtempSync(join(DATA, 'faults-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The same menus and dialogues each time, so that a fault that was caught once is caught always. */
const options = { seed: 1, endOnFailure: true }

describe('without a fault, in a copy of the sources', () => {
  let copy: Engine
  beforeAll(async () => {
    copy = await copied('none', null)
  })

  test.each([...new Set(faults.map(({ law }) => law))])('%s', (law) => {
    lawNamed(law)(copy, acceptedMenus(copy), { ...options, numRuns: 40 })
  })
})

describe('a fault is caught', () => {
  test.each(faults.map((fault, index) => ({ ...fault, index })))('$name: $law', { timeout: 60_000 }, async (fault) => {
    const engine = await copied(String(fault.index), fault)
    const slip =
      fault.slip === undefined ? null : (slips.find(({ name }) => name === fault.slip) ?? missing(fault.slip))
    expect(() => lawNamed(fault.law)(engine, acceptedMenus(engine, slip), { ...options, numRuns: 400 })).toThrow(
      /^Property failed/,
    )
  })
})

test('every law has a fault that breaks it', () => {
  const broken = new Set(faults.map(({ law }) => law))
  expect(Object.keys(laws).filter((law) => !broken.has(law))).toEqual([])
})

/** The engine of a copy of the sources, with the fault in it. */
async function copied(name: string, fault: Fault | null): Promise<Engine> {
  const copy = join(folder, name)
  for (const source of SOURCES) cpSync(join(SRC, source), join(copy, source), { recursive: true })
  if (fault !== null) {
    const path = join(copy, fault.file)
    const parts = readFileSync(path, 'utf8').split(fault.text)
    expect(parts, `what the fault replaces stands in ${fault.file} other than once`).toHaveLength(2)
    writeFileSync(path, parts.join(fault.instead))
  }
  return engineIn(copy)
}

function lawNamed(name: string): Law {
  return laws[name] ?? missing(name)
}

function missing(name: string): never {
  throw new Error(`there is no law or mistake "${name}"`)
}
