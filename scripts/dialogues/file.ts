import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { LineCounter, parseDocument } from 'yaml'
import { z } from 'zod'
import { parseMoney } from '../../src/domain/money.ts'
import { setStyles } from '../dial/recorder.ts'

/** A dialogue test, as docs/dialogues.md describes it. The keys of steps are those of dialoguss. */
export type Dialogue = {
  readonly description: string
  readonly given: readonly Given[]
  readonly phoneNumber: string
  readonly steps: readonly DialogueStep[]
  /** What arrives after the last step. */
  readonly sms: readonly ExpectedSms[]
  /** By the person's first name, `KES 4,500`. */
  readonly balances: Readonly<Record<string, string>>
}

export type DialogueStep = {
  /** What the subscriber does; the first step always dials. */
  readonly act:
    | { readonly kind: 'dial'; readonly dialled: string; readonly phoneNumber: string }
    | { readonly kind: 'answer'; readonly input: string }
    | { readonly kind: 'hangUp' }
    | { readonly kind: 'repeat' }
  /** What changes in the world just before. */
  readonly given: readonly Given[]
  readonly expect: string | null
  readonly expectEnd: boolean
  readonly sms: readonly ExpectedSms[]
}

export type ExpectedSms = { readonly to: string; readonly expect: string }

/** How the world of a dialogue differs from the demo's. */
export type Given =
  | { readonly kind: 'balance'; readonly person: string; readonly amount: bigint }
  | { readonly kind: 'language'; readonly person: string; readonly language: string }
  | { readonly kind: 'no question'; readonly person: string }
  | { readonly kind: 'biller'; readonly biller: string; readonly is: BillerMood }
  /** An account at the demo's provider, under the person's number. */
  | { readonly kind: 'linked'; readonly person: string }

const moods = ['well', 'slow', 'silent', 'unreachable', 'undecided', 'refusing', 'failing'] as const

/** `silent`: takes a payment and never answers; `failing`: takes it and answers with an error. */
export type BillerMood = (typeof moods)[number]

export type ReadDialogue =
  | { readonly kind: 'dialogue'; readonly dialogue: Dialogue }
  | { readonly kind: 'wrong'; readonly problems: readonly string[] }

const smsSchema = z.array(z.strictObject({ to: z.string(), expect: z.string() }))

const fileSchema = z.strictObject({
  description: z.string().min(1),
  given: z.array(z.string()).default([]),
  dial: z.string(),
  phoneNumber: z.string(),
  steps: z
    .array(
      z.strictObject({
        dial: z.string().optional(),
        phoneNumber: z.string().optional(),
        given: z.array(z.string()).optional(),
        userInput: z.string('wants quotes: "1"').optional(),
        hangUp: z.literal(true).optional(),
        repeat: z.literal(true).optional(),
        expect: z.string().optional(),
        expectEnd: z.boolean().optional(),
        sms: smsSchema.optional(),
      }),
    )
    .min(1),
  sms: smsSchema.default([]),
  balances: z.record(z.string(), z.string()).default({}),
})

type FileShape = z.infer<typeof fileSchema>

/** The files of a folder whose names end in `.yaml`, sorted. */
export function listDialogueFiles(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .map((name) => join(folder, name))
}

export function readDialogueFile(file: string): ReadDialogue {
  return readDialogue(readFileSync(file, 'utf8'))
}

export function readDialogue(source: string): ReadDialogue {
  const lines = new LineCounter()
  const document = parseDocument(source, { lineCounter: lines })
  if (document.errors.length > 0) return { kind: 'wrong', problems: document.errors.map((error) => error.message) }
  const parsed = fileSchema.safeParse(document.toJS())
  if (!parsed.success)
    return { kind: 'wrong', problems: parsed.error.issues.map((i) => `${i.path.join('.')}: ${i.message}`) }
  const problems: string[] = []
  const given = readAllGiven(parsed.data.given, problems)
  const steps = parsed.data.steps.map((step, index) => readStep(step, index, parsed.data, problems))
  if (problems.length > 0) return { kind: 'wrong', problems }
  const { description, phoneNumber, sms, balances } = parsed.data
  return { kind: 'dialogue', dialogue: { description, given, phoneNumber, steps, sms, balances } }
}

/** The file with its screens, messages and balances replaced; comments and the order of keys stay. */
export function rewriteDialogue(source: string, observed: Pick<Dialogue, 'steps' | 'sms' | 'balances'>): string {
  const document = parseDocument(source)
  observed.steps.forEach((step, index) => {
    const at = ['steps', index]
    if (step.expect !== null) document.setIn([...at, 'expect'], step.expect)
    if (step.expectEnd) document.setIn([...at, 'expectEnd'], true)
    else document.deleteIn([...at, 'expectEnd'])
    if (step.sms.length > 0) document.setIn([...at, 'sms'], document.createNode(step.sms))
  })
  if (observed.sms.length > 0) document.setIn(['sms'], document.createNode(observed.sms))
  else document.deleteIn(['sms'])
  for (const [person, balance] of Object.entries(observed.balances)) document.setIn(['balances', person], balance)
  // Read again, so that what was added is styled like what was there.
  const written = parseDocument(document.toString({ lineWidth: 0 }))
  setStyles(written)
  return written.toString({ lineWidth: 0 })
}

function readStep(step: FileShape['steps'][number], index: number, file: FileShape, problems: string[]): DialogueStep {
  const { dial, userInput, hangUp, repeat } = step
  const acts: DialogueStep['act'][] = []
  if (index === 0) acts.push({ kind: 'dial', dialled: file.dial, phoneNumber: file.phoneNumber })
  if (dial !== undefined) acts.push({ kind: 'dial', dialled: dial, phoneNumber: step.phoneNumber ?? file.phoneNumber })
  if (userInput !== undefined) acts.push({ kind: 'answer', input: userInput })
  if (hangUp) acts.push({ kind: 'hangUp' })
  if (repeat) acts.push({ kind: 'repeat' })
  const [act] = acts
  if (act === undefined || acts.length > 1) {
    problems.push(
      `steps.${index}: a step does one thing (dial, userInput, hangUp or repeat); the first one dials what the head says`,
    )
    return { act: { kind: 'hangUp' }, given: [], expect: null, expectEnd: false, sms: [] }
  }
  const given = readAllGiven(step.given ?? [], problems)
  return { act, given, expect: step.expect ?? null, expectEnd: step.expectEnd ?? false, sms: step.sms ?? [] }
}

function readAllGiven(sentences: readonly string[], problems: string[]): Given[] {
  return sentences.flatMap((sentence) => {
    const given = readGiven(sentence)
    if (given === null) problems.push(`given: "${sentence}" is not among the sentences that are understood`)
    return given ?? []
  })
}

function readGiven(sentence: string): Given | null {
  const has = /^(\w+) has (.+)$/.exec(sentence)
  const amount = parseMoney(has?.[2] ?? '', 'KES')
  if (has && amount !== null) return { kind: 'balance', person: has[1] ?? '', amount }
  const linked = /^(\w+) has linked Wave$/.exec(sentence)
  if (linked) return { kind: 'linked', person: linked[1] ?? '' }
  const lacks = /^(\w+) has no question$/.exec(sentence)
  if (lacks) return { kind: 'no question', person: lacks[1] ?? '' }
  const speaks = /^(\w+) speaks (\w+)$/.exec(sentence)
  if (speaks) return { kind: 'language', person: speaks[1] ?? '', language: speaks[2] ?? '' }
  const is = /^([\w-]+) is (\w+)$/.exec(sentence)
  const mood = moods.find((each) => each === is?.[2])
  if (is && mood !== undefined) return { kind: 'biller', biller: is[1] ?? '', is: mood }
  return null
}
