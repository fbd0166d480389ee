import { afterEach, describe, expect, test } from 'vitest'
import { readDialogue, rewriteDialogue } from '../../../scripts/dialogues/file.ts'
import { type DialogueWorld, playDialogue, showDifferences } from '../../../scripts/dialogues/play.ts'
import { type PhoneStub, startPhoneStub } from '../../support/phone-stub.ts'

const stubs: PhoneStub[] = []
afterEach(async () => {
  await Promise.all(stubs.splice(0).map((stub) => stub.close()))
})

const AMINA = '+254700000001'
const SENT = 'QX7K2M9PLT confirmed. KES 500 sent.'

const file = `
description: Amina sends money   # a comment of the author
dial: "*384#"
phoneNumber: "+254700000001"
steps:
  - expect: |-
      Nyota: Amina
      1 Send money
  - userInput: "1"
    expect: Enter PIN
  - userInput: "<pin>"
    expect: Sent. Ref <reference>.
    expectEnd: true
sms:
  - { to: amina, expect: "<reference> confirmed. KES 500 sent." }
balances: { amina: "KES 4,500" }
`

/** The service that `file` describes; `bodies` replace what it answers, by the cumulative text. */
async function startWorld(
  changes: Partial<{ bodies: Record<string, string>; sms: string[]; balance: string }> = {},
): Promise<DialogueWorld> {
  const bodies: Record<string, string> = {
    '': 'CON Nyota: Amina\n1 Send money',
    '1': 'CON Enter PIN',
    '1*73915': 'END Sent. Ref QX7K2M9PLT.',
    ...changes.bodies,
  }
  const stub = await startPhoneStub(({ text = '' }) => bodies[text] ?? 'END Unknown')
  stubs.push(stub)
  return {
    gateway: { url: stub.url, key: 'demo' },
    people: { amina: { number: AMINA, pin: '73915', answer: null } },
    arrange: async () => undefined,
    sentTo: async () => (changes.sms ?? [SENT]).map((text) => ({ text })),
    balanceOf: async () => changes.balance ?? 'KES 4,500',
  }
}

async function differencesOf(source: string, world: DialogueWorld): Promise<string> {
  const read = readDialogue(source)
  if (read.kind === 'wrong') throw new Error(read.problems.join('\n'))
  const played = await playDialogue(read.dialogue, world, { delivery: 'once', record: false, patienceMs: 100 })
  return showDifferences(played.differences)
}

describe('a dialogue test', () => {
  test('passes where every screen, message and balance is as it says', async () => {
    expect(await differencesOf(file, await startWorld())).toBe('')
  })

  test('passes no other word on a screen', async () => {
    const world = await startWorld({ bodies: { '1': 'CON Enter your PIN' } })
    expect(await differencesOf(file, world)).toBe('step 2\n--- expected\nEnter PIN\n--- actual\nEnter your PIN\n')
  })

  test('passes no session that goes on where it should end, or ends where it should go on', async () => {
    expect(
      await differencesOf(file, await startWorld({ bodies: { '1*73915': 'CON Sent. Ref QX7K2M9PLT.' } })),
    ).toContain('END')
    expect(await differencesOf(file, await startWorld({ bodies: { '1': 'END Enter PIN' } }))).toContain('CON')
  })

  test('passes no screen that a network would cut, even where the file has it so', async () => {
    const long = 'x'.repeat(161)
    const world = await startWorld({ bodies: { '1': `CON ${long}` } })
    expect(await differencesOf(file.replace('Enter PIN', long), world)).toContain('161/160')
    const ucs2 = 'ሰ'.repeat(81)
    const other = await startWorld({ bodies: { '1': `CON ${ucs2}` } })
    expect(await differencesOf(file.replace('Enter PIN', ucs2), other)).toContain('81/80')
  })

  test('passes no reference in the SMS that is not the one on the screen', async () => {
    const world = await startWorld({ sms: ['ABCDEFGH23 confirmed. KES 500 sent.'] })
    expect(await differencesOf(file, world)).toContain('SMS to amina')
  })

  test('passes no message that it does not list, a second receipt for one', async () => {
    expect(await differencesOf(file, await startWorld({ sms: [SENT, SENT] }))).toContain('no further message')
  })

  test('passes no other balance', async () => {
    expect(await differencesOf(file, await startWorld({ balance: 'KES 4,000' }))).toContain('balance of amina')
  })

  test('says what is wrong with a file instead of playing half of it', () => {
    const problems = (source: string): unknown => readDialogue(source)
    expect(problems(file.replace('userInput: "1"', 'userInput: 1'))).toMatchObject({
      kind: 'wrong',
      problems: ['steps.1.userInput: wants quotes: "1"'],
    })
    expect(problems(file.replace('expectEnd', 'expectedEnd'))).toMatchObject({ kind: 'wrong' })
    expect(problems(file.replace('steps:', 'given: [amina is happy]\nsteps:'))).toMatchObject({ kind: 'wrong' })
    expect(problems(file.replace('  - userInput: "1"', '  - hangUp: true\n    userInput: "1"'))).toMatchObject({
      kind: 'wrong',
    })
    expect(problems('a: [')).toMatchObject({ kind: 'wrong' })
  })
})

test('the world changes just before the step that says so', async () => {
  const happened: string[] = []
  const stub = await startPhoneStub(({ text = '' }) => {
    happened.push(text)
    return text === '' ? 'CON Menu' : 'END Bye'
  })
  stubs.push(stub)
  const arrange: DialogueWorld['arrange'] = async (given) => void happened.push(given.kind)
  const world = { ...(await startWorld({ sms: [] })), gateway: { url: stub.url, key: 'demo' }, arrange }
  const step = '  - { given: [city-power is silent], userInput: "1", expect: Bye, expectEnd: true }'
  const head = 'description: x\ndial: "*384#"\nphoneNumber: "+254700000001"'
  expect(await differencesOf(`${head}\nsteps:\n  - expect: Menu\n${step}\n`, world)).toBe('')
  expect(happened).toEqual(['', 'biller', '1'])
})

test('a repeated callback that gets other bytes is an error', async () => {
  const stub = await startPhoneStub((_, earlier) => `CON ${earlier}`)
  stubs.push(stub)
  const world = { ...(await startWorld()), gateway: { url: stub.url, key: 'demo' } }
  const read = readDialogue(file)
  if (read.kind === 'wrong') throw new Error('the file is sound')
  const played = playDialogue(read.dialogue, world, { delivery: 'thrice', record: false, patienceMs: 100 })
  await expect(played).rejects.toThrow('different bytes')
})

test('recording writes screens, messages and balances anew and keeps what the author wrote beside them', async () => {
  const world = await startWorld({
    bodies: { '': 'CON Nyota: Amina\n1 Pay', '1*73915': 'END Done. Ref QX7K2M9PLT.' },
    sms: ['QX7K2M9PLT done.'],
    balance: 'KES 1',
  })
  const read = readDialogue(file)
  if (read.kind === 'wrong') throw new Error('the file is sound')
  const played = await playDialogue({ ...read.dialogue, sms: [], balances: {} }, world, {
    delivery: 'once',
    record: true,
    patienceMs: 100,
  })
  const written = rewriteDialogue(file, { ...played.observed, balances: { amina: 'KES 1' } })
  expect(written).toContain('# a comment of the author')
  expect(written).toContain('Nyota: Amina\n      1 Pay')
  expect(written).toContain('"Done. Ref <reference>."')
  expect(written).toContain('"<reference> done."')
  expect(written).not.toContain('73915')
  expect(await differencesOf(written, world)).toBe('')
})
