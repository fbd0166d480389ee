import { expect, test } from 'vitest'
import { actions } from '../../src/actions/registry.ts'
import { outcomesOf } from '../../src/menu/contract.ts'
import { describeDialogues } from '../support/dialogue-suite.ts'

/** What needs a fault, a race or more time than a dialogue has; other tests bring it about. */
const unplayed: Readonly<Record<string, readonly string[]>> = {
  'accept-terms': ['not_authorised'],
  'check-answer': ['not_authorised'],
  'find-payee': ['limited'],
  'pay-bill': ['insufficient', 'over_limit', 'expired'],
  'propose-pin': ['not_authorised'],
  'quote-bill': ['unavailable'],
  'quote-send': ['unavailable'],
  'send-money': ['processing', 'insufficient', 'over_limit', 'expired', 'refused'],
  'set-pin': ['not_authorised'],
}

const played = describeDialogues('en', 'once')

test('the dialogues play every action, and all of its outcomes but those that need a fault, a race or hours', () => {
  const missing = [...actions.values()].flatMap((action) => {
    const { name } = action.contract
    const outcomes = Object.keys(outcomesOf(action.contract)).filter(
      (outcome) => !['failed', 'late', 'busy'].includes(outcome),
    )
    const left = outcomes.filter((outcome) => !played.has(`${name} ${outcome}`))
    return left.length > 0 ? [[name, left]] : []
  })
  expect(Object.fromEntries(missing)).toEqual(unplayed)
})
