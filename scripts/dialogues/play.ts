import { setTimeout as pause } from 'node:timers/promises'
import { readReply } from '../dial/call.ts'
import { measureScreen, showLength } from '../dial/counter.ts'
import type { GatewayAddress } from '../dial/gateway.ts'
import type { Bindings } from '../dial/marks.ts'
import { fillMarks, matchMarked, putMarks } from '../dial/marks.ts'
import type { Delivery, UssdSession } from './client.ts'
import { makeAfricasTalkingClient } from './client.ts'
import type { Dialogue, DialogueStep, ExpectedSms, Given } from './file.ts'

/** What a dialogue is played against: a gateway, the people of the dialogue, and windows on what came of it. */
export type DialogueWorld = {
  readonly gateway: GatewayAddress
  /** By first name in small letters. */
  readonly people: Readonly<
    Record<string, { readonly number: string; readonly pin: string | null; readonly answer: string | null }>
  >
  /** Every SMS sent to a number so far, in order. */
  sentTo(number: string): Promise<readonly { readonly text: string }[]>
  /** Changes the world in the middle of a dialogue. */
  arrange(given: Given): Promise<void>
  /** `KES 4,500`. */
  balanceOf(number: string): Promise<string>
}

export type Difference = { readonly where: string; readonly expected: string; readonly actual: string }

export type Played = {
  /** Ends with the first screen that was not the expected one: what follows a wrong screen says nothing. */
  readonly differences: readonly Difference[]
  /** The dialogue as it went, with marks. */
  readonly observed: Pick<Dialogue, 'steps' | 'sms' | 'balances'>
}

export type PlayOptions = {
  readonly delivery: Delivery
  readonly record: boolean
  /** How long a message or a balance may take to become what the dialogue expects. */
  readonly patienceMs: number
}

/** Other PINs that anybody may choose: `<pin 2>`, `<pin 3>`, `<pin 4>`. */
const SPARE_PINS = ['40826', '59371', '82604']
const POLL_MS = 20
/** When a dialogue is recorded nobody knows how many messages come; after such a silence it was the last one. */
const SILENCE_MS = 1500

/**
 * Plays a dialogue over HTTP and compares. `record` goes on after differences, to write the file anew. Every screen is also measured against what a
 * network carries, whatever the file says.
 */
export async function playDialogue(dialogue: Dialogue, world: DialogueWorld, options: PlayOptions): Promise<Played> {
  const client = makeAfricasTalkingClient(world.gateway, options.delivery)
  const bindings: Bindings = new Map()
  const mailbox = makeMailbox(world, options.patienceMs)
  const differences: Difference[] = []
  const steps: DialogueStep[] = []
  let session: UssdSession | null = null
  let phoneNumber = dialogue.phoneNumber

  for (const [index, step] of dialogue.steps.entries()) {
    const where = `step ${index + 1}`
    const difference = (expected: string, actual: string): void => void differences.push({ where, expected, actual })
    const { act } = step
    for (const given of step.given) await world.arrange(given)
    let body: string | null = null
    if (act.kind === 'dial') {
      phoneNumber = act.phoneNumber
      session = await client.dial(phoneNumber, (await typed(act.dialled, phoneNumber)) ?? act.dialled)
      body = session.body()
    } else if (session === null) throw new Error(`${where}: there is no session`)
    else if (act.kind === 'answer') {
      const input = await typed(act.input, phoneNumber)
      if (input === null) {
        difference(`a value for ${act.input}`, 'no message brought one')
        break
      }
      body = await session.answer(input)
    } else if (act.kind === 'hangUp') await session.end('Incomplete')
    else {
      const before = session.body()
      const again = await session.repeat()
      if (again !== before) difference(before, again)
    }
    const seen = body === null ? { expect: null, expectEnd: false } : compareScreen(step, body, bindings, difference)
    if (seen.expectEnd) await session.end('Success')
    if (differences.length > 0 && !options.record) return { differences, observed: { ...dialogue, steps } }
    steps.push({ ...step, ...seen, sms: await expectSms(step.sms, where) })
  }

  const sms = await expectSms(dialogue.sms, 'sms')
  for (const extra of await (options.record
    ? mailbox.rest('all', SILENCE_MS)
    : mailbox.rest(phonesOf(dialogue, world), 0))) {
    differences.push({ where: `sms to ${extra.to}`, expected: 'no further message', actual: extra.text })
    sms.push({ to: extra.to, expect: putMarks(extra.text, bindings) })
  }
  const balances = await compareBalances(dialogue.balances, world, differences, options.record ? 0 : options.patienceMs)
  return { differences, observed: { steps, sms, balances } }

  /** What is typed for an answer of the file; when recording, a message that nobody listed may bring the code. */
  async function typed(input: string, from: string): Promise<string | null> {
    bindings.delete('<pin>')
    const person = Object.values(world.people).find(({ number }) => number === from)
    if (person?.pin) bindings.set('<pin>', person.pin)
    if (person?.answer) bindings.set('<answer>', person.answer)
    SPARE_PINS.forEach((pin, index) => void bindings.set(`<pin ${index + 2}>`, pin))
    let filled = fillMarks(input, bindings)
    for (let last = steps.at(-1); filled === null && options.record && last !== undefined; last = steps.at(-1)) {
      const message = await mailbox.take(from, () => true)
      if (message === null) return null
      const sms = [...last.sms, { to: nameOf(from, world), expect: putMarks(message, bindings) }]
      steps[steps.length - 1] = { ...last, sms }
      filled = fillMarks(input, bindings)
    }
    return filled
  }

  async function expectSms(expected: readonly ExpectedSms[], where: string): Promise<ExpectedSms[]> {
    const seen: ExpectedSms[] = []
    for (const { to, expect } of expected) {
      const number = world.people[to]?.number ?? to
      const anything = options.record && expect === ''
      const matched = await mailbox.take(number, (text) => anything || matchMarked(expect, text, bindings))
      if (matched !== null) {
        seen.push({ to, expect: anything ? putMarks(matched, bindings) : expect })
        continue
      }
      const other = await mailbox.take(number, () => true, 0)
      differences.push({ where: `${where}: SMS to ${to}`, expected: expect, actual: other ?? 'nothing arrived' })
      if (other !== null) seen.push({ to, expect: putMarks(other, bindings) })
    }
    return seen
  }
}

/** Differences as a person reads them. */
export function showDifferences(differences: readonly Difference[]): string {
  return differences
    .map(({ where, expected, actual }) => `${where}\n--- expected\n${expected}\n--- actual\n${actual}\n`)
    .join('\n')
}

function compareScreen(
  step: DialogueStep,
  body: string,
  bindings: Bindings,
  difference: (expected: string, actual: string) => void,
): { expect: string; expectEnd: boolean } {
  const reply = readReply(200, body)
  if (reply.kind === 'fault') {
    difference(step.expect ?? 'a screen', body)
    return { expect: body, expectEnd: true }
  }
  const length = measureScreen(reply.text)
  if (!length.fits) difference('a screen that no network cuts', `${reply.text}\n(${showLength(length)})`)
  const matches = step.expect !== null && matchMarked(step.expect, reply.text, bindings)
  if (!matches) difference(step.expect ?? '(the file does not say)', reply.text)
  if (reply.end !== step.expectEnd) difference(step.expectEnd ? 'END' : 'CON', reply.end ? 'END' : 'CON')
  return { expect: matches ? (step.expect ?? '') : putMarks(reply.text, bindings), expectEnd: reply.end }
}

async function compareBalances(
  expected: Readonly<Record<string, string>>,
  world: DialogueWorld,
  differences: Difference[],
  patienceMs: number,
): Promise<Record<string, string>> {
  const seen: Record<string, string> = {}
  for (const [name, balance] of Object.entries(expected)) {
    const number = world.people[name]?.number ?? name
    const until = Date.now() + patienceMs
    let actual = await world.balanceOf(number)
    while (actual !== balance && Date.now() < until) {
      await pause(POLL_MS)
      actual = await world.balanceOf(number)
    }
    if (actual !== balance) differences.push({ where: `balance of ${name}`, expected: balance, actual })
    seen[name] = actual
  }
  return seen
}

type Mailbox = {
  /** The first message to this number that was not taken yet and fits; null when none came in time. */
  take(number: string, fits: (text: string) => boolean, patienceMs?: number): Promise<string | null>
  /** What was never taken, once nothing more came for so long; from everybody's phone, or those that had a part in the dialogue. */
  rest(phones: 'all' | ReadonlySet<string>, silenceMs: number): Promise<{ to: string; text: string }[]>
}

function makeMailbox(world: DialogueWorld, usualPatienceMs: number): Mailbox {
  const taken = new Map<string, Set<number>>()
  return {
    take: async (number, fits, patienceMs = usualPatienceMs) => {
      const until = Date.now() + patienceMs
      const mine = taken.get(number) ?? new Set()
      taken.set(number, mine)
      for (;;) {
        const messages = await world.sentTo(number)
        const index = messages.findIndex(({ text }, at) => !mine.has(at) && fits(text))
        if (index >= 0) {
          mine.add(index)
          return messages[index]?.text ?? null
        }
        if (Date.now() >= until) return null
        await pause(POLL_MS)
      }
    },
    rest: async (phones, silenceMs) => {
      await pause(silenceMs)
      const watched = Object.entries(world.people).filter(([, { number }]) => phones === 'all' || phones.has(number))
      const left = watched.map(async ([to, { number }]) =>
        (await world.sentTo(number)).flatMap(({ text }, at) => (taken.get(number)?.has(at) ? [] : [{ to, text }])),
      )
      return (await Promise.all(left)).flat()
    },
  }
}

/** Those that dial, and those that the file says get something. */
function phonesOf({ steps, sms }: Dialogue, world: DialogueWorld): ReadonlySet<string> {
  const dialling = steps.flatMap(({ act }) => (act.kind === 'dial' ? [act.phoneNumber] : []))
  const told = [...sms, ...steps.flatMap((step) => step.sms)].map(({ to }) => world.people[to]?.number ?? to)
  return new Set([...dialling, ...told])
}

function nameOf(number: string, world: DialogueWorld): string {
  return Object.entries(world.people).find(([, person]) => person.number === number)?.[0] ?? number
}
