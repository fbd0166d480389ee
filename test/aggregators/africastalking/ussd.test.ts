import { expect, test } from 'vitest'
import { formatReply, parseUssd } from '../../../src/aggregators/africastalking/ussd.ts'

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
