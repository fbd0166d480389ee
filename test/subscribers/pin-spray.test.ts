import { beforeEach, describe, expect, test } from 'vitest'
import { Secret } from '../../src/domain/secret.ts'
import { checkPin } from '../../src/subscribers/pin.ts'
import { describeSprays, readSprays, type Spray, watchSprays } from '../../src/subscribers/pin-spray.ts'
import { addPerson, makeServices, usePeople } from './people.ts'

const world = usePeople()
beforeEach(() => world.store.owner.query('TRUNCATE pin_failure'))

/** Wrong PINs so long ago, by people of these numbers. */
async function guess(numbers: readonly string[], ago = '0'): Promise<void> {
  const cheap = makeServices(world.store.app, { cost: { memoryCost: 8, timeCost: 2 } })
  for (const number of numbers) {
    const id = await addPerson(cheap, { pin: '73915', number })
    expect((await checkPin(cheap, id, new Secret('50927'))).kind).toBe('wrong')
  }
  await world.store.owner.query(
    "UPDATE pin_failure SET at = at - $1::interval WHERE at > now() - interval '1 minute'",
    [ago],
  )
}

let next = 0
const numbers = (count: number, prefix: string) =>
  Array.from({ length: count }, () => `+${prefix}${String(next++).padStart(6, '0')}`)

describe('guesses over many people', () => {
  test('one wrong PIN for each of twenty is a spray, on their range and over all; for each of nineteen it is not', async () => {
    await guess(numbers(19, '254711'))
    expect(await readSprays(world.store.app)).toEqual([])
    expect(await describeSprays(world.store.app)).toBe('no spray of guesses')
    await guess(numbers(1, '254722'))
    expect(await readSprays(world.store.app)).toEqual([{ scope: 'all', failures: 20, people: 20 }])
    await guess(numbers(1, '254711'))
    expect(await readSprays(world.store.app)).toEqual([
      { scope: '254711', failures: 20, people: 20 },
      { scope: 'all', failures: 21, people: 21 },
    ])
    expect(await describeSprays(world.store.app)).toContain('SPRAY on 254711: 20 wrong PINs of 20 people')
  })

  test('where as many are wrong all day it is none, and after five minutes it is over', async () => {
    await guess(numbers(25, '254733'))
    await world.store.owner.query(
      `INSERT INTO pin_failure (subscriber_id, prefix, at)
        SELECT subscriber_id, prefix, now() - interval '1 hour' - n * interval '1 second' FROM pin_failure, generate_series(1, 60) AS n`,
    )
    expect(await readSprays(world.store.app)).toEqual([])
    await world.store.owner.query("DELETE FROM pin_failure WHERE at < now() - interval '10 minutes'")
    expect(await readSprays(world.store.app)).toHaveLength(2)
    await world.store.owner.query("UPDATE pin_failure SET at = at - interval '5 minutes'")
    expect(await readSprays(world.store.app)).toEqual([])
  })

  test('right PINs count nothing, and a person who forgot the PIN is no spray', async () => {
    const id = await addPerson(world.services, { pin: '73915' })
    for (const pin of ['73915', '11111', '22222', '33333', '44444']) await checkPin(world.services, id, new Secret(pin))
    const { rows } = await world.store.owner.query('SELECT subscriber_id FROM pin_failure')
    expect(rows).toHaveLength(3)
    expect(await readSprays(world.store.app)).toEqual([])
  })

  test('a spray is told once when it begins, and what is older than two days is forgotten', async () => {
    await guess(numbers(20, '254744'))
    await world.store.owner.query(
      `INSERT INTO pin_failure (subscriber_id, prefix, at) SELECT subscriber_id, prefix, now() - interval '49 hours' FROM pin_failure LIMIT 1`,
    )
    const told: Spray[] = []
    const stop = watchSprays(
      {
        database: world.store.app,
        events: {
          pinSprayed: (spray) => void told.push(spray),
          housekeepingFailed: ({ error }) => {
            throw error
          },
        },
      },
      20,
    )
    try {
      await expect.poll(async () => (await world.store.owner.query('SELECT FROM pin_failure')).rowCount).toBe(20)
      await new Promise((resolve) => setTimeout(resolve, 100))
    } finally {
      await stop()
    }
    expect(told.map(({ scope }) => scope)).toEqual(['254744', 'all'])
  })
})
