import { beforeAll, describe, expect, test } from 'vitest'
import { Secret } from '../../src/domain/secret.ts'
import { compile } from '../../src/menu/compile.ts'
import type { Json } from '../../src/menu/contract.ts'
import { loadMenuSources } from '../../src/menu/load.ts'
import { describeProblem } from '../../src/menu/problem.ts'
import type { Program } from '../../src/menu/program.ts'
import { step } from '../../src/menu/step.ts'
import {
  type Answers,
  AT_MS,
  amina,
  compiled,
  contracts,
  dial,
  kenya,
  keysProfile,
  menuFolder,
  messageContracts,
  type Phone,
} from './support.ts'

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
    input: { payee: 'juma', amount: '50000' },
    deadlineMs: 5000,
    screen: 'send.confirm',
  })
  expect(phone.runs.at(-1)?.secret?.reveal()).toBe('73915')
})

const sending = ['1', '0700000002', '500']

function dialled(inputs: readonly string[], how: Answers = answers): Phone {
  const phone = dial(program, how)
  for (const input of inputs) phone.type(input)
  return phone
}

/** The usual answers, but this one for an action. */
function but(action: string, outcome: string, values: Record<string, Json> = {}): Answers {
  return (run) => (run.action === action ? { outcome, values } : answers(run))
}

describe('answers', () => {
  test('one that no choice matches repeats the screen with a hint, and after too many the dialogue ends', () => {
    const phone = dial(program, answers)
    expect(phone.type('9')).toBe(
      'Not one of the choices.\nHello Amina\n1 Send money\n2 Shops\n3 Balance\n4 Language\n5 Settings',
    )
    expect(phone.type('abc')).toMatch(/^Not one of the choices\./)
    expect(phone.type('')).toBe('Too many wrong answers. Please dial again.')
    expect(phone.step().reply.end).toBe(true)
  })

  test('a valid one starts the count anew', () => {
    const phone = dialled(['9', '9', '1', '9', '9'])
    expect(phone.text()).toBe('Not a phone number.\nSend to:\n0 Back 00 Home')
  })

  test('an amount outside its bounds is asked again, and the screen then has its own hint or the common one', () => {
    const phone = dialled(['1', '0700000002'])
    expect(phone.type('0.50')).toBe('Not one of the choices.\nAmount to Juma K.:\n0 Back 00 Home')
    expect(phone.type('1e3')).toMatch(/^Not one of the choices\./)
    expect(phone.type('KES 1,000')).toMatch(/^Send KES 1,000 to Juma K\./)
  })

  test('keys and values may be typed in digits of any script', () => {
    const phone = dialled(['١', '٠٧٠٠٠٠٠٠٠٢', '٥٠٠'])
    expect(phone.text()).toMatch(/^Send KES 500 to Juma K\./)
  })

  test('a choice whose condition does not hold is not shown and cannot be made', () => {
    const phone = dial(program, answers, amina, [], 'sw')
    expect(phone.text()).toBe('Habari Amina\n1 Tuma pesa\n2 Maduka\n3 Salio\n4 Lugha')
    expect(phone.type('5')).toMatch(/^Si chaguo\./)
  })

  test('what is no PIN at all is asked again without counting as an attempt', () => {
    const phone = dialled([...sending, '12'])
    expect(phone.text()).toMatch(/^Not one of the choices\.\nSend KES 500/)
    expect(phone.runs.filter(({ action }) => action === 'send-money')).toEqual([])
  })
})

describe('outcomes', () => {
  test('words of an outcome stand above the next screen, once', () => {
    const phone = dialled(['1', '0711111111'])
    expect(phone.text()).toBe('0711111111 has no account.\nSend to:\n0 Back 00 Home')
    expect(phone.type('x')).toBe('Not a phone number.\nSend to:\n0 Back 00 Home')
  })

  test('a wrong PIN shows the same confirmation with the tries left, by the policy of the service', () => {
    const phone = dialled([...sending, '11111'], but('send-money', 'wrong_pin', { left: 2 }))
    expect(phone.text()).toBe(
      'Wrong PIN. Tries left: 2\nSend KES 500 to Juma K. 0700***002\nFee KES 13\nEnter PIN\n0 Back 00 Home',
    )
  })

  test('a time is shown without the date today, and with it on another day', () => {
    const locked = (until: number): string =>
      dialled([...sending, '11111'], but('send-money', 'locked', { until })).text()
    expect(locked(AT_MS + 900_000)).toBe('Locked until 14:20.')
    expect(locked(AT_MS + 86_400_000)).toBe('Locked until 24/11/26 14:05.')
  })

  test('what a write may have done is told in other words than what a read has not done', () => {
    expect(dialled([...sending, '73915'], but('send-money', 'late')).text()).toBe('Slow. We will SMS you.')
    expect(dialled(['1', '0700000002'], but('find-payee', 'late')).text()).toBe('Slow. No money moved.')
  })

  test('one that the contract does not allow counts as failed', () => {
    expect(dialled([...sending, '73915'], but('send-money', 'surprise')).text()).toBe('Failed. Check your balance.')
    expect(dialled([...sending, '73915'], but('send-money', 'constructor')).text()).toBe('Failed. Check your balance.')
    expect(dialled(['1', '0700000002'], but('find-payee', 'found', { name: 7 })).text()).toBe('Failed. No money moved.')
    expect(dialled(['3', '73915'], but('check-balance', 'ok', { balance: '1000000001' })).text()).toBe(
      'Failed. No money moved.',
    )
  })

  test('an answer that comes while an action runs does not run it again: the action counts as late', () => {
    const { session } = dialled(sending).step()
    const running = step(program, session, { kind: 'input', atMs: AT_MS, input: new Secret('73915') })
    expect(running.kind).toBe('run')
    const next = step(program, running.session, { kind: 'input', atMs: AT_MS, input: new Secret('73915') })
    expect(next).toMatchObject({ kind: 'reply', reply: { text: 'Slow. We will SMS you.', end: true } })
  })

  test('after the end, whatever comes gets the last words', () => {
    const phone = dialled(['3', '73915'])
    expect(phone.text()).toBe('You have KES 1,250.')
    expect(phone.type('1')).toBe('You have KES 1,250.')
    expect(phone.step().reply.end).toBe(true)
  })

  test('an end can send an SMS with its values', () => {
    const phone = dialled(['2', '3', '2'])
    expect(phone.text()).toBe('Bye Amina Otieno')
    expect(phone.step().sms).toEqual([{ message: 'thanks', values: { name: 'Amina Otieno', shop: 'shop3' } }])
  })
})

describe('going back', () => {
  test('leads to the screen before, then to the one before that, and home at last', () => {
    const phone = dialled(sending)
    expect(phone.type('0')).toBe('Amount to Juma K.:\n0 Back 00 Home')
    expect(phone.type('0')).toBe('Send to:\n0 Back 00 Home')
    expect(phone.type('0')).toMatch(/^Hello Amina\n(?!.*Back)/s)
    expect(phone.type('0')).toMatch(/^Hello Amina/)
  })

  test('never leads into a confirmation that was answered, nor past one that wrote', () => {
    const phone = dialled([...sending, '73915'])
    expect(phone.text()).toBe('Receipt QX7T2\n1 Again\n00 Home')
    expect(phone.type('0')).toMatch(/^Hello Amina/)
  })

  test('after a refusal leads home, since the confirmation was committed', () => {
    const phone = dialled([...sending, '73915'], but('send-money', 'refused'))
    expect(phone.text()).toBe('It was refused.\nAmount to Juma K.:\n00 Home')
    expect(phone.type('0')).toMatch(/^Hello Amina/)
  })

  test('a screen come to again is a return to it, so back does not go round in circles', () => {
    const phone = dialled(['2', '3', '1', '2'])
    expect(phone.text()).toBe('Shop number 3 (hop3)\n1 Visits\n2 Leave\n0 Back 00 Home')
    expect(phone.type('0')).toMatch(/^Shops\n1 Shop number 1/)
    expect(phone.type('0')).toMatch(/^Hello Amina/)
  })

  test('from where a sub-flow returned to leads to the screen before the sub-flow', () => {
    const phone = dialled(['5', '1', '1', 'Mina'])
    expect(phone.text()).toBe('You are Mina.\n1 Change\n0 Back 00 Home')
    expect(phone.type('1')).toBe('Nickname, Amina?\n1 Type one\n2 None\n0 Back 00 Home')
    expect(phone.type('2')).toBe('You are none.\n1 Change\n0 Back 00 Home')
    expect(phone.type('0')).toBe('Settings\n1 Nickname\n2 Booking\n0 Back 00 Home')
  })

  test('within a sub-flow leads out of it, where it was entered', () => {
    const phone = dialled(['5', '1', '1', '0', '0'])
    expect(phone.text()).toBe('Settings\n1 Nickname\n2 Booking\n0 Back 00 Home')
  })

  test('does not undo a change of language', () => {
    const phone = dialled(['4', '2'])
    expect(phone.text()).toBe('Sawa.\nHabari Amina\n1 Tuma pesa\n2 Maduka\n3 Salio\n4 Lugha')
  })
})

describe('lists', () => {
  test('go on with more and back page by page, and a number means the same row on every page', () => {
    const phone = dialled(['2'])
    const first = phone.text()
    expect(first).toBe(
      'Shops\n1 Shop number 1\n2 Shop number 2\n3 Shop number 3\n4 Shop number 4\n5 Shop number 5\n6 Shop number 6\n7 Shop number 7\n8 Shop number 8\n98 More 0 Back 00 Home',
    )
    expect(phone.type('98')).toMatch(/^Shops\n9 Shop number 9\n.*98 More 0 Back 00 Home$/s)
    expect(phone.type('98')).toMatch(/20 Shop number 20\n0 Back 00 Home$/)
    expect(phone.type('0')).toMatch(/^Shops\n9 Shop number 9/)
    expect(phone.type('0')).toBe(first)
    expect(phone.type('20')).toMatch(/^Shop number 20 \(op20\)/)
  })

  test('keep the rows they were shown with: going back does not ask for them again', () => {
    const phone = dialled(['2', '98', '8', '0'])
    expect(phone.text()).toMatch(/^Shops\n9 Shop number 9/)
    expect(phone.runs.filter(({ action }) => action === 'list-shops')).toHaveLength(1)
  })

  test('a hint above a page takes room from its rows but skips none', () => {
    const phone = dialled(['2'])
    expect(phone.type('77')).toMatch(/^Not one of the choices\.\nShops\n1 .*\n6 Shop number 6\n98 More/s)
    expect(phone.type('98')).toMatch(/^Shops\n7 Shop number 7/)
  })

  test('without rows take the way for that', () => {
    expect(dialled(['2'], but('list-shops', 'ok', { shops: [] })).text()).toBe('No shops.')
  })

  test('whose rows are only read have no numbers, and none is an answer', () => {
    const phone = dialled(['2', '1', '1', '1'])
    expect(phone.text()).toBe('Visits\n23/11/26 14:05 Bread\n0 Back 00 Home')
    expect(phone.type('1')).toMatch(/^Not one of the choices\./)
  })
})

describe('a list looked through by letters', () => {
  const names = [
    'Mama Njoroge',
    'Café Élan',
    "Ng'ang'a & Sons",
    'Duka la Mũgĩ',
    'Elan Motors',
    'Kiosk 24',
    'Sonko',
    'Mwangi',
  ]
  const many = Array.from({ length: 20 }, (_, index) => ({ id: `s${index + 9}`, name: `Stall number ${index + 9}` }))
  const rows = [...names.map((name, index) => ({ id: `s${index + 1}`, name })), ...many]
  const looking = (...typed: string[]): Phone => dialled(['2', ...typed], but('list-shops', 'ok', { shops: rows }))

  test.each([
    ['elan', ['2 Café Élan', '5 Elan Motors']],
    ['ÉLÁN', ['2 Café Élan', '5 Elan Motors']],
    ['nganga', ["3 Ng'ang'a & Sons"]],
    ['son', ["3 Ng'ang'a & Sons", '7 Sonko']],
    ['la mug', ['4 Duka la Mugi']],
    ['  kiosk  24 ', ['6 Kiosk 24']],
  ])('%s finds the rows of which a word begins so, each with its own number', (typed, found) => {
    expect(looking(typed).text()).toBe(['Shops', ...found, '0 Back 00 Home'].join('\n'))
  })

  test('what no row has is told, and the rows stay as they were', () => {
    expect(looking('onko').text()).toMatch(/^No such shop\.\nShops\n1 Mama Njoroge\n/)
    expect(looking('elan', 'onko').text()).toBe('No such shop.\nShops\n2 Café Élan\n5 Elan Motors\n0 Back 00 Home')
    expect(looking('!?').text()).toMatch(/^Not one of the choices\.\nShops\n1 /)
    expect(looking('x', 'y', 'z').text()).toBe('Too many wrong answers. Please dial again.')
  })

  test('a number is the row that it is shown with, also when other rows are shown', () => {
    expect(looking('elan', '5').text()).toMatch(/^Elan Motors /)
    expect(looking('elan', '7').text()).toMatch(/^Sonko /)
    expect(looking('elan', '29').text()).toMatch(/^Not one of the choices\.\nShops\n2 Café/)
  })

  test('other letters look through all the rows again', () => {
    expect(looking('elan', 'son').text()).toMatch(/^Shops\n3 .*\n7 Sonko\n/)
  })

  test('back turns the pages, then shows all the rows, and then leaves', () => {
    const phone = looking('stall')
    const first = phone.text()
    expect(first).toMatch(/^Shops\n9 Stall number 9\n10 .*98 More 0 Back 00 Home$/s)
    expect(phone.type('98')).toMatch(/^Shops\n16 Stall number 16\n/)
    expect(phone.type('0')).toBe(first)
    expect(phone.type('0')).toMatch(/^Shops\n1 Mama Njoroge\n/)
    expect(phone.type('0')).toMatch(/^Hello Amina/)
  })

  test('a row that was chosen leads back to the rows it was chosen from', () => {
    const phone = looking('stall', '98', '20')
    expect(phone.text()).toMatch(/^Stall number 20 /)
    expect(phone.type('0')).toMatch(/^Shops\n16 Stall number 16\n/)
    expect(phone.type('0')).toMatch(/^Shops\n9 Stall number 9\n/)
  })
})

const booking = ['5', '2']

describe('a date', () => {
  test.each([
    ['24/11/26', '24/11/2026'],
    ['241126', '24/11/2026'],
    ['24112026', '24/11/2026'],
    ['1.12.2026', '01/12/2026'],
    ['٢٤-١١-٢٦', '24/11/2026'],
    ['23/11/26', '23/11/2026'],
    ['22/1/27', '22/01/2027'],
  ])('typed as %s is %s', (typed, shown) => {
    expect(dialled([...booking, typed]).text()).toBe(`${shown}: how big?\n1 Small one\n2 Large one\n0 Back 00 Home`)
  })

  test.each(['22/11/26', '23/1/27', '31/11/26', '2411', '24/11', 'tomorrow', '24/11/126', '1/2/3/26'])(
    '%s is outside its bounds or no day, and is asked again',
    (typed) => {
      expect(dialled([...booking, typed]).text()).toMatch(/^Not one of the choices\.\nWhich day\?/)
    },
  )

  test('is compared with others by a condition', () => {
    expect(dialled([...booking, '24/12/26', '2']).text()).toBe('We are away on 24/12/2026.')
    expect(dialled([...booking, '23/12/26', '2']).text()).toMatch(/^Number of the meter/)
  })

  test('is kept as ISO 8601 has it', () => {
    const { session } = dialled([...booking, '1/12/26']).step()
    expect(session.frames.at(-1)?.variables).toEqual({ day: '2026-12-01' })
  })
})

describe('a pick', () => {
  const size = (typed: string): unknown =>
    dialled([...booking, '241126', typed])
      .step()
      .session.frames.at(-1)?.variables.size

  test.each([
    ['1', 'small'],
    ['٢', 'large'],
    ['Small', 'small'],
    ['SMALL one', 'small'],
    ['large ONE', 'large'],
    ['lar', 'large'],
  ])('%s is the option %s', (typed, option) => {
    expect(size(typed)).toBe(option)
  })

  test.each(['3', 'medium', 'x', '', 'one', 'o'])('%j is none of the options, or could be several', (typed) => {
    expect(size(typed)).toBeUndefined()
  })

  test('is made by the words of the language that is spoken', () => {
    const { session } = dialled([...booking, '241126']).step()
    const sized = (typed: string): unknown =>
      step(
        program,
        { ...session, language: 'sw' },
        { kind: 'input', atMs: AT_MS, input: new Secret(typed) },
      ).session.frames.at(-1)?.variables.size
    expect(sized('kubwa')).toBe('large')
    expect(sized('large')).toBeUndefined()
  })
})

describe('an input that asks twice', () => {
  const metering = [...booking, '241126', '1']
  const first = 'Number of the meter:\n0 Back 00 Home'
  const again = 'Once more, for 24/11/2026:\n0 Back 00 Home'

  test('goes on where the two are equal, however they are written', () => {
    const phone = dialled(metering)
    expect(phone.text()).toBe(first)
    expect(phone.type('1234567')).toBe(again)
    expect(phone.type('123-45 67')).toMatch(/^Booked for 24\/11\/2026, meter 4567\.\n/)
  })

  test('says that they differ and asks from the beginning', () => {
    const phone = dialled([...metering, '1234567'])
    expect(phone.type('7654321')).toBe(`The two differ.\n${first}`)
    expect(phone.type('7654321')).toBe(again)
    expect(phone.type('7654321')).toMatch(/^Booked for 24\/11\/2026, meter 4321\.\n/)
  })

  test('asks the second time again where it is no value at all', () => {
    expect(dialled([...metering, '1234567', 'x']).text()).toBe(`Not one of the choices.\n${again}`)
  })

  test('counts each pair that differs as a wrong answer', () => {
    const phone = dialled([...metering, '1234567', '1111111', '1234567', '1111111', '1234567'])
    expect(phone.text()).toBe(again)
    expect(phone.type('1111111')).toBe('Too many wrong answers. Please dial again.')
  })

  test('leads back from the second time to the first, and from there to the screen before', () => {
    const phone = dialled([...metering, '1234567'])
    expect(phone.type('0')).toBe(first)
    expect(phone.type('0')).toMatch(/how big/)
  })

  test('asks from the beginning, too, when one comes back to it later', () => {
    const phone = dialled([...metering, '1234567', '1234567'])
    expect(phone.type('0')).toBe(first)
    expect(phone.type('0')).toMatch(/how big/)
  })

  test('keeps the value typed first until it is confirmed, and no longer', () => {
    expect(dialled([...metering, '1234567']).step().session.typed).toBe('1234567')
    expect(
      dialled([...metering, '1234567'])
        .step()
        .session.frames.at(-1)?.variables.meter,
    ).toBeUndefined()
    expect(dialled([...metering, '1234567', '1234567']).step().session.typed).toBe('')
  })
})

test('a screen with its own number of tries leads where it says after them', () => {
  const phone = dialled([...booking, 'x'])
  expect(phone.text()).toBe('Not one of the choices.\nWhich day?\n0 Back 00 Home')
  expect(phone.type('x')).toMatch(/^Please call us to book\.\nHello Amina\n/)
})

test('where there is no screen to go back to, back still leads to the first time', async () => {
  const tiny = await loadMenuSources(menuFolder('tiny'))
  const main = `
variables: { meter: { digits: 11 } }
start: first
screens:
  first:
    input: Meter
    type: { digits: { min: 7, max: 11 } }
    as: meter
    confirm_twice: true
    again: Again
    go: last
  last: { end: Bye }
`
  const result = compile({ ...tiny, 'main.yaml': main }, contracts, messageContracts, kenya)
  if (result.kind === 'refused') throw new Error(result.problems.map(describeProblem).join('\n'))
  const phone = dial(result.program, answers)
  expect(phone.text()).toBe('Meter')
  expect(phone.type('1234567')).toBe('Again\n0 Back')
  expect(phone.type('0')).toBe('Meter')
})

describe('a profile with keys for the previous page and for the end', () => {
  const profile = async (inputs: readonly string[]): Promise<Phone> => {
    const phone = dial(await compiled(await keysProfile()), answers)
    for (const input of inputs) phone.type(input)
    return phone
  }

  test('shows them in the footer, on every screen', async () => {
    const phone = await profile([])
    expect(phone.text()).toMatch(/\n# Exit$/)
    expect(phone.type('2')).toMatch(/\n98 More 0 Back 00 Home # Exit$/)
    expect(phone.type('98')).toMatch(/\n98 More 97 Before 0 Back 00 Home # Exit$/)
  })

  test('turns a page back by its own key, and back then leaves the list', async () => {
    const phone = await profile(['2', '98'])
    expect(phone.type('97')).toMatch(/^Shops\n1 /)
    expect((await profile(['2', '98', '0'])).text()).toMatch(/^Hello/)
  })

  test.each([
    ['the first screen', []],
    ['a list', ['2']],
    ['a confirmation, which is then not made', ['1', '0700000002', '500']],
    ['an input asked twice', [...booking, '241126', '1', '1234567']],
  ])('ends the dialogue with its words, from %s', async (_from, inputs) => {
    const phone = await profile(inputs)
    const before = phone.runs.length
    expect(phone.type('#')).toBe('Good bye.')
    expect(phone.step().reply.end).toBe(true)
    expect(phone.runs).toHaveLength(before)
  })
})

describe('a dialled string of answers', () => {
  test('shows a confirmation, never answers it, and says why', () => {
    const phone = dial(program, answers, amina, ['1', '0700000002', '500', '73915'])
    expect(phone.text()).toBe(
      'Never dial your PIN.\nSend KES 500 to Juma K. 0700***002\nFee KES 13\nEnter PIN\n0 Back 00 Home',
    )
    expect(phone.runs.map(({ action }) => action)).toEqual(['find-payee', 'quote'])
  })

  test('stops where there is news, so that the rest answers no other question', () => {
    const phone = dial(program, answers, amina, ['1', '0711111111', '0700000002'])
    expect(phone.text()).toBe('0711111111 has no account.\nSend to:\n0 Back 00 Home')
  })

  test('stops at an answer that is not valid', () => {
    const phone = dial(program, answers, amina, ['1', 'x', '0700000002'])
    expect(phone.text()).toBe('Not a phone number.\nSend to:\n0 Back 00 Home')
  })
})

describe('the caller', () => {
  test('is led by what is known of them', () => {
    expect(dial(program, answers, { ...amina, status: 'enrolled' }).text()).toBe('Please see an agent.')
    expect(dial(program, answers, { ...amina, status: 'unknown' }).text()).toBe(
      'Welcome, 0700000001. You have no account.',
    )
  })

  test('whose language the menus lack is spoken to in the base language', () => {
    expect(dial(program, answers, amina, [], 'fr').text()).toMatch(/^Hello Amina/)
  })

  test('has a name that is folded to the alphabet of the screen and cut to its width', () => {
    const name = 'Wanjirũ 😀\nMũgĩ'
    expect(dial(program, answers, { ...amina, firstName: name }).text()).toMatch(/^Hello Wanjiru \? Mugi\n/)
    expect(dial(program, answers, { ...amina, firstName: 'A'.repeat(30) }).text()).toMatch(/^Hello A{20}\n/)
  })
})
