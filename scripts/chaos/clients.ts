import { setTimeout as sleep } from 'node:timers/promises'
import type { Call, Journey } from './history.ts'
import type { ChaosPerson } from './people.ts'
import { type Answered, type Dialogue, openCallbacks, openSmppDialogue } from './phone.ts'
import { type PlannedJourney, planJourney } from './plan.ts'
import type { ChaosWorld } from './world.ts'

/** A journey while it is under way: its calls and its confirmation are added as they happen. */
export type LiveJourney = Omit<Journey, 'confirmed' | 'calls'> & { confirmed: boolean; readonly calls: Call[] }

export type Clients = {
  readonly journeys: readonly LiveJourney[]
  /** Journeys that have begun are finished; resolves once all callbacks are answered. */
  stop(): Promise<void>
}

/** Dialogues at once in which somebody guesses a PIN. */
const GUESSES = 6
const GUESS_PAUSE_MS = 2_500
/** How often a network repeats a callback whose answer it has lost. */
const REPEATS = 2
const REPEAT_PAUSE_MS = 400
const BILL_ACCOUNTS = ['12345678901', '1234567', '12345678'] as const

/** Each client goes from one planned journey to the next, on one of its own phones; the last person of all only guesses. */
export function startClients(world: ChaosWorld, seed: number, clients: number): Clients {
  const journeys: LiveJourney[] = []
  let stopped = false
  const late: Promise<unknown>[] = []
  const callers = world.people.slice(0, -1)
  const [guesser] = world.people.slice(-1)

  async function live(client: number): Promise<void> {
    const phones = callers.filter((_, at) => at % clients === client)
    for (let n = 0; !stopped; n += 1) {
      const person = phones[n % phones.length]
      if (person === undefined) return
      const planned = planJourney(seed, client, clients, n)
      await sleep(planned.pauseMs)
      const journey = begin(`${client}-${n}`, person, planned)
      await travel(journey, person, planned, n)
      // A network takes a moment before it lets the same phone dial again; without it a gateway that is down is dialled in a tight loop.
      if (journey.calls.at(-1)?.outcome !== 'ok') await sleep(REPEAT_PAUSE_MS)
    }
  }

  function begin(
    id: string,
    { number }: ChaosPerson,
    { kind, amount }: Pick<PlannedJourney, 'kind' | 'amount'>,
  ): LiveJourney {
    const moves = kind !== 'balance' && kind !== 'guesses'
    const journey = {
      ...{ id, kind, payerId: world.ids.get(number) ?? '', amount: moves ? BigInt(amount) * 100n : null },
      ...{ confirmed: false, calls: [] },
    }
    journeys.push(journey)
    return journey
  }

  async function travel(journey: LiveJourney, person: ChaosPerson, planned: PlannedJourney, n: number): Promise<void> {
    const dialogue =
      planned.over === 'smpp'
        ? openSmppDialogue(world.network, person.number)
        : openCallbacks(world.gatewayUrls, person.number, n)
    const step = stepper(journey, dialogue)
    if (!(await openMenu(step))) return
    switch (planned.kind) {
      case 'balance':
        if (await step.type('3')) await step.type(person.pin, 'confirm')
        return
      case 'send':
      case 'abandoned':
      case 'wrong PIN': {
        const others = callers.filter(({ number }) => number !== person.number)
        const payee = others[planned.payee % others.length] ?? person
        if (!(await typeAll(step, '1', payee.number, String(planned.amount)))) return
        break
      }
      case 'bill':
        if (!(await typeAll(step, ...billInputs(planned)))) return
        break
      case 'guesses':
        return
    }
    if (!/Enter PIN/.test(step.words()) || planned.kind === 'abandoned') return dialogue.leave()
    if (
      planned.kind === 'wrong PIN' &&
      (!(await step.type(person.wrongPin, 'confirm')) || !/Enter PIN/.test(step.words()))
    )
      return
    journey.confirmed = true
    await confirm(step, person.pin, planned)
  }

  /** The confirm, its copies and older callbacks among them, all at once; and perhaps a copy that comes late. */
  async function confirm(step: Stepper, pin: string, planned: PlannedJourney): Promise<void> {
    const answered = step.type(pin, 'confirm')
    const copies = Array.from({ length: planned.copies }, () => step.again('copy'))
    const stale = Array.from({ length: planned.stale }, (_, at) => step.older(at + 1))
    await Promise.all([answered, ...copies, ...stale])
    const { lateMs } = planned
    if (lateMs !== null) late.push(sleep(lateMs).then(() => step.again('copy')))
  }

  async function guess(person: ChaosPerson): Promise<void> {
    for (let n = 0; !stopped; n += 1) {
      const journey = begin(`guesses-${n}`, person, { kind: 'guesses', amount: 0 })
      const steppers = Array.from({ length: GUESSES }, (_, at) =>
        stepper(journey, openCallbacks(world.gatewayUrls, person.number, at)),
      )
      const ready: Stepper[] = []
      for (const step of steppers) if ((await openMenu(step)) && (await step.type('3'))) ready.push(step)
      await Promise.all(ready.map((step) => step.type(person.wrongPin, 'confirm')))
      await sleep(GUESS_PAUSE_MS)
    }
  }

  const running = Promise.all([
    ...Array.from({ length: clients }, (_, client) => live(client)),
    ...(guesser === undefined ? [] : [guess(guesser)]),
  ])
  return {
    journeys,
    async stop() {
      stopped = true
      await running
      await Promise.all(late)
    },
  }
}

type Stepper = {
  /** Types; where the answer is lost, the network repeats the callback. True: the dialogue goes on. */
  type(input: string | null, as?: 'hop' | 'confirm'): Promise<boolean>
  again(as: 'copy'): Promise<void>
  older(back: number): Promise<void>
  words(): string
}

function stepper(journey: LiveJourney, dialogue: Dialogue): Stepper {
  let shown: Answered = { outcome: 'info', words: null, ended: true }
  async function record(step: Call['step'], work: () => Promise<Answered>): Promise<Answered> {
    const invokedAtMs = Date.now()
    const answered = await work()
    const { outcome, words } = answered
    journey.calls.push({ step, invokedAtMs, endedAtMs: Date.now(), outcome, words })
    return answered
  }
  return {
    async type(input, as = 'hop') {
      shown = await record(as, () => (input === null ? dialogue.dial() : dialogue.answer(input)))
      for (let repeats = 0; shown.words === null && repeats < REPEATS; repeats += 1) {
        await sleep(REPEAT_PAUSE_MS)
        shown = await record('copy', dialogue.repeat)
      }
      return shown.words !== null && !shown.ended
    },
    again: async (as) => void (await record(as, dialogue.repeat)),
    older: async (back) => void (await record('stale', () => dialogue.stale(back))),
    words: () => shown.words ?? '',
  }
}

/** Dials, and starts over where a dropped dialogue is offered again. */
async function openMenu(step: Stepper): Promise<boolean> {
  if (!(await step.type(null))) return false
  if (/1 Continue\n2 Start over$/.test(step.words()) && !(await step.type('2'))) return false
  return /Send money/.test(step.words())
}

async function typeAll(step: Stepper, ...inputs: readonly string[]): Promise<boolean> {
  for (const input of inputs) if (!(await step.type(input))) return false
  return true
}

/** The second biller says what is due and asks which amount. */
function billInputs({ biller, amount }: PlannedJourney): string[] {
  const at = biller % BILL_ACCOUNTS.length
  return ['2', String(at + 1), BILL_ACCOUNTS[at] ?? '', ...(at === 1 ? ['2'] : []), String(amount)]
}
