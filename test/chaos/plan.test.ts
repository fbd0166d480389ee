import { describe, expect, test } from 'vitest'
import { findSecrets } from '../../scripts/chaos/canary.ts'
import { readClaims } from '../../scripts/chaos/claims.ts'
import { mutants } from '../../scripts/chaos/mutants.ts'
import { readChaosCommand } from '../../scripts/chaos/options.ts'
import { makePeople } from '../../scripts/chaos/people.ts'
import { FAULTS, planFaults, planJourney } from '../../scripts/chaos/plan.ts'
import { changed } from '../../scripts/chaos/plant.ts'

describe('the plan of a run', () => {
  test('is the same for the same seed, and another for another', () => {
    expect(planFaults(7, 60_000)).toEqual(planFaults(7, 60_000))
    expect(planFaults(7, 60_000)).not.toEqual(planFaults(8, 60_000))
    expect(planJourney(7, 2, 8, 5)).toEqual(planJourney(7, 2, 8, 5))
    expect(makePeople(7, 8)).toEqual(makePeople(7, 8))
  })

  test.each([1, 2, 3, 99])('of a minute has every kind of fault, within the minute (seed %i)', (seed) => {
    const plan = planFaults(seed, 60_000)
    expect(new Set(plan.map(({ kind }) => kind))).toEqual(new Set(FAULTS))
    for (const { atMs } of plan) expect(atMs).toBeLessThan(60_000)
  })

  test('gives no two dialogues one amount, so that a transfer is known by it', () => {
    const amounts = Array.from({ length: 400 }, (_, n) => planJourney(3, n % 8, 8, Math.floor(n / 8)).amount)
    expect(new Set(amounts).size).toBe(400)
  })

  test('gives no two people one PIN, right or wrong', () => {
    const pins = makePeople(5, 12).flatMap(({ pin, wrongPin }) => [pin, wrongPin])
    expect(new Set(pins).size).toBe(24)
  })
})

/** Words as the menus have them; a text that changes its form changes its row here and its reader. */
const told: readonly [string, ReturnType<typeof readClaims>][] = [
  [
    'Sent KES 501 to Juma C.\nFee KES 13\nRef ABCDEFGH23\nAn SMS follows.',
    [{ kind: 'settled', reference: 'ABCDEFGH23', by: 'payer' }],
  ],
  [
    'Paid KES 300 to City Power\nRef ABCDEFGH23\nToken 12345678901234567890\nAn SMS follows.',
    [{ kind: 'settled', reference: 'ABCDEFGH23', by: 'payer' }],
  ],
  [
    'Sent KES 501 to Juma C., ref ABCDEFGH23.\nNyota: Amina\n1 Send money',
    [{ kind: 'settled', reference: 'ABCDEFGH23', by: 'payer' }],
  ],
  [
    'KES 501 to Juma C. is being processed, ref ABCDEFGH23. We will SMS you the result.',
    [{ kind: 'accepted', reference: 'ABCDEFGH23' }],
  ],
  ['In progress: KES 501 to Juma C., ref ABCDEFGH23.\nNyota: Amina', [{ kind: 'accepted', reference: 'ABCDEFGH23' }]],
  [
    'Your session was lost. An SMS tells you the result of your transfer ABCDEFGH23. Please do not send it again.',
    [{ kind: 'accepted', reference: 'ABCDEFGH23' }],
  ],
  [
    'City Power refused the payment, ref ABCDEFGH23. No money was taken.',
    [{ kind: 'rejected', reference: 'ABCDEFGH23' }],
  ],
  [
    'Not sent: KES 501, ref ABCDEFGH23. No money was taken.\nNyota: Amina',
    [{ kind: 'rejected', reference: 'ABCDEFGH23' }],
  ],
  ['Not sent: you do not have enough money. No money moved.', [{ kind: 'nothing moved' }]],
  [
    'Something went wrong. If money moved, an SMS will tell you. Check your balance before you try again.',
    [{ kind: 'open' }],
  ],
  ['You can use KES 1,250. Still being processed: KES 0.50.', [{ kind: 'balance', available: 125_000n, held: 50n }]],
  ['Your balance is KES 1,250.', [{ kind: 'balance', available: 125_000n, held: 0n }]],
  [
    'ABCDEFGH23 confirmed. KES 501 sent to Juma C. 0711***011 on 23/11. Fee KES 13. Balance KES 1.',
    [{ kind: 'settled', reference: 'ABCDEFGH23', by: 'payer' }],
  ],
  [
    'ABCDEFGH23 confirmed. You received KES 501 from Amina C.',
    [{ kind: 'settled', reference: 'ABCDEFGH23', by: 'payee' }],
  ],
  [
    'ABCDEFGH23 confirmed. KES 300 paid to City Power, account 12345678901, on 23/11. Token 1. Fee KES 0.',
    [{ kind: 'settled', reference: 'ABCDEFGH23', by: 'payer' }],
  ],
  [
    'ABCDEFGH23: City Power did not take your payment of KES 300, account 1. No money was taken.',
    [{ kind: 'rejected', reference: 'ABCDEFGH23' }],
  ],
  [
    'ABCDEFGH23: your payment of KES 300 to City Power is still being processed.',
    [{ kind: 'accepted', reference: 'ABCDEFGH23' }],
  ],
  ['Send KES 501 to Juma C. 0711***011\nFee KES 13\nTotal KES 514\nEnter PIN', []],
]

test.each(told)('reads what %j says about money', (words, expected) => {
  expect(readClaims(words)).toEqual(expected)
})

test.each([
  ['a word of its own', 'typed 1*0711*501*482913 and', 1],
  ['hexadecimal digits', `\\x00${Buffer.from('482913').toString('hex')}`, 1],
  ['a part of a longer number', '1482913 4829130 a482913 0.482913', 0],
])('a secret is looked for as %s', (_what, text, found) => {
  expect(findSecrets(['482913'], [{ name: 'the log', text }])).toHaveLength(found)
})

describe('a planted fault', () => {
  test('has a name of its own, and says what it breaks', () => {
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length)
    expect(mutants.length).toBeGreaterThanOrEqual(8)
    for (const { breaks, functions, files } of mutants) {
      expect(breaks.length).toBeGreaterThan(0)
      expect([...(functions ?? []), ...(files ?? [])].length).toBeGreaterThan(0)
    }
  })

  test.each([
    ['nowhere', 'b', 0],
    ['twice', 'a b a', 2],
  ])('whose text stands %s says so instead of planting nothing', (_where, text, times) => {
    expect(() => changed(text, { find: 'a', replace: 'c' }, 'mutant: place')).toThrow(
      `mutant: place: what is to be replaced stands there ${times} times, not once`,
    )
  })
})

test.each([
  [['--seed', '7', '--seconds', '30'], { kind: 'run', seed: 7, seconds: 30 }],
  [['--mutant', 'pin-in-log', '--seed', '1'], { kind: 'mutants', seed: 1, names: ['pin-in-log'] }],
  [['--help'], { kind: 'help' }],
  [['--seed', 'x'], { kind: 'bad', problem: '--seed is x; give a whole number below 2147483648.' }],
  [['--seconds', '1'], { kind: 'bad', problem: '--seconds is 1; give a whole number from 5 to 86400.' }],
  [
    ['--mutant', 'none'],
    { kind: 'bad', problem: expect.stringContaining('There is no planted fault none; there are settled-twice,') },
  ],
])('reads the command %j', (args, expected) => {
  expect(readChaosCommand(args)).toEqual(expected)
})
