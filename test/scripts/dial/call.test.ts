import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { answerCall, callbackForm, endForm, parseDialled, placeCall, readReply } from '../../../scripts/dial/call.ts'

const dialled = { sessionId: 'ATUid_1', serviceCode: '*384#', tail: '', phoneNumber: '+254700000001', startedAtMs: 0 }

describe('a dialled string', () => {
  test.each([
    ['*384#', '*384#', ''],
    ['*384*1*0712345678*500#', '*384#', '1*0712345678*500'],
    ['*384*#', '*384#', ''],
  ])('%s is a service code and a tail', (text, serviceCode, tail) => {
    expect(parseDialled(text)).toEqual({ serviceCode, tail })
  })

  test('of a shared code needs to know how much of it is the code', () => {
    expect(parseDialled('*384*77*1#', '*384*77#')).toEqual({ serviceCode: '*384*77#', tail: '1' })
    expect(parseDialled('*385*77*1#', '*384*77#')).toBeNull()
  })

  test.each(['384#', '*384', '', '#', '*#', '*384#1', 'hello'])('%j cannot be dialled', (text) => {
    expect(parseDialled(text)).toBeNull()
  })
})

describe('a callback', () => {
  test('has an empty text when a code is dialled', () => {
    expect(callbackForm(placeCall(dialled)).toString()).toBe(
      'sessionId=ATUid_1&serviceCode=*384%23&phoneNumber=%2B254700000001&networkCode=99999&text=',
    )
  })

  test('carries every answer so far, joined by stars, after the tail that was dialled', () => {
    fc.assert(
      fc.property(fc.string(), fc.array(fc.string()), (tail, answers) => {
        const call = answers.reduce(answerCall, placeCall({ ...dialled, tail }))
        const expected = [...(tail === '' ? [] : [tail]), ...answers].join('*')
        expect(callbackForm(call).get('text')).toBe(expected)
      }),
    )
  })

  test('leaves the call it grew from as it was, so that it can be sent again', () => {
    const call = placeCall(dialled)
    answerCall(call, '1')
    expect(callbackForm(call).get('text')).toBe('')
  })

  test('at the end of a session says how it ended', () => {
    const end = { status: 'Incomplete', atMs: 61_500, hops: 2, lastBody: 'CON Amount' } as const
    expect(Object.fromEntries(endForm(answerCall(placeCall(dialled), '1'), end))).toEqual({
      date: '1970-01-01 00:01:01',
      sessionId: 'ATUid_1',
      serviceCode: '*384#',
      networkCode: '99999',
      phoneNumber: '+254700000001',
      status: 'Incomplete',
      cost: 'KES 0.10',
      durationInMillis: '61500',
      hopsCount: '2',
      input: '1',
      lastAppResponse: 'CON Amount',
    })
  })
})

describe('an answer', () => {
  test('goes on with CON and ends with END', () => {
    expect(readReply(200, 'CON Enter PIN')).toEqual({ kind: 'screen', text: 'Enter PIN', end: false })
    expect(readReply(200, 'END Sent.\nRef QX12')).toEqual({ kind: 'screen', text: 'Sent.\nRef QX12', end: true })
  })

  test.each([
    [200, 'CONgratulations'],
    [200, 'con Enter PIN'],
    [200, ''],
    [201, 'CON Enter PIN'],
    [400, 'sessionId is missing'],
    [404, ''],
    [500, 'CON oops'],
  ])('HTTP %i %j is a fault', (status, body) => {
    expect(readReply(status, body).kind).toBe('fault')
  })
})
