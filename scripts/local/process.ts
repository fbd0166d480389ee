import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** The number on the first line of a file; null where there is none. */
export function pidIn(path: string): number | null {
  try {
    const pid = Number.parseInt(readFileSync(path, 'utf8'), 10)
    return pid > 0 ? pid : null
  } catch {
    return null
  }
}

/** True while a process of this id runs (also one of another user). */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !isZombie(pid)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** In a container without an init process a dead orphan stays in the table, and is no use to anybody. */
function isZombie(pid: number): boolean {
  return statFields(pid)[0] === 'Z'
}

/** The process id with its start time where /proc tells it, since ids are soon given out again. */
export function identityOf(pid: number): string {
  return `${pid}:${statFields(pid)[19] ?? ''}`
}

export function isSameProcess(identity: string): boolean {
  const pid = Number.parseInt(identity, 10)
  return Number.isInteger(pid) && isAlive(pid) && identityOf(pid) === identity
}

/** Fields of /proc/<pid>/stat from the state on; the name before them may hold spaces and brackets. */
function statFields(pid: number): string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return []
  }
}

/** Sends the signals one after the other until the process is gone, each with its time to work. */
export async function endProcess(pid: number, signals: readonly NodeJS.Signals[], eachMs: number): Promise<void> {
  for (const signal of signals) {
    try {
      process.kill(pid, signal)
    } catch {
      return
    }
    for (let waitedMs = 0; waitedMs < eachMs; waitedMs += 20) {
      if (!isAlive(pid)) return
      await sleep(20)
    }
  }
}

/** The wanted loopback port when it is free, otherwise any free one. */
export async function freePort(wanted: number | null): Promise<number> {
  return (wanted !== null && (await listenOnce(wanted))) || (await listenOnce(0)) || 0
}

function listenOnce(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(null))
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : null))
    })
  })
}

/** Asks every 50 ms until the answer is yes; false when time is up. */
export async function until(question: () => Promise<boolean>, timeoutMs: number): Promise<boolean> {
  const end = Date.now() + timeoutMs
  do {
    if (await question()) return true
    await sleep(50)
  } while (Date.now() < end)
  return false
}
