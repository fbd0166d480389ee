import type { ActionContract, Fields } from '../../../src/menu/contract.ts'

/** What generated menus can do: every effect, everything a confirm asks for, and values of every type. */
export const contracts: readonly ActionContract[] = [
  {
    name: 'look',
    effect: 'read',
    input: {},
    outcomes: { ok: { word: { type: 'text', max: 12 }, count: { type: 'number', max: 99 } }, none: {} },
    deadlineMs: 1000,
  },
  {
    name: 'find',
    effect: 'read',
    input: { number: { type: 'msisdn' } },
    outcomes: { found: { name: { type: 'text', max: 16 }, since: { type: 'moment' } }, unknown: {} },
    deadlineMs: 1000,
  },
  {
    name: 'price',
    effect: 'read',
    input: { amount: { type: 'money', max: 5_000_000n } },
    outcomes: { ok: { fee: { type: 'money', max: 100_000n } }, poor: { left: { type: 'money', max: 5_000_000n } } },
    deadlineMs: 1000,
  },
  {
    name: 'fetch',
    effect: 'read',
    input: {},
    outcomes: {
      ok: {
        things: {
          type: 'rows',
          max: 25,
          of: { id: { type: 'text', max: 3 }, name: { type: 'text', max: 18 }, at: { type: 'moment' } },
        },
      },
      closed: {},
    },
    deadlineMs: 1000,
  },
  {
    name: 'note',
    effect: 'record',
    input: { language: { type: 'choice', of: ['en', 'xx'] } },
    outcomes: { ok: { language: { type: 'choice', of: ['en', 'xx'] } } },
    deadlineMs: 1000,
  },
  { name: 'slow', effect: 'read', input: {}, outcomes: { ok: {} } },
  {
    name: 'pay',
    effect: 'write',
    asks: 'pin',
    input: { amount: { type: 'money', max: 5_000_000n } },
    outcomes: { done: { reference: { type: 'digits', max: 8 } }, refused: {} },
    deadlineMs: 5000,
  },
  {
    name: 'agree',
    effect: 'write',
    input: {},
    outcomes: { ok: { at: { type: 'time' } }, refused: {} },
    deadlineMs: 2000,
  },
  {
    name: 'peek',
    effect: 'read',
    asks: 'pin',
    input: {},
    outcomes: { ok: { balance: { type: 'money' } } },
    deadlineMs: 2000,
  },
  {
    name: 'check',
    effect: 'record',
    asks: 'code',
    input: {},
    outcomes: { right: { ticket: { type: 'opaque' } }, wrong: { left: { type: 'number', max: 9 } } },
    deadlineMs: 2000,
  },
  {
    name: 'prove',
    effect: 'read',
    asks: 'answer',
    input: { word: { type: 'text', max: 20 } },
    outcomes: { right: {}, wrong: {} },
    deadlineMs: 2000,
  },
  {
    name: 'renew',
    effect: 'write',
    asks: 'new_pin',
    input: {},
    outcomes: { kept: {}, weak: {} },
    deadlineMs: 2000,
  },
]

export const messageContracts: Readonly<Record<string, Fields>> = {
  thanks: { name: { type: 'text', max: 40 } },
}
