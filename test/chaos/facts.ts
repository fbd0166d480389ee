import type { AccountFact, EntryFact, Facts, LegFact, TransferFact } from '../../scripts/chaos/facts.ts'
import type { Call, History, Journey } from '../../scripts/chaos/history.ts'

/** Amina has sent 300 to Juma for a fee of 7 and paid a bill of 200; all is as it should be. Minor units are whole here. */
export const REFERENCES = { send: 'AAAAAAAAA2', bill: 'BBBBBBBBB3' } as const
export const AMINA = 'amina'
export const JUMA = 'juma'

const accounts: readonly AccountFact[] = [
  account('trust', 'trust', null, -1_000n),
  account('wallet-amina', 'wallet', AMINA, 493n),
  account('wallet-juma', 'wallet', JUMA, 300n),
  account('biller', 'biller', null, 200n),
  account('fees', 'fee_income', null, 7n),
]

function account(id: string, kind: string, ownerId: string | null, balance: bigint): AccountFact {
  const code = kind === 'wallet' ? 'main' : ''
  return { id, kind, code, ownerId, balance, heldOut: 0n, heldIn: 0n, ceiling: kind === 'wallet' ? 5_000n : null }
}

const legs: readonly LegFact[] = [
  { transferId: 'send', leg: 1, debit: 'wallet-amina', credit: 'wallet-juma', amount: 300n },
  { transferId: 'send', leg: 2, debit: 'wallet-amina', credit: 'fees', amount: 7n },
  { transferId: 'bill', leg: 1, debit: 'wallet-amina', credit: 'biller', amount: 200n },
]

const transfers: readonly TransferFact[] = [
  {
    id: 'send',
    reference: REFERENCES.send,
    kind: 'send',
    payerId: AMINA,
    payeeId: JUMA,
    amount: 300n,
    state: 'SETTLED',
  },
  {
    id: 'bill',
    reference: REFERENCES.bill,
    kind: 'bill',
    payerId: AMINA,
    payeeId: null,
    amount: 200n,
    state: 'SETTLED',
  },
]

function entry(
  journalId: string,
  leg: number,
  from: [string, bigint, bigint],
  to: [string, bigint, bigint],
  amount: bigint,
): EntryFact {
  const [debit, debitSeq, debitBalance] = from
  const [credit, creditSeq, creditBalance] = to
  return { journalId, leg, debit, credit, amount, debitSeq, creditSeq, debitBalance, creditBalance }
}

export const goodFacts: Facts = {
  accounts,
  entries: [
    entry('opening', 1, ['trust', 1n, -1_000n], ['wallet-amina', 1n, 1_000n], 1_000n),
    entry('send', 1, ['wallet-amina', 2n, 700n], ['wallet-juma', 1n, 300n], 300n),
    entry('send', 2, ['wallet-amina', 3n, 693n], ['fees', 1n, 7n], 7n),
    entry('bill', 1, ['wallet-amina', 4n, 493n], ['biller', 1n, 200n], 200n),
  ],
  journals: [
    { id: 'opening', kind: 'funding', transferId: null },
    { id: 'send', kind: 'send', transferId: 'send' },
    { id: 'bill', kind: 'bill', transferId: 'bill' },
  ],
  transfers,
  legs,
  moves: [
    { transferId: 'send', from: null, to: 'HELD', atMs: 1_000 },
    { transferId: 'send', from: 'HELD', to: 'SETTLED', atMs: 1_100 },
    { transferId: 'bill', from: null, to: 'HELD', atMs: 2_000 },
    { transferId: 'bill', from: 'HELD', to: 'SUBMITTED', atMs: 2_100 },
    { transferId: 'bill', from: 'SUBMITTED', to: 'SETTLED', atMs: 2_200 },
  ],
  edges: [
    { from: 'HELD', to: 'SETTLED' },
    { from: 'HELD', to: 'SUBMITTED' },
    { from: 'HELD', to: 'REJECTED' },
    { from: 'SUBMITTED', to: 'SETTLED' },
  ],
  openHolds: [],
  messages: [
    { fact: 'send:payer', state: 'delivered' },
    { fact: 'send:payee', state: 'sent' },
    { fact: 'bill:payer', state: 'unknown' },
    { fact: 'send:low-balance', state: 'queued' },
  ],
  audits: [
    { action: 'pin.wrong', subject: AMINA, intact: true },
    { action: 'pin.right', subject: AMINA, intact: true },
    { action: 'transfer.confirmed', subject: 'send', intact: true },
    { action: 'transfer.confirmed', subject: 'bill', intact: true },
  ],
}

export function call(words: string | null, endedAtMs: number, step: Call['step'] = 'confirm'): Call {
  return { step, invokedAtMs: endedAtMs - 50, endedAtMs, outcome: words === null ? 'info' : 'ok', words }
}

export function journey(id: string, amount: bigint, ...calls: Call[]): Journey {
  return { id, kind: 'send', payerId: AMINA, amount, confirmed: true, calls }
}

export const goodHistory: History = {
  journeys: [
    journey('0-0', 300n, call(`Sent KES 3 to Juma C.\nFee KES 0.07\nRef ${REFERENCES.send}\nAn SMS follows.`, 1_300)),
    journey(
      '0-1',
      200n,
      call(null, 3_000),
      call(`KES 2 to City Power is being processed, ref ${REFERENCES.bill}. We will SMS you the result.`, 3_500),
    ),
    {
      ...journey('0-2', 900n, call('Your balance is KES 4.93.', 4_000)),
      kind: 'balance',
      amount: null,
      confirmed: false,
    },
    { ...journey('0-3', 901n, call('We are busy. No money moved. Please dial again.', 4_000)), confirmed: true },
  ],
  messages: [
    {
      subscriberId: AMINA,
      atMs: 1_400,
      words: `${REFERENCES.send} confirmed. KES 3 sent to Juma C. 0711***011 on 23/11. Fee KES 0.07. Balance KES 6.93.`,
    },
    {
      subscriberId: JUMA,
      atMs: 1_400,
      words: `${REFERENCES.send} confirmed. You received KES 3 from Amina C. 0711***010 on 23/11. Balance KES 3.`,
    },
  ],
  payments: [{ transferId: 'bill', status: 'done', received: 1, amount: 200n }],
}
