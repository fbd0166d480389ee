import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sameSecret } from '../../src/security/same-secret.ts'

test('two secrets are the same when every byte is, whatever their lengths', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (one, other) => {
      expect(sameSecret(one, other)).toBe(Buffer.from(one).equals(Buffer.from(other)))
      expect(sameSecret(one, Buffer.from(one))).toBe(true)
      expect(sameSecret(one, `${one}x`)).toBe(false)
    }),
  )
})

/**
 * Comparisons that are no race against somebody who guesses: nobody sends the value (a word of a callback that we have hashed under a key
 * of our own, an operator's settings at start), or it is read where its owner reads it.
 */
const HARMLESS: readonly RegExp[] = [
  // Settings, compared once at start.
  /^settings(-[a-z-]+)?\.ts: .*/,
]

/** A name that stands for a secret, beside a comparison that ends at the first difference. */
const SECRET = String.raw`\b[\w.]*(?:secret|signature|password|apiKey|callbackKey|token|hmac)\w*(?:\.reveal\(\))?|[\w.)\]]+\.reveal\(\)`
const NOTHING = String.raw`(?!\s*(?:null|undefined|''|'\*'|0|-1|false|true)(?![\w.]))`
const PATTERNS = [
  new RegExp(String.raw`(?:${SECRET})\s*[!=]==${NOTHING}`, 'i'),
  new RegExp(String.raw`[!=]==\s*(?:${SECRET})`, 'i'),
  new RegExp(String.raw`(?:${SECRET})\.equals\(`, 'i'),
]
const SHAPES = /\b(?:kind|typeof|tokens?\[|token\.kind|reader\.tokens|\.length)/

describe('nothing secret is compared but by sameSecret', () => {
  test('in any source', () => {
    const paths = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'))
    expect(paths.length).toBeGreaterThan(100)
    expect(paths.flatMap((path) => quickComparisons(path, readFileSync(join('src', path), 'utf8')))).toEqual([])
  })

  test.each([
    'if (given === key.reveal()) return true',
    'return apiKey !== expected',
    "if (request.headers['x'] === settings.callbackKey) return",
    'return signature === expected',
    'if (password.reveal() === stored) return',
    'return hmacOf(body).equals(given) || signature.equals(given)',
    'return one.token !== two',
  ])('would notice %s', (line) => {
    expect(quickComparisons('x.ts', line)).toHaveLength(1)
  })

  test.each([
    'if (key === null) return',
    'if (token === undefined) x()',
    "callbackKey !== ''",
    'sameSecret(token, other)',
  ])('lets %s be', (line) => {
    expect(quickComparisons('x.ts', line)).toEqual([])
  })
})

function quickComparisons(path: string, text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const found = `${path}: ${line.trim()}`
    if (SHAPES.test(line) || HARMLESS.some((each) => each.test(found))) return []
    return PATTERNS.some((pattern) => pattern.test(line)) ? [found] : []
  })
}
