import { expect, test } from 'vitest'
import { actions } from '../../src/actions/registry.ts'
import { outcomesOf } from '../../src/menu/contract.ts'
import { describeDialogues } from '../support/dialogue-suite.ts'
import { unplayed } from '../support/unplayed.ts'

const played = describeDialogues('en', 'once')

test('the dialogues play every action, and all of its outcomes but those that need a fault, a race or more time', () => {
  const missing = [...actions.values()].flatMap((action) => {
    const { name } = action.contract
    // These three are told by any action that breaks, hangs or finds the hasher full, so by no dialogue.
    const outcomes = Object.keys(outcomesOf(action.contract)).filter(
      (outcome) => !['failed', 'late', 'busy'].includes(outcome),
    )
    const left = outcomes.filter((outcome) => !played.has(`${name} ${outcome}`))
    return left.length > 0 ? [[name, left]] : []
  })
  expect(Object.fromEntries(missing)).toEqual(unplayed)
})
