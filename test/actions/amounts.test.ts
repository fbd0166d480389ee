import { describe, expect, test } from 'vitest'
import type { Action } from '../../src/actions/action.ts'
import { actions } from '../../src/actions/registry.ts'

const confirming = ({ contract }: Action): boolean => contract.effect === 'write' && 'quote' in contract.input

describe('what an action confirms is counted before it runs', () => {
  const [confirmed, others] = [true, false].map((wanted) =>
    [...actions.values()].filter((action) => confirming(action) === wanted).map((action) => action.contract.name),
  )

  test.each(confirmed ?? [])('%s says how much it confirms', (name) => {
    expect(actions.get(name)?.amountOf).toBeTypeOf('function')
  })

  test.each(others ?? [])('%s takes no quote, and counts for nothing', (name) => {
    expect(actions.get(name)?.amountOf).toBeNull()
  })
})
