import { expect, test } from 'vitest'
import { Secret } from '../../src/domain/secret.ts'
import { REPLAY_WINDOW_S, signRequest, verifyRequest } from '../../src/security/partner-signature.ts'

const key = new Secret('a-signature-key')
const body = Buffer.from('text=1')
const nowMs = 1_800_000_000_000
const request = (timestamp = '1800000000') => {
  const unsigned = { timestamp, about: 'ussd', body }
  return { ...unsigned, signature: signRequest(key, unsigned) }
}

test('a signature is one that partners can make with openssl', () => {
  // printf '1800000000.ussd.text=1' | openssl dgst -sha256 -hmac a-signature-key
  expect(request().signature).toBe('v1=a1dbf3e43912f45330824fe5cbb1bd11a40ee7219466e58c225f1f0899b8b6b2')
})

test('while nobody can tell whether a request was seen before, it is not believed', async () => {
  const markSeen = () => Promise.reject(new Error('Redis is away'))
  expect(await verifyRequest({ key, partner: 'p', nowMs, markSeen }, request())).toBe('unsure')
})

test('a request is remembered for as long as its timestamp could be fresh', async () => {
  const asked: number[] = []
  const markSeen = async (_: string, seconds: number) => asked.push(seconds) > 0
  for (const timestamp of ['1799999700', '1800000300'])
    expect(await verifyRequest({ key, partner: 'p', nowMs, markSeen }, request(timestamp))).toBe('sound')
  expect(asked).toEqual([REPLAY_WINDOW_S, REPLAY_WINDOW_S])
  expect(REPLAY_WINDOW_S).toBeGreaterThanOrEqual(600)
})

test('what was not signed rightly marks nothing', async () => {
  const markSeen = () => Promise.reject(new Error('must not be asked'))
  const wrong = [{ ...request(), signature: 'v1=00' }, request('1799999699'), { ...request(), timestamp: '١٨٠' }]
  const verdicts = await Promise.all(wrong.map((each) => verifyRequest({ key, partner: 'p', nowMs, markSeen }, each)))
  expect(verdicts).toEqual(['forged', 'stale', 'forged'])
})
