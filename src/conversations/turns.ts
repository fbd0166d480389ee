/** Runs work under a name only when what was begun before under that name has ended; others do not wait. */
export type InTurn = <T>(name: string, work: () => Promise<T>) => Promise<T>

/**
 * Turns within this process. Work that would wait for a lock in PostgreSQL waits here instead, so that one busy number holds one
 * connection and not all of them.
 */
export function makeTurns(): InTurn {
  const last = new Map<string, Promise<unknown>>()
  return (name, work) => {
    const mine = (last.get(name) ?? Promise.resolve()).then(work, work)
    const ended: Promise<unknown> = mine
      .catch(() => undefined)
      .finally(() => {
        if (last.get(name) === ended) last.delete(name)
      })
    last.set(name, ended)
    return mine
  }
}
