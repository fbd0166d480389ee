import type { Queryable } from '../database/database.ts'
import type { Program } from '../menu/program.ts'
import { BUILD, loadProgram, newestHash } from './publish.ts'

/** The menu programs of this process: the one that new dials begin with, and those that live sessions began with. */
export type Programs = {
  readonly current: () => Program
  /** The program of a session that began earlier, perhaps in another process; null when nobody has it any more. */
  readonly find: (hash: string) => Promise<Program | null>
  /** Takes up what has been published since; rejects where the database does not answer. */
  readonly refresh: () => Promise<void>
  /** Stops looking for new ones. */
  readonly close: () => Promise<void>
}

export type ProgramsOptions = {
  readonly database: Queryable
  readonly current: Program
  /** New dials begin with another program from now on. */
  readonly onChange: (program: Program) => void
  /** Looking for new menus has begun to fail; the program at hand goes on. */
  readonly onTrouble: (error: unknown) => void
  readonly lookEveryMs?: number
  readonly now?: () => number
}

/**
 * How soon every process has what was published. Asking again and again needs no connection of its own that could be lost unnoticed, and
 * one row by its index a second costs nothing.
 */
const LOOK_EVERY_MS = 1000

/** Longer than a session lives after its last answer. */
const KEPT_MS = 15 * 60_000

/** More versions than anybody publishes in that time. */
const MOST_KEPT = 32

/** Looks every second for menus that were published, by whomever, and remembers programs for as long as sessions ask for them. */
export function openPrograms(options: ProgramsOptions): Programs {
  const { database, onChange, onTrouble, lookEveryMs = LOOK_EVERY_MS, now = Date.now } = options
  let { current } = options
  /** By hash, the one asked for longest ago first. */
  const kept = new Map<string, { readonly program: Program; readonly usedMs: number }>()
  const loading = new Map<string, Promise<Program | null>>()
  let turn = Promise.resolve()
  let troubled = false
  let closed = false

  function keep(program: Program): void {
    kept.delete(program.hash)
    kept.set(program.hash, { program, usedMs: now() })
    forget()
  }

  function forget(): void {
    for (const [hash, { usedMs }] of kept) {
      if (kept.size <= MOST_KEPT && now() - usedMs <= KEPT_MS) return
      kept.delete(hash)
    }
  }

  async function find(hash: string): Promise<Program | null> {
    if (hash === current.hash) return current
    const known = kept.get(hash)?.program ?? (await load(hash))
    if (known !== null) keep(known)
    return known
  }

  /** One query for all sessions that ask at once. */
  function load(hash: string): Promise<Program | null> {
    const begun = loading.get(hash)
    if (begun !== undefined) return begun
    const promise = loadProgram(database, hash).finally(() => loading.delete(hash))
    loading.set(hash, promise)
    return promise
  }

  /** One after the other, or an older answer could come last. */
  function refresh(): Promise<void> {
    const mine = turn.then(takeUp)
    turn = mine.catch(() => undefined)
    return mine
  }

  async function takeUp(): Promise<void> {
    const hash = await newestHash(database, current.market, BUILD)
    if (hash === null || hash === current.hash) return
    const program = await find(hash)
    if (program === null) return
    keep(current)
    kept.delete(hash)
    current = program
    onChange(program)
  }

  async function look(): Promise<void> {
    forget()
    try {
      await refresh()
      troubled = false
    } catch (error) {
      if (!troubled) onTrouble(error)
      troubled = true
    }
  }

  let looking = Promise.resolve()
  let timer = setTimeout(lookAgain, lookEveryMs)
  function lookAgain(): void {
    looking = look().then(() => {
      if (!closed) timer = setTimeout(lookAgain, lookEveryMs)
    })
  }
  return {
    current: () => current,
    find,
    refresh,
    close: () => {
      closed = true
      clearTimeout(timer)
      return looking
    },
  }
}
