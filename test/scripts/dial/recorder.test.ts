import { expect, test } from 'vitest'
import { makeRecorder } from '../../../scripts/dial/recorder.ts'
import { readDialogue } from '../../../scripts/dialogues/file.ts'

const amina = {
  phoneNumber: '+254700000001',
  description: 'Amina sends money',
  owner: { pin: '73915', answer: 'Umoja Primary' },
}

test('a recorded dialogue can be read and names no PIN', () => {
  const recorder = makeRecorder(amina)
  recorder.dialled('*384#')
  recorder.screen('Nyota: Amina\n1 Send money', false)
  recorder.answered('1')
  recorder.screen('Send KES 500\nEnter PIN', false)
  recorder.answered('11111')
  recorder.screen('Wrong PIN. Tries left: 2.\nEnter PIN', false)
  recorder.answered('73915')
  recorder.screen('Sent. Ref QX7K2M9PLT.', true)
  recorder.sms({ to: '+254700000001', text: 'QX7K2M9PLT confirmed on 23/11/26 14:05.' })
  const source = recorder.toYaml()
  expect(source).not.toMatch(/73915|11111/)
  const read = readDialogue(source)
  expect(read).toMatchObject({
    kind: 'dialogue',
    dialogue: {
      phoneNumber: '+254700000001',
      steps: [
        { act: { kind: 'dial', dialled: '*384#' }, expect: 'Nyota: Amina\n1 Send money', expectEnd: false },
        { act: { kind: 'answer', input: '1' } },
        { act: { kind: 'answer', input: '<pin 2>' } },
        {
          act: { kind: 'answer', input: '<pin>' },
          expect: 'Sent. Ref <reference>.',
          expectEnd: true,
          sms: [{ to: '+254700000001', expect: '<reference> confirmed on <time>.' }],
        },
      ],
    },
  })
})

test('the PIN is masked on every screen, also where it was typed by mistake', () => {
  const recorder = makeRecorder(amina)
  recorder.dialled('*384#')
  recorder.screen('Amount:', false)
  recorder.answered('73915')
  recorder.screen('Entrez votre code PIN', false)
  recorder.answered('739155')
  expect(recorder.toYaml()).not.toContain('73915')
})

test('the PIN is masked in a dialled shortcut too', () => {
  const recorder = makeRecorder(amina)
  recorder.dialled('*384*3*73915#')
  recorder.screen('Never dial your PIN.\nEnter your PIN', false)
  expect(recorder.toYaml()).toContain('dial: "*384*3*<pin>#"')
})

test('somebody without a PIN types others', () => {
  const recorder = makeRecorder({ ...amina, owner: { pin: null, answer: null } })
  recorder.dialled('*384#')
  recorder.screen('Choose a new PIN', false)
  recorder.answered('40826')
  expect(recorder.toYaml()).toContain('"<pin 2>"')
})

test('a code that came by SMS is typed by its mark, and so is one whose SMS was never seen', () => {
  const recorder = makeRecorder(amina)
  recorder.dialled('*384#')
  recorder.sms({ to: '+254700000004', text: '493027 is your code' })
  recorder.screen('Enter the code', false)
  recorder.answered('493027')
  recorder.screen('Enter the 6-digit code from our SMS', false)
  recorder.answered('118822')
  expect(recorder.toYaml()).not.toMatch(/493027|118822/)
})

test('the answer to the identity question is masked', () => {
  const recorder = makeRecorder(amina)
  recorder.dialled('*384#')
  recorder.screen('Which was your first school?', false)
  recorder.answered('umoja primary')
  expect(recorder.toYaml()).toContain('"<answer>"')
  expect(recorder.toYaml()).not.toContain('umoja')
})

test('screens stand as literal blocks and answers in quotes', () => {
  const recorder = makeRecorder(amina)
  recorder.dialled('*384*1#')
  recorder.screen('One\nTwo', false)
  recorder.answered('0712345678')
  recorder.screen('Amount:', false)
  recorder.hungUp()
  expect(recorder.toYaml()).toBe(`description: Amina sends money
dial: "*384*1#"
phoneNumber: "+254700000001"
steps:
  - expect: |-
      One
      Two
  - userInput: "0712345678"
    expect: "Amount:"
  - hangUp: true
`)
})
