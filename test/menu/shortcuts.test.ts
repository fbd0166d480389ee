import { readFile } from 'node:fs/promises'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Program } from '../../src/menu/program.ts'
import { type Answers, amina, compiled, dial, menuFolder, type Phone } from './support.ts'

const SHORTCUTS = `shortcuts:
  "1": send.to
  "1*{to}": send.amount
  "1*{to}*{amount}": send.confirm
  "3": main.balance
  "5": main.settings
  "5*1*{nickname}": main.named
`

const folder = menuFolder('small')
const read = (file: string): Promise<string> => readFile(`${folder}/${file}`, 'utf8')

/** The enrolled begin at an input here. */
const asked = (main: string): string =>
  main.replace(/agent: \{ end: .*\}/, 'agent: { input: Nickname, type: { text: 20 }, as: nickname, go: named }')

let program: Program
let service: string
beforeAll(async () => {
  service = (await read('service.yaml')) + SHORTCUTS
  program = await compiled({ 'service.yaml': service })
})

const answers: Answers = ({ action, input }) => {
  if (action === 'find-payee')
    return input.number === '+254700000002'
      ? { outcome: 'found', values: { id: 'juma', name: 'Juma K.' } }
      : { outcome: 'unknown' }
  if (action === 'quote')
    return Number(input.amount) > 50_000_000
      ? { outcome: 'insufficient', values: { available: '500050' } }
      : { outcome: 'quoted', values: { fee: '1300' } }
  if (action === 'list-shops') return { outcome: 'ok', values: { shops: [{ id: '1', name: 'Duka' }] } }
  return { outcome: 'failed' }
}

const dialled = (...tokens: string[]): Phone => dial(program, answers, amina, tokens)
function typed(...inputs: string[]): Phone {
  const phone = dial(program, answers)
  for (const input of inputs) phone.type(input)
  return phone
}

const number = fc.constantFrom('0700000002', '+254700000002', '0711111111', '12', 'x', '٠٧٠٠٠٠٠٠٠٢', '')
/** Not `0` and `00`, which lead back and home where they are typed. */
const amount = fc.oneof(
  fc.integer({ min: 1, max: 1_000_000 }).map(String),
  fc.constantFrom('0.5', 'x', '1,000', '', '٥٠٠'),
)

test('a dialled code does what typing the same answers does, with the same session and the same way back', () => {
  fc.assert(
    fc.property(number, fc.option(amount), (to, sum) => {
      const short = dialled('1', to, ...(sum === null ? [] : [sum]))
      const long = typed('1')
      long.type(to)
      if (sum !== null && long.step().reply.screen === 'send.amount') long.type(sum)
      // Nobody counts the answers of a dialled code.
      expect({ ...short.step(), heard: null }).toEqual({ ...long.step(), heard: null })
    }),
    { numRuns: 200 },
  )
})

test('whatever is dialled, no confirmation is answered and no secret is asked to be checked', () => {
  const menus = fc.constantFrom('1', '2', '3', '4', '5', '0', '00', '98')
  const token = fc.oneof(menus, fc.constantFrom('0700000002', '500', '73915', '1234', '123456'))
  fc.assert(
    fc.property(fc.array(token, { maxLength: 8 }), (tokens) => {
      for (const { effect, secret } of dialled(...tokens).runs)
        expect({ effect, secret }).not.toMatchObject({ effect: 'write' })
      for (const { secret } of dialled(...tokens).runs) expect(secret).toBeNull()
    }),
    { numRuns: 300 },
  )
})

test('a published code leads to the same screen with the same values after the menus were rearranged', async () => {
  const main = (await read('main.yaml'))
    .replace('{ key: "1", text: Send money, go: send }', '{ key: "7", text: Money, go: money }')
    .replace(
      '  settings:\n',
      '  money:\n    menu: Money\n    choices: [{ key: "4", text: Send, go: send }]\n  settings:\n',
    )
  const languages = `${await read('languages/sw.yaml')}main.money.text: Fedha\nmain.money.choice.4: Tuma\n`
  const moved = languages.replace('main.home.choice.1', 'main.home.choice.7')
  const rearranged = await compiled({ 'main.yaml': main, 'service.yaml': service, 'languages/sw.yaml': moved })
  const phone = dial(rearranged, answers, amina, ['1', '0700000002', '500'])
  expect(phone.text()).toBe('Send KES 500 to Juma K. 0700***002\nFee KES 13\nEnter PIN\n0 Back 00 Home')
  const was = dialled('1', '0700000002', '500').step().session
  expect(phone.step().session.frames.at(-1)).toEqual(was.frames.at(-1))
})

describe('a code', () => {
  test.each(['unknown', 'enrolled'] as const)('leads somebody who is %s where a plain dial leads', (status) => {
    const who = { ...amina, status }
    expect(dial(program, answers, who, ['1', '0700000002', '500']).step()).toEqual(dial(program, answers, who).step())
  })

  test('is no answer to a screen that it was not published for', async () => {
    const other = await compiled({ 'main.yaml': asked(await read('main.yaml')), 'service.yaml': service })
    const enrolled = { ...amina, status: 'enrolled' } as const
    const phone = dial(other, answers, enrolled, ['1', '0700000002'])
    expect(phone.text()).toMatch(/^Nickname\n?/)
    expect(phone.step()).toEqual(dial(other, answers, enrolled).step())
  })

  test('leads nobody through a choice that is not open to them', () => {
    const nobody = { ...amina, name: 'Nobody' }
    expect(dial(program, answers, nobody, ['5', '1', 'Mina']).step()).toEqual(dial(program, answers, nobody).step())
    expect(dialled('5', '1', 'Mina').text()).toBe('You are Mina.\n1 Change\n0 Back 00 Home')
  })

  test('gives no way out for a value', () => {
    expect(dialled('5', '1', '0').text()).toMatch(/^Not one of the choices\.\nNickname:/)
  })

  test('that is the longest wins, and what it does not take is answered on plain screens', () => {
    expect(dialled('5', '1').text()).toMatch(/^Nickname, Amina\?/)
    expect(dialled('5', '1', 'Mina', '1').text()).toMatch(/^Nickname, Amina\?/)
  })
})

describe('what may be a PIN', () => {
  test('is warned of where a code takes a value that it cannot be', () => {
    expect(dialled('1', '73915').text()).toMatch(/^Never dial your PIN\.\n/)
    expect(dialled('1', '73915').step().session.wrong).toBe(0)
    expect(JSON.stringify(dialled('1', '73915').step())).not.toContain('73915')
  })

  test.each([
    ['73915'],
    ['1', '0700000002', '500', '73915'],
    ['3', '73915'],
    ['5', '7391'],
    ['2', '123456'],
    ['1', '0700000002', '500', '7'],
  ])('is not read beyond a code: %s %s %s %s', (...tokens) => {
    const phone = dialled(...tokens)
    expect(phone.text()).toMatch(/^Never dial your PIN\.\n/)
    const { session } = phone.step()
    const plain = dialled(...tokens.slice(0, -1)).step().session
    expect(session).toEqual(plain)
  })
})

describe('a dropped session', () => {
  const ours = async (): Promise<Program> =>
    compiled({
      'service.yaml': `${await read('service.yaml')}resume: { within_minutes: 5, text: "Go on, {me.first_name}?", continue: "Yes", over: "No" }\n`,
      'languages/sw.yaml': `${await read('languages/sw.yaml')}service.resume.text: "Endelea, {me.first_name}?"\nservice.resume.continue: Ndiyo\nservice.resume.over: Hapana\n`,
    })
  const dropped = async (language: string): Promise<{ phone: Phone; shown: string }> => {
    const phone = dial(await ours(), answers, amina, ['1', '0700000002', '500'], language)
    return { phone, shown: phone.text() }
  }

  test.each([
    ['en', 'Go on, Amina?\n1 Yes\n2 No'],
    ['sw', 'Endelea, Amina?\n1 Ndiyo\n2 Hapana'],
  ])('is offered in its own language: %s', async (language, words) => {
    expect((await dropped(language)).phone.resume()).toBe(words)
  })

  test('goes on where it was, with all it knew and nothing run', async () => {
    const { phone, shown } = await dropped('en')
    const before = phone.step().session
    const runs = phone.runs.length
    phone.resume()
    expect(phone.step().heard).toBeNull()
    expect(phone.type('1')).toBe(shown)
    expect(phone.step().heard).toBe('answered')
    expect(phone.step().session).toEqual(before)
    expect(phone.runs).toHaveLength(runs)
  })

  test.each(['2', '00'])('is forgotten by who types %s', async (key) => {
    const { phone } = await dropped('en')
    phone.resume()
    phone.type(key)
    expect(phone.step()).toEqual({ ...dial(await ours(), answers).step(), heard: 'answered' })
  })

  test('asks again where the answer is none, and in the end ends', async () => {
    const { phone } = await dropped('en')
    phone.resume()
    expect(phone.type('73915')).toBe('Not one of the choices.\nGo on, Amina?\n1 Yes\n2 No')
    expect(phone.step().heard).toBe('invalid')
    phone.type('x')
    expect(phone.type('x')).toBe('Too many wrong answers. Please dial again.')
    expect(phone.step().reply.end).toBe(true)
  })
})

describe('how the last transfer ended', () => {
  const told = `last_transfer: { sent: "Sent {amount} to {name}, {reference}.", paid: "Paid {reference}.", processing: "{reference}?", refused: "Not sent." }\n`
  const swahili = [
    'sent: "{amount} {name} {reference}."',
    'paid: "{reference}."',
    'processing: "{reference}?"',
    'refused: Hapana.',
  ]
  const ours = async (main = 'main.yaml'): Promise<Program> =>
    compiled({
      'main.yaml': main === 'main.yaml' ? await read(main) : main,
      'service.yaml': service + told,
      'languages/sw.yaml':
        (await read('languages/sw.yaml')) + swahili.map((line) => `service.last_transfer.${line}\n`).join(''),
    })
  const last = { outcome: 'sent', values: { amount: '50000', name: 'Juma K.', reference: 'QX7K2M9PLT' } } as const

  test('stands above the first menu, and is gone from the next screen on', async () => {
    const phone = dial(await ours(), answers, amina, [], 'en', last)
    expect(phone.text()).toMatch(/^Sent KES 500 to Juma K\., QX7K2M9PLT\.\nHello Amina\n/)
    expect(phone.type('1')).toBe('Send to:\n0 Back 00 Home')
    expect(phone.type('0')).toMatch(/^Hello Amina\n/)
  })

  test('is not told to whom no menu is shown, nor by menus without words for it', async () => {
    const enrolled = { ...amina, status: 'enrolled' } as const
    expect(dial(await ours(), answers, enrolled, [], 'en', last).text()).toBe('Please see an agent.')
    const other = await ours(asked(await read('main.yaml')))
    expect(dial(other, answers, enrolled, [], 'en', last).text()).toMatch(/^Nickname/)
    expect(dial(program, answers, amina, [], 'en', last).text()).toMatch(/^Hello Amina\n/)
  })
})
