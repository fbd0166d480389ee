import { Document, isScalar, Scalar, visit } from 'yaml'
import type { Bindings } from './marks.ts'
import { putMarks } from './marks.ts'

/** Notes what happens at a phone and gives it back as a dialogue test (test/dialogues). It never holds a PIN in the text it returns. */
export type Recorder = {
  dialled(dialled: string): void
  answered(input: string): void
  screen(text: string, end: boolean): void
  hungUp(): void
  repeated(): void
  sms(message: { to: string; text: string }): void
  toYaml(): string
}

type Step = {
  dial?: string
  userInput?: string
  hangUp?: true
  repeat?: true
  expect?: string
  expectEnd?: true
  sms?: { to: string; expect: string }[]
}

/** `owner`: what is known of whose phone it is, so that a PIN or an identity answer of theirs is told from any other. */
export function makeRecorder(phone: {
  phoneNumber: string
  description: string
  owner: { readonly pin: string | null; readonly answer: string | null } | null
}): Recorder {
  const { owner } = phone
  const bindings: Bindings = new Map()
  // The first mark is the owner's own PIN; somebody who has none yet types others.
  const pins: (string | null)[] = owner === null ? [] : [owner.pin]
  const steps: Step[] = []
  let screenText = ''

  const typed = (input: string): string => {
    const code = [...bindings].find(([mark, value]) => mark.startsWith('<code') && value === input)
    if (code) return code[0]
    if (input.toLowerCase() === owner?.answer?.toLowerCase()) return '<answer>'
    if (asksForPin(screenText, input) || pins.includes(input)) return pinMark(input, pins)
    return asksForCode(screenText, input) ? '<code>' : input
  }
  const lastStep = (): Step => {
    const last = steps.at(-1)
    if (last) return last
    const first: Step = {}
    steps.push(first)
    return first
  }

  return {
    dialled: (dialled) => {
      const dial = dialled.replace(/[^*#]+/g, (part) => (pins.includes(part) ? pinMark(part, pins) : part))
      steps.push({ dial })
    },
    answered: (input) => void steps.push({ userInput: typed(input) }),
    screen: (text, end) => {
      screenText = text
      Object.assign(lastStep(), { expect: putMarks(text, bindings) }, end ? { expectEnd: true } : {})
    },
    hungUp: () => void steps.push({ hangUp: true }),
    repeated: () => void steps.push({ repeat: true }),
    sms: ({ to, text }) => {
      const step = lastStep()
      step.sms = [...(step.sms ?? []), { to, expect: putMarks(text, bindings) }]
    },
    toYaml: () => writeDialogue({ description: phone.description, phoneNumber: phone.phoneNumber, steps }),
  }
}

/** Every language writes "PIN", and what is asked beside that word is no amount or account; a slip of the thumb holds most of a PIN. */
function asksForPin(screenText: string, input: string): boolean {
  return /\bPIN\b/i.test(screenText) && /^\p{Nd}{4,}$/u.test(input.trim())
}

/** A code whose SMS this phone never saw: it came before the phone was taken up. */
function asksForCode(screenText: string, input: string): boolean {
  return /\bSMS\b/i.test(screenText) && /^\p{Nd}{6}$/u.test(input.trim())
}

function pinMark(input: string, pins: (string | null)[]): string {
  if (!pins.includes(input)) pins.push(input)
  const index = pins.indexOf(input)
  return index === 0 ? '<pin>' : `<pin ${index + 1}>`
}

/** The first dial stands at the head of the file, as dialoguss has it. */
function writeDialogue({ steps, ...head }: { description: string; phoneNumber: string; steps: Step[] }): string {
  const [first = {}, ...rest] = steps
  const { dial = '', ...opening } = first
  const document = new Document({
    description: head.description,
    dial,
    phoneNumber: head.phoneNumber,
    steps: [opening, ...rest],
  })
  setStyles(document)
  return document.toString({ lineWidth: 0 })
}

/** Screens as literal blocks, so that a file reads as the phone does; what looks like a number or a code stays a quoted string. */
export function setStyles(document: Document): void {
  visit(document, {
    Pair(_, pair) {
      if (!isScalar(pair.key) || !isScalar(pair.value) || typeof pair.value.value !== 'string') return
      if (pair.key.value === 'expect')
        pair.value.type = pair.value.value.includes('\n') ? Scalar.BLOCK_LITERAL : Scalar.QUOTE_DOUBLE
      else if (pair.key.value !== 'description') pair.value.type = Scalar.QUOTE_DOUBLE
    },
  })
}
