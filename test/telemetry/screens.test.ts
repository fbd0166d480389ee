import { expect, test } from 'vitest'
import { makeScreenTally } from '../../src/telemetry/screens.ts'

const programs = ['a', 'b', 'c', 'd', 'e'].map((letter) => letter.repeat(64))

test('the screens of no more than four versions of the menus are counted, the newest of them', () => {
  const tally = makeScreenTally()
  for (const program of programs) tally.count(program, 'en', 'main.home', 'shown')
  const counted = [...tally.read()].map(([{ program }]) => program)
  expect(counted).toEqual(programs.slice(1).map((program) => program.slice(0, 12)))
})

test('a deed is counted by version, language and screen', () => {
  const tally = makeScreenTally()
  const [program = ''] = programs
  for (const deed of ['shown', 'shown', 'invalid'] as const) tally.count(program, 'en', 'main.home', deed)
  tally.count(program, 'sw', 'main.home', 'shown')
  const labels = { program: program.slice(0, 12), screen: 'main.home' }
  expect([...tally.read()]).toEqual([
    [{ ...labels, language: 'en', deed: 'shown' }, 2],
    [{ ...labels, language: 'en', deed: 'invalid' }, 1],
    [{ ...labels, language: 'sw', deed: 'shown' }, 1],
  ])
})
