import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'

const threatSchema = z.strictObject({
  id: z.string().regex(/^T([1-9]|1\d|2[0-8])$/),
  threat: z.string().min(1),
  control: z.string().min(1),
  where: z.array(z.string()).min(1),
  tests: z.array(z.strictObject({ file: z.string(), name: z.string() })).min(1),
})
type Threat = z.infer<typeof threatSchema>

const threats: readonly Threat[] = z
  .array(threatSchema)
  .parse(parse(readFileSync('docs/security/threats.yaml', 'utf8')))

describe('docs/security/threats.yaml', () => {
  test('has each threat once, in order', () => {
    const numbers = threats.map(({ id }) => Number(id.slice(1)))
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b))
  })

  test.each(threats)('$id names sources and tests that exist', ({ where, tests }) => {
    expect([...where.filter((path) => !existsSync(path)), ...tests.flatMap(missing)]).toEqual([])
  })

  test('would notice a test that is gone, renamed or skipped', () => {
    const file = 'test/security/threats.test.ts'
    const named = (name: string, inFile = file) => missing({ file: inFile, name })
    expect(named('has each threat once, in order')).toEqual([])
    expect(named('has each threat twice')).toHaveLength(1)
    expect(named('x', 'test/security/none.test.ts')).toHaveLength(1)
    expect(namesIn("test.skip('a', () => {})\ntest('b', () => {})\n  describe('c', () => {")).toEqual(['b', 'c'])
  })
})

function missing({ file, name }: Threat['tests'][number]): string[] {
  if (!existsSync(file)) return [`there is no ${file}`]
  return namesIn(readFileSync(file, 'utf8')).includes(name) ? [] : [`${file} has no test: ${name}`]
}

/** Names of tests and of groups that run: a skipped one shows nothing. */
function namesIn(text: string): string[] {
  const calls = text.matchAll(
    /^\s*(?:test|describe)(?:\.each(?:<[^>]*>)?\([\s\S]*?\])?\)?\(\s*(['"])((?:(?!\1).)*)\1/gm,
  )
  return [...calls].map((call) => call[2] ?? '')
}
