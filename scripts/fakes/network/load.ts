import { draw } from './draw.ts'
import type { UssdCentre } from './ussd.ts'

/** What phones can do in large numbers. */
export type Phoning = {
  /** False: nobody is there to receive it. */
  sms(from: string, to: string, text: string): boolean
  readonly ussd: Pick<UssdCentre, 'dial' | 'answer' | 'hangUp'>
}

export type LoadRequest = {
  readonly kind: 'sms' | 'ussd'
  readonly perSecond: number
  readonly seconds: number
  /** Where the messages go; what a phone dials. */
  readonly to: string
  /** Messages: one of these, by chance. Dialogues: the answers, in order; what goes on after the last is hung up. */
  readonly texts: readonly string[]
  /** Numbers begin with this, and have twelve digits in all. */
  readonly prefix: string
}

/** `done`: handed to a receiver, or dialogues that ended; `failed`: nobody listened, or dialogues that broke; `skipped`: too many open. */
export type LoadState = {
  readonly running: boolean
  readonly sent: number
  readonly done: number
  readonly failed: number
  readonly skipped: number
  readonly open: number
  readonly maxOpen: number
}

export type Load = {
  /** Begins, in place of what was running. */
  start(request: LoadRequest): void
  stop(): void
  state(): LoadState
}

const TICK_MS = 10
/** Dialogues open at any time; what would be more is skipped and counted, so that a dead gateway fills no memory. */
const MOST_OPEN = 5_000
const DIGITS = 12

/** Many phones at once, with numbers and texts that the seed decides. */
export function makeLoad(phoning: Phoning, seed: () => number): Load {
  let counts = { sent: 0, done: 0, failed: 0, skipped: 0, open: 0, maxOpen: 0 }
  let timer: NodeJS.Timeout | null = null

  function stop(): void {
    if (timer !== null) clearInterval(timer)
    timer = null
  }

  function number(prefix: string, count: number): string {
    const digits = prefix.replace(/^\+/, '')
    const rest = Math.max(0, DIGITS - digits.length)
    return `+${digits}${String(Math.floor(draw(seed(), 'number', count) * 10 ** rest)).padStart(rest, '0')}`
  }

  /** Dials, answers each screen, and hangs up where the dialogue goes on after the last answer. */
  async function play(from: string, [dialled = '', ...answers]: readonly string[]): Promise<'ended' | 'failed'> {
    let shown = await phoning.ussd.dial(from, dialled)
    for (const answer of answers) {
      if (shown.kind === 'ended' || shown.end) break
      shown = await phoning.ussd.answer(from, answer)
    }
    if (shown.kind === 'ended') return 'failed'
    if (!shown.end) await phoning.ussd.hangUp(from)
    return 'ended'
  }

  function one(request: LoadRequest): void {
    const ours = counts
    ours.sent += 1
    const from = number(request.prefix, ours.sent)
    if (request.kind === 'sms') {
      const text = request.texts[Math.floor(draw(seed(), 'text', ours.sent) * request.texts.length)] ?? ''
      if (phoning.sms(from, request.to, text)) ours.done += 1
      else ours.failed += 1
      return
    }
    if (ours.open >= MOST_OPEN) {
      ours.skipped += 1
      return
    }
    ours.open += 1
    ours.maxOpen = Math.max(ours.maxOpen, ours.open)
    void play(from, [request.to, ...request.texts])
      .catch(() => 'failed' as const)
      .then((outcome) => {
        ours.open -= 1
        if (outcome === 'ended') ours.done += 1
        else ours.failed += 1
      })
  }

  return {
    start(request) {
      stop()
      counts = { sent: 0, done: 0, failed: 0, skipped: 0, open: 0, maxOpen: 0 }
      const [startMs, total] = [performance.now(), Math.round(request.perSecond * request.seconds)]
      timer = setInterval(() => {
        const owed = Math.min(total, Math.floor(((performance.now() - startMs) * request.perSecond) / 1000))
        while (counts.sent < owed) one(request)
        if (counts.sent >= total) stop()
      }, TICK_MS)
    },
    stop,
    state: () => ({ running: timer !== null, ...counts }),
  }
}

/** Reads a request from JSON; a sentence says what is wrong with it. */
export function readLoadRequest(body: unknown): LoadRequest | string {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    return 'That is no JSON object, so nothing was begun; send one such as {"kind": "sms", "perSecond": 20}.'
  const request: Record<string, unknown> = {
    ...{ kind: 'sms', perSecond: 10, seconds: 10, to: '22384', texts: ['BAL'], prefix: '+2547' },
    ...body,
  }
  const { kind, perSecond, seconds, to, texts, prefix, ...others } = request
  const [other] = Object.keys(others)
  const because = (what: string, cure: string): string => `${what}, so nothing was begun; ${cure}.`
  const between = (value: unknown, most: number): value is number =>
    typeof value === 'number' && value > 0 && value <= most
  if (other !== undefined)
    return because(`${other} is not known`, 'known are kind, perSecond, seconds, to, texts and prefix')
  if (kind !== 'sms' && kind !== 'ussd') return because('kind is neither', 'give sms or ussd')
  if (!between(perSecond, 10_000)) return because('perSecond is not right', 'give a number up to 10000')
  if (!between(seconds, 86_400)) return because('seconds is not right', 'give a number up to 86400')
  if (typeof to !== 'string' || !/^[*#+\d]{1,40}$/.test(to))
    return because('to is not right', 'give a short code, or what is dialled')
  const areTexts = Array.isArray(texts) && texts.every((text) => typeof text === 'string')
  if (!areTexts || (kind === 'sms' && texts.length === 0)) return because('texts is not right', 'give a list of texts')
  if (typeof prefix !== 'string' || !/^\+\d{1,11}$/.test(prefix))
    return because('prefix is not right', 'give the beginning of numbers, such as +2547')
  return { kind, perSecond, seconds, to, texts: texts as string[], prefix }
}
