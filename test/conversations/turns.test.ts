import { expect, test } from 'vitest'
import { makeTurns } from '../../src/conversations/turns.ts'

test('of one name one runs at a time, in order, also after one that failed; another name does not wait', async () => {
  const inTurn = makeTurns()
  const seen: string[] = []
  let open = (): void => undefined
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  const first = inTurn('a', async () => {
    seen.push('first')
    await gate
    throw new Error('first failed')
  })
  const second = inTurn('a', async () => void seen.push('second'))
  await inTurn('b', async () => void seen.push('other'))
  expect(seen).toEqual(['first', 'other'])
  open()
  await expect(first).rejects.toThrow('first failed')
  await second
  expect(seen).toEqual(['first', 'other', 'second'])
})
