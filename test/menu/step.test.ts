import { beforeAll, expect, test } from 'vitest'
import type { Program } from '../../src/menu/program.ts'
import { type Answers, AT_MS, compiled, dial } from './support.ts'

let program: Program
beforeAll(async () => {
  program = await compiled()
})

const shops = Array.from({ length: 20 }, (_, index) => ({ id: `shop${index + 1}`, name: `Shop number ${index + 1}` }))

const answers: Answers = ({ action, input }) => {
  switch (action) {
    case 'find-payee':
      return input.number === '+254700000002'
        ? { outcome: 'found', values: { id: 'juma', name: 'Juma K.' } }
        : { outcome: 'unknown' }
    case 'quote':
      return Number(input.amount) > 50_000_000
        ? { outcome: 'insufficient', values: { available: '500050' } }
        : { outcome: 'quoted', values: { fee: '1300' } }
    case 'send-money':
      return { outcome: 'sent', values: { reference: 'QX7T2' } }
    case 'check-balance':
      return { outcome: 'ok', values: { balance: '125000' } }
    case 'remember-language':
      return { outcome: 'ok', values: { language: input.language ?? '' } }
    case 'list-shops':
      return { outcome: 'ok', values: { shops } }
    default:
      return { outcome: 'ok', values: { visits: [{ at: AT_MS, what: 'Bread' }] } }
  }
}

test('money goes where the screen said, and the result comes back through the sub-flow', () => {
  const phone = dial(program, answers)
  expect(phone.text()).toBe('Hello Amina\n1 Send money\n2 Shops\n3 Balance\n4 Language\n5 Settings')
  expect(phone.type('1')).toBe('Send to:\n0 Back 00 Home')
  expect(phone.type('0700 000 002')).toBe('Amount to Juma K.:\n0 Back 00 Home')
  expect(phone.type('500')).toBe('Send KES 500 to Juma K. 0700***002\nFee KES 13\nEnter PIN\n0 Back 00 Home')
  expect(phone.type('73915')).toBe('Receipt QX7T2\n1 Again\n00 Home')
  expect(phone.runs.at(-1)).toMatchObject({
    action: 'send-money',
    effect: 'write',
    asks: 'pin',
    input: { payee: 'juma', amount: '50000' },
    deadlineMs: 5000,
    screen: 'send.confirm',
  })
  expect(phone.runs.at(-1)?.secret?.reveal()).toBe('73915')
})
