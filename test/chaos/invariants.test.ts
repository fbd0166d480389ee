import { describe, expect, test } from 'vitest'
import type { AccountFact, Facts } from '../../scripts/chaos/facts.ts'
import type { History } from '../../scripts/chaos/history.ts'
import { checkEnds, checkLedger, unfinished, type Violation } from '../../scripts/chaos/invariants.ts'
import { checkTold } from '../../scripts/chaos/told.ts'
import { AMINA, call, goodFacts, goodHistory, JUMA, journey, REFERENCES } from './facts.ts'

function check(facts: Facts, history: History): Violation[] {
  return [...checkLedger(facts), ...checkTold(facts, history, true), ...checkEnds(facts, history)]
}

test('a run in which all is well breaks nothing', () => {
  expect(check(goodFacts, goodHistory)).toEqual([])
  expect(unfinished(goodFacts)).toEqual([])
})

function accounts(changes: Record<string, Partial<AccountFact>>): Partial<Facts> {
  return { accounts: goodFacts.accounts.map((account) => ({ ...account, ...changes[account.id] })) }
}
const state = (id: string, to: string): Partial<Facts> => ({
  transfers: goodFacts.transfers.map((transfer) => (transfer.id === id ? { ...transfer, state: to } : transfer)),
})
const [opening, sent, fee, paid] = goodFacts.entries
if (opening === undefined || sent === undefined || fee === undefined || paid === undefined) throw new Error('entries')

/** What is planted into the facts, and what must be said of it. */
const wrongFacts: readonly [string, Partial<Facts>, string][] = [
  [
    'one balance too high',
    accounts({ 'wallet-juma': { balance: 301n } }),
    'I1 debits and credits of all accounts differ',
  ],
  [
    'e-money that the trust account does not hold',
    accounts({ trust: { balance: -900n } }),
    'I10 e-money and the trust account differ',
  ],
  [
    'a posting whose balances moved twice, which the trial balance does not see',
    accounts({ 'wallet-amina': { balance: 193n }, 'wallet-juma': { balance: 600n } }),
    'I2 the balance of wallet wallet-juma is not the sum of its entries',
  ],
  [
    'an entry that is gone',
    { entries: [opening, sent, paid] },
    'I2 entry 3 of account wallet-amina is missing or there twice',
  ],
  [
    'a running balance that does not follow',
    { entries: [opening, sent, fee, { ...paid, debitBalance: 494n }] },
    'I2 the running balance of entry 4 of account wallet-amina does not follow',
  ],
  [
    'a hold of no transfer',
    accounts({ 'wallet-amina': { heldOut: 5n } }),
    'I2 account wallet-amina does not keep back what its open holds say',
  ],
  ['an overdrawn wallet', accounts({ 'wallet-amina': { balance: -1n } }), 'I3 wallet wallet-amina is below zero'],
  [
    'a wallet over its ceiling',
    accounts({ 'wallet-juma': { ceiling: 299n } }),
    'I3 wallet wallet-juma is over its ceiling',
  ],
  [
    'a state that nothing allows',
    state('send', 'PENDING'),
    `I4 ${REFERENCES.send} is PENDING, and its history ends otherwise`,
  ],
  [
    'a step back',
    { moves: [...goodFacts.moves, { transferId: 'bill', from: 'SETTLED', to: 'HELD', atMs: 3_000 }] },
    `I4 ${REFERENCES.bill} went from SETTLED to HELD`,
  ],
  ['a transfer that never ends', state('bill', 'IN_DOUBT'), `I4 ${REFERENCES.bill} is still IN_DOUBT`],
  [
    'two journals of one transfer',
    { journals: [...goodFacts.journals, { id: 'again', kind: 'send', transferId: 'send' }] },
    `I5 ${REFERENCES.send} was posted 2 times`,
  ],
  [
    'a journal of no transfer',
    { journals: [...goodFacts.journals, { id: 'again', kind: 'send', transferId: null }] },
    'I5 journal again belongs to no transfer',
  ],
  [
    'a settlement without a journal',
    { journals: goodFacts.journals.slice(0, 2) },
    `I5 ${REFERENCES.bill} is SETTLED and was not posted`,
  ],
  ['a rejection with one', state('send', 'REJECTED'), `I5 ${REFERENCES.send} is REJECTED and was posted`],
  [
    'legs that were not quoted',
    { legs: goodFacts.legs.slice(0, 2) },
    `I1 the entries of ${REFERENCES.bill} are not the legs that were quoted`,
  ],
  [
    'a receipt that was never written',
    { messages: goodFacts.messages.slice(1) },
    `I6 the payer of ${REFERENCES.send} was never written to`,
  ],
  [
    'a confirmation without a record',
    { audits: goodFacts.audits.slice(0, 3) },
    `I8 the confirmation of ${REFERENCES.bill} is on record 0 times`,
  ],
  [
    'a record of no transfer',
    { audits: [...goodFacts.audits, { action: 'transfer.confirmed', subject: 'gone', intact: true }] },
    'I8 a confirmation of gone is on record and there is no such transfer',
  ],
  [
    'a record that was changed',
    { audits: goodFacts.audits.map((audit) => ({ ...audit, intact: audit.action !== 'pin.right' })) },
    'I8 an audit record is not what was written',
  ],
  [
    'a fourth PIN that was evaluated',
    {
      audits: [
        ...goodFacts.audits,
        ...Array.from({ length: 4 }, () => ({ action: 'pin.wrong', subject: JUMA, intact: true })),
      ],
    },
    `PIN more than three wrong PINs of ${JUMA} were evaluated`,
  ],
]

const [first, second] = goodHistory.journeys
if (first === undefined || second === undefined) throw new Error('journeys')
const said = (words: string, atMs = 5_000): Partial<History> => ({
  journeys: [first, second, journey('0-9', 777n, call(words, atMs))],
})
const texted = (subscriberId: string, words: string): Partial<History> => ({
  messages: [...goodHistory.messages, { subscriberId, atMs: 5_000, words }],
})
const again = {
  ...first,
  calls: [...first.calls, call('Your session was lost. No money moved in it. Please dial again.', 2_000, 'copy')],
}

/** What was told, paid or asked that did not happen so. */
const wrongHistories: readonly [string, Partial<History>, string][] = [
  [
    '"Sent" of nothing',
    said('Sent KES 9 to Juma C.\nFee KES 0\nRef CCCCCCCCC4\nAn SMS follows.'),
    'I6 CCCCCCCCC4 was told and is no transfer',
  ],
  [
    '"Sent" before it was',
    {
      journeys: [
        { ...first, calls: [call(`Sent KES 3 to Juma C.\nFee KES 0.07\nRef ${REFERENCES.send}\n`, 1_050)] },
        second,
      ],
    },
    `I6 ${REFERENCES.send} was told to be done before it was`,
  ],
  [
    '"No money moved" where it did',
    { journeys: [again, second] },
    `I6 ${REFERENCES.send} is SETTLED, and its dialogue said that no money moved`,
  ],
  [
    'a refusal of what was done',
    texted(
      AMINA,
      `${REFERENCES.bill}: City Power did not take your payment of KES 2, account 1. No money was taken. Balance KES 5.`,
    ),
    `I6 ${REFERENCES.bill} was told to be refused and is SETTLED`,
  ],
  [
    'a receipt for somebody else',
    texted(
      JUMA,
      `${REFERENCES.bill} confirmed. KES 2 paid to City Power, account 1, on 23/11. Fee KES 0. Balance KES 4.93.`,
    ),
    `I6 ${REFERENCES.bill} was told to somebody who is no party to it`,
  ],
  [
    'a receipt that comes twice',
    { messages: [...goodHistory.messages, ...goodHistory.messages.slice(1)] },
    `I6 the SMS that ${REFERENCES.send} is settled came twice`,
  ],
  [
    'a balance that never was',
    said('You can use KES 4. Still being processed: KES 0.92.'),
    'I6 dialogue 0-9 showed a balance that never was',
  ],
  [
    'a transfer without a PIN',
    { journeys: [{ ...first, confirmed: false }, second] },
    `I5 nobody typed a PIN for ${REFERENCES.send}`,
  ],
  [
    'a second request to pay',
    { payments: [{ transferId: 'bill', status: 'done', received: 2, amount: 200n }] },
    `I7 the biller was asked 2 times to pay ${REFERENCES.bill}`,
  ],
  [
    'a payment of another amount',
    { payments: [{ transferId: 'bill', status: 'done', received: 1, amount: 2_000n }] },
    `I7 the biller was paid another amount for ${REFERENCES.bill}`,
  ],
  ['a settlement that no biller knows of', { payments: [] }, `I7 ${REFERENCES.bill} is settled and no biller was paid`],
  [
    'a payment of no transfer',
    { payments: [...goodHistory.payments, { transferId: 'gone', status: 'done', received: 1, amount: 1n }] },
    'I7 the biller was paid for gone, which is no transfer',
  ],
]

describe('found in the facts', () => {
  test.each(wrongFacts)('%s', (_what, planted, expected) => {
    expect(texts(check({ ...goodFacts, ...planted }, goodHistory))).toContain(expected)
  })

  test('a bill that was paid and given back', () => {
    const facts = { ...goodFacts, ...state('bill', 'REJECTED') }
    expect(texts(check(facts, goodHistory))).toContain(
      `I7 ${REFERENCES.bill} was paid by the biller and given back to the payer`,
    )
  })

  test('two transfers of one dialogue', () => {
    const [one] = goodFacts.transfers
    if (one === undefined) throw new Error('transfers')
    const facts = {
      ...goodFacts,
      transfers: [...goodFacts.transfers, { ...one, id: 'other', reference: 'DDDDDDDDD5' }],
    }
    expect(texts(checkTold(facts, goodHistory, true))).toContain(
      `I5 ${REFERENCES.send}, DDDDDDDDD5 are of one dialogue`,
    )
  })
})

describe('found in what was told', () => {
  test.each(wrongHistories)('%s', (_what, planted, expected) => {
    expect(texts(check(goodFacts, { ...goodHistory, ...planted }))).toContain(expected)
  })
})

test('a rest is not reached while a transfer or a receipt is under way', () => {
  const messages = [...goodFacts.messages, { fact: 'bill:delay', state: 'queued' }]
  expect(unfinished({ ...goodFacts, ...state('bill', 'PENDING'), messages })).toEqual([
    `${REFERENCES.bill} is still PENDING`,
    'bill:delay',
  ])
})

function texts(violations: readonly Violation[]): string[] {
  return violations.map(({ invariant, fact }) => `${invariant} ${fact}`)
}
