import { draw, shuffled } from '../fakes/network/draw.ts'

/** What is done to the system from outside. Where one ends in a named point, the process is killed at that point and nowhere else. */
export const FAULTS = [
  'worker killed',
  'gateway killed',
  'gateway killed after the confirm',
  'worker killed before its commit',
  'worker killed after its commit',
  'worker killed while the biller works',
  'worker frozen past its lock',
  'Redis killed',
  'Redis wiped',
  'PostgreSQL crashed',
  'SMPP links cut',
  'SMPP links half dead',
  'SMPP answers lost',
  'biller slow',
  'biller silent',
  'biller errs after success',
  'biller in doubt',
  'biller undecided',
  'biller unreachable',
] as const

export type FaultKind = (typeof FAULTS)[number]

/** `forMs`: how long it lasts, where it lasts. `target`: which of several processes or billers, as an index modulo their number. */
export type PlannedFault = {
  readonly kind: FaultKind
  readonly atMs: number
  readonly forMs: number
  readonly target: number
}

export type JourneyKind = 'send' | 'bill' | 'balance' | 'abandoned' | 'wrong PIN' | 'guesses'

/** What one subscriber does next. `amount` is in whole units of the currency and in no other journey of the run. */
export type PlannedJourney = {
  readonly kind: JourneyKind
  readonly over: 'africastalking' | 'smpp'
  /** Which of the others is paid, as an index modulo their number. */
  readonly payee: number
  readonly biller: number
  readonly amount: number
  /** Copies of the confirm that the network posts beside it. */
  readonly copies: number
  /** Older callbacks of the same session, posted among the copies. */
  readonly stale: number
  /** One more copy, so long after the answer; null: none. */
  readonly lateMs: number | null
  readonly pauseMs: number
}

/** Amounts begin where a transfer has a fee. */
const LEAST_AMOUNT = 101
/** Faults never come closer than this: each needs its time to do harm. */
const LEAST_GAP_MS = 1_200
const MOST_GAP_MS = 3_500
/** Before the first fault and after the last one. */
const MARGIN_MS = 1_000

const lasting: Partial<Record<FaultKind, readonly [number, number]>> = {
  'worker frozen past its lock': [7_000, 10_000],
  'Redis killed': [300, 1_500],
  'Redis wiped': [300, 1_000],
  'PostgreSQL crashed': [300, 1_500],
  'SMPP links half dead': [2_000, 5_000],
  'SMPP answers lost': [2_000, 4_000],
  'worker killed while the biller works': [1_500, 2_500],
}
const BILLER_TROUBLE_MS = [2_500, 6_000] as const

/**
 * The faults of a run, by time: every kind of `kinds` before any comes again, in an order that the seed decides. The same seed, length and
 * kinds give the same plan.
 */
export function planFaults(seed: number, durationMs: number, kinds: readonly FaultKind[] = FAULTS): PlannedFault[] {
  if (kinds.length === 0) return []
  const roomMs = durationMs - 2 * MARGIN_MS
  const gapMs = Math.min(MOST_GAP_MS, Math.max(LEAST_GAP_MS, roomMs / kinds.length))
  const plan: PlannedFault[] = []
  for (let n = 0; MARGIN_MS + n * gapMs <= MARGIN_MS + roomMs - gapMs / 2; n += 1) {
    const round = Math.floor(n / kinds.length)
    const kind = shuffled(kinds, seed, 'faults', round)[n % kinds.length] ?? 'worker killed'
    const [least, most] = lasting[kind] ?? BILLER_TROUBLE_MS
    plan.push({
      kind,
      atMs: Math.round(MARGIN_MS + (n + draw(seed, 'when', n) / 2) * gapMs),
      forMs: Math.round(least + draw(seed, 'how long', n) * (most - least)),
      target: Math.floor(draw(seed, 'whom', n) * 1_000),
    })
  }
  return plan
}

/** The `n`th journey of a client out of so many; always the same for the same seed. */
export function planJourney(seed: number, client: number, clients: number, n: number): PlannedJourney {
  const count = n * clients + client
  const chance = (what: string): number => draw(seed, `journey ${what}`, count)
  const kind = kindFor(chance('kind'))
  return {
    kind,
    over: kind === 'send' && chance('over') < 0.12 ? 'smpp' : 'africastalking',
    payee: Math.floor(chance('payee') * 1_000),
    biller: Math.floor(chance('biller') * 1_000),
    amount: LEAST_AMOUNT + count,
    copies: chance('doubled') < 0.5 ? 0 : 1 + Math.floor(chance('copies') * 9),
    stale: chance('shuffled') < 0.7 ? 0 : 1 + Math.floor(chance('stale') * 3),
    lateMs: chance('late') < 0.7 ? null : 300 + Math.floor(chance('how late') * 3_000),
    pauseMs: Math.floor(chance('pause') * 300),
  }
}

function kindFor(chance: number): JourneyKind {
  if (chance < 0.5) return 'send'
  if (chance < 0.78) return 'bill'
  if (chance < 0.88) return 'balance'
  return chance < 0.94 ? 'abandoned' : 'wrong PIN'
}
