import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { formatReply, parseUssd, parseUssdEnd } from '../../../src/aggregators/africastalking/ussd.ts'

type Case = { case: string; body: string; request?: Record<string, string>; end?: Record<string, string>; bad?: string }

const casesOf = (name: string): Case[] =>
  parse(readFileSync(new URL(`../../wire/africastalking/${name}.yaml`, import.meta.url), 'utf8'))

describe('a dial or an answer is read as it was meant', () => {
  test.each(casesOf('ussd'))('$case', ({ body, request, bad }) => {
    const callback = parseUssd(new URLSearchParams(body), ['*384#'])
    if (bad !== undefined) return expect(callback).toEqual({ kind: 'bad', problem: bad })
    if (callback.kind !== 'ussd') throw new Error(callback.kind)
    const { text, ...rest } = callback.request
    expect({ ...rest, text: text.reveal() }).toEqual({ aggregator: 'africastalking', ...request })
    expect(JSON.stringify(callback)).not.toContain('500')
  })
})

describe('the end of a session is read as it was meant', () => {
  test.each(casesOf('ussd-end'))('$case', ({ body, end, bad }) => {
    const callback = parseUssdEnd(new URLSearchParams(body))
    if (bad !== undefined) return expect(callback).toEqual({ kind: 'bad', problem: bad })
    expect(callback).toEqual({ kind: 'ussd_end', end: { aggregator: 'africastalking', ...end } })
  })
})

test('an answer longer than any session could type is refused', () => {
  const form = new URLSearchParams({
    sessionId: 's',
    serviceCode: '*384#',
    phoneNumber: '+254700000001',
    text: '1'.repeat(2001),
  })
  expect(parseUssd(form, ['*384#'])).toEqual({ kind: 'bad', problem: 'text is longer than 2000 characters' })
})

test('a screen begins with CON while the session goes on and with END when it is over', () => {
  expect(formatReply({ text: 'Enter PIN', end: false })).toEqual({
    contentType: 'text/plain; charset=utf-8',
    body: 'CON Enter PIN',
  })
  expect(formatReply({ text: 'Sent.', end: true }).body).toBe('END Sent.')
})
