import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { aggregatorNames, makeAggregators } from '../../src/aggregators/registry.ts'
import { Secret } from '../../src/domain/secret.ts'

/** One body as the partner posts it, and what it is read as: the fields of `request`, `end`, `message` or `report`, or one of the others. */
type WireCase = {
  readonly case: string
  readonly body: string
  readonly request?: Fields
  readonly end?: Fields
  readonly message?: Fields
  readonly report?: Fields
  /** Of airtime, with what became of it where it says so; amounts as text. */
  readonly sale?: Fields
  /** Of an opt-out. */
  readonly number?: string
  /** Acknowledged, and no more. */
  readonly ignored?: true
  /** Refused with this sentence. */
  readonly bad?: string
}

type Fields = Readonly<Record<string, unknown>>

const WIRE = new URL('../wire/', import.meta.url)
const aggregators = makeAggregators({ serviceCodes: ['*384#'] })

function casesOf(aggregator: string, callback: string): WireCase[] {
  const file = new URL(`${aggregator}/${callback}.yaml`, WIRE)
  return existsSync(file) ? parse(readFileSync(file, 'utf8')) : []
}

test('every aggregator has its wire files, and every wire file its aggregator', () => {
  expect(readdirSync(WIRE).sort()).toEqual([...aggregatorNames].sort())
})

describe.each([...aggregators.values()])('$name', ({ name, callbacks }) => {
  test('has a wire file for each of its callbacks, and no other', () => {
    const files = Object.keys(callbacks).map((callback) => `${callback}.yaml`)
    expect(readdirSync(new URL(`${name}/`, WIRE)).sort()).toEqual(files.sort())
  })

  describe.each(Object.entries(callbacks))('%s', (callback, read) => {
    const cases = casesOf(name, callback)

    test.each(cases)('$case', (wire) => {
      const seen = read(new URLSearchParams(wire.body))
      expect(revealed(seen)).toEqual(expectedOf(wire, name))
      // What a subscriber typed is a PIN as likely as not.
      for (const secret of secretsIn(seen).filter((text) => text !== '')) {
        expect(JSON.stringify(seen)).not.toContain(JSON.stringify(secret))
      }
    })

    test('has a case that is understood and, unless it takes anything, one that is refused', () => {
      expect(cases.filter(({ bad }) => bad === undefined)).not.toEqual([])
      if (cases.some(({ ignored }) => ignored !== true)) {
        expect(cases.filter(({ bad }) => bad !== undefined)).not.toEqual([])
      }
    })
  })
})

function expectedOf({ case: name, body: _, ...is }: WireCase, aggregator: string): unknown {
  const [key, ...more] = Object.keys(is)
  if (key === undefined || more.length > 0) throw new Error(`"${name}" must say one thing that it is read as`)
  const { request, end, message, report, sale, number, bad } = is
  if (sale !== undefined) {
    const { status, amount, ...rest } = sale
    const meant = { sale: { ...rest, amount: BigInt(String(amount)) } }
    return status === undefined
      ? { kind: 'airtime_validation', ...meant }
      : { kind: 'airtime_status', ...meant, status }
  }
  if (request !== undefined) return { kind: 'ussd', request: { aggregator, ...request } }
  if (end !== undefined) return { kind: 'ussd_end', end: { aggregator, ...end } }
  if (message !== undefined) return { kind: 'sms', message: { link: aggregator, ...message } }
  if (report !== undefined) return { kind: 'delivery', report: { link: aggregator, ...report } }
  if (number !== undefined) return { kind: 'opt_out', link: aggregator, number }
  return bad === undefined ? { kind: 'ignored' } : { kind: 'bad', problem: bad }
}

/** The same with its secrets in clear. */
function revealed(value: unknown): unknown {
  if (value instanceof Secret) return value.reveal()
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, revealed(part)]))
}

function secretsIn(value: unknown): string[] {
  if (value instanceof Secret) return [value.reveal()]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(secretsIn) : []
}
