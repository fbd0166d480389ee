import type { Fields, ValueType } from '../menu/contract.ts'
import type { SegmentLimit } from '../menu/segment-limits.ts'

const money: ValueType = { type: 'money', max: 99_999_999n }
const fee: ValueType = { type: 'money', max: 100_000n }
const reference: ValueType = { type: 'text', max: 10 }
const name: ValueType = { type: 'text', max: 16 }
const number: ValueType = { type: 'msisdn' }
const at: ValueType = { type: 'moment' }
const code: ValueType = { type: 'digits', max: 6 }
const biller: ValueType = { type: 'text', max: 14 }
/** What to dial, with the code and all. */
const dial: ValueType = { type: 'text', max: 40 }
const keyword: ValueType = { type: 'text', max: 10 }
/** A transfer that was ordered for later. */
const ordered: Fields = { amount: money, name }
const provider: ValueType = { type: 'text', max: 14 }
const moved: Fields = { reference, amount: money, provider, at, fee, balance: money }
const bill: Fields = { reference, amount: money, biller, account: { type: 'digits', max: 20 } }

/** The messages of menus/messages.yaml and the fields each may use. `screen_…` are last screens of dialogues that cannot go on. */
export const messageContracts: Readonly<Record<string, Fields>> = {
  code_activation: { code },
  code_reset: { code },
  welcome: { name },
  sent: { reference, amount: money, name, number, at, fee, balance: money },
  received: { reference, amount: money, name, number, at, balance: money },
  not_sent: { reference, amount: money, name, number, balance: money },
  bill_paid: { ...bill, at, fee, balance: money },
  bill_paid_token: { ...bill, at, fee, balance: money, token: { type: 'digits', max: 20 } },
  bill_refused: { ...bill, balance: money },
  airtime_bought: { reference, amount: money, number, at, fee, balance: money },
  airtime_refused: { reference, amount: money, number, balance: money },
  put_aside: { reference, amount: money, at, fee, balance: money, savings: money },
  taken_out: { reference, amount: money, at, fee, balance: money, savings: money },
  to_savings: {},
  from_savings: {},
  own_savings: {},
  own_main: {},
  delayed: { reference, amount: money, name },
  collected: moved,
  collected_kept: { ...moved, name },
  not_collected: { reference, amount: money, provider },
  collect_delayed: { reference, amount: money, name },
  disbursed: moved,
  not_disbursed: { reference, amount: money, provider },
  account_linked: { provider },
  account_unlinked: { provider },
  pin_changed: { at },
  pin_reset: { at, until: at },
  answer_locked: { until: at },
  low_balance: { balance: money, at },
  pin_locked: { until: at },
  money_asked: { name, number, amount: money, dial },
  money_declined: { name, amount: money },
  back_asked: { reference, amount: money, name, until: at },
  back_wanted: { reference, amount: money, name, number, at, dial },
  back_came: { reference, amount: money, name, balance: money },
  back_gave: { reference, amount: money, name, balance: money },
  back_refused: { reference, amount: money, name, balance: money },
  back_kept: { reference, amount: money, name, balance: money },
  standing_tomorrow: { ...ordered, dial },
  standing_tomorrow_last: { ...ordered, dial },
  standing_soon: { ...ordered, dial, on: { type: 'date' } },
  standing_soon_last: { ...ordered, dial, on: { type: 'date' } },
  standing_again: { ...ordered, until: { type: 'time' } },
  standing_no_money: ordered,
  standing_too_dear: { ...ordered, most: money },
  standing_over_limit: ordered,
  standing_payee_refused: ordered,
  standing_payee_gone: ordered,
  standing_payer_held: ordered,
  standing_late: ordered,
  dial_balance: { dial },
  dial_statement: { dial },
  dial_send: { dial },
  dial_send_amount: { dial, amount: money },
  dial_pay: { dial },
  dial_pay_biller: { dial, biller },
  language_chosen: {},
  language_unknown: { word: keyword, languages: { type: 'text', max: 30 } },
  help: {
    ...{ balance: keyword, statement: keyword, send: keyword, pay: keyword, language: keyword, stop: keyword },
    dial: { type: 'text', max: 18 },
  },
  stranger: { stop: keyword },
  stopped: { start: keyword },
  started: { stop: keyword },
  pin_by_sms: { dial },
  screen_busy: {},
  screen_closing: {},
  screen_failed: {},
  screen_lost: {},
  screen_lost_transfer: { reference },
}

/** Messages with a limit of their own: a code is wanted at once, and whole. */
export const messageSegments: Readonly<Record<string, SegmentLimit>> = {
  code_activation: { gsm7: 1, ucs2: 2 },
  code_reset: { gsm7: 1, ucs2: 2 },
}
