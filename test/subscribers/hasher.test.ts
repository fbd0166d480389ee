import { createHmac, randomBytes } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { verify as argon2Verify } from 'argon2'
import { describe, expect, test } from 'vitest'
import { uuidv7 } from '../../src/domain/ids.ts'
import { Secret } from '../../src/domain/secret.ts'
import { makeKey } from '../../src/security/keys.ts'
import { type Hasher, makeHasher, type Place } from '../../src/subscribers/hasher.ts'

const key = makeKey(randomBytes(32))
const hasher = makeHasher({ key, concurrency: 2, queueLimit: 100 })
const person = uuidv7()
const PIN = new Secret('73915')

async function within<T>(work: (place: Place) => Promise<T>, by: Hasher = hasher): Promise<T> {
  const result = await by.withPlace(work)
  if (result === 'busy') throw new Error('busy')
  return result
}

describe('hashes', () => {
  test('are argon2id with OWASP’s minimum over an HMAC bound to the person, with the key’s id in front', async () => {
    const stored = await within((place) => place.hash(PIN, person))
    expect(stored).toMatch(new RegExp(`^${key.id}\\$argon2id\\$v=19\\$m=19456,t=2,p=1\\$`))
    const peppered = createHmac('sha256', key.bytes).update(`${person}73915`).digest()
    expect(await argon2Verify(stored.slice(8), peppered)).toBe(true)
  })

  test('verify the same PIN of the same person only', async () => {
    const stored = await within((place) => place.hash(PIN, person))
    const verify = (secret: string, whose: string) => within((place) => place.verify(stored, new Secret(secret), whose))
    expect(await verify('73915', person)).toBe(true)
    expect(await verify('73916', person)).toBe(false)
    expect(await verify('', person)).toBe(false)
    expect(await verify('73915', uuidv7())).toBe(false)
  })

  test('of the same PIN differ each time', async () => {
    const [one, two] = await Promise.all([1, 2].map(() => within((place) => place.hash(PIN, person))))
    expect(one).not.toBe(two)
  })

  test('made under another key are an error, not a wrong PIN', async () => {
    const other = makeHasher({ key: makeKey(randomBytes(32)), concurrency: 1, queueLimit: 1 })
    const stored = await within((place) => place.hash(PIN, person), other)
    await expect(within((place) => place.verify(stored, PIN, person))).rejects.toThrow('PIN_KEY')
  })

  test('without the key find nothing in a dump, and with it the PIN among forty', async () => {
    const stored = await within((place) => place.hash(PIN, person))
    const candidates = Array.from({ length: 40 }, (_, at) => String(73_900 + at))
    const crack = async (pepper: Buffer) => {
      const found: string[] = []
      for (const candidate of candidates) {
        const input = createHmac('sha256', pepper).update(`${person}${candidate}`).digest()
        if (await argon2Verify(stored.slice(8), input)) found.push(candidate)
      }
      return found
    }
    expect(await crack(randomBytes(32))).toEqual([])
    expect(await crack(key.bytes)).toEqual(['73915'])
  })

  test('of nobody cost what those of somebody cost', async () => {
    const stored = await within((place) => place.hash(PIN, person))
    const cost = async (hash: string | null) => {
      const times: number[] = []
      for (let run = 0; run < 9; run += 1) {
        const start = performance.now()
        expect(await within((place) => place.verify(hash, new Secret('00000'), person))).toBe(false)
        times.push(performance.now() - start)
      }
      return times.sort((a, b) => a - b)[4] ?? 0
    }
    const [nobody, somebody] = [await cost(null), await cost(stored)]
    expect(nobody / somebody).toBeGreaterThan(0.4)
    expect(nobody / somebody).toBeLessThan(2.5)
  })
})

describe('bounds', () => {
  test('work beyond the places is refused at once, and a place is free again however its work ended', async () => {
    const small = makeHasher({ key, concurrency: 1, queueLimit: 1 })
    const failing = small.withPlace(() => Promise.reject(new Error('lost connection')))
    const working = small.withPlace((place) => place.hash(PIN, person))
    expect(await small.withPlace(() => Promise.resolve('in'))).toBe('busy')
    await expect(failing).rejects.toThrow('lost connection')
    await working
    const both = [small.withPlace(() => Promise.resolve('in')), small.withPlace(() => Promise.resolve('in'))]
    expect(await Promise.all(both)).toEqual(['in', 'in'])
  })

  test('no more hashes run at a time than there are cores, so that files can still be read', async () => {
    const busy = Promise.all(Array.from({ length: 24 }, () => within((place) => place.verify(null, PIN, person))))
    const waits: number[] = []
    let running = true
    void busy.finally(() => {
      running = false
    })
    while (running) {
      const start = performance.now()
      await stat('package.json')
      waits.push(performance.now() - start)
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    waits.sort((a, b) => a - b)
    expect(waits.length).toBeGreaterThan(20)
    // With all 24 on the pool of four threads, the median file access waited 370 ms.
    expect(waits[Math.floor(waits.length / 2)]).toBeLessThan(20)
  })
})
