import { readdirSync, readFileSync } from 'node:fs'
import type { Queryable } from '../../src/database/database.ts'

/** CPU time in microseconds since some moment of the past. */
export type CpuTimes = { readonly own: number; readonly postgres: number; readonly redis: number }

/** Linux counts in hundredths of a second, whatever its kernel's own tick is. */
const TICK_US = 10_000

/** Reads what this process and the stores have used so far; null where there is no /proc. */
export async function openCpuMeter(database: Queryable, redisPid: number | null): Promise<(() => CpuTimes) | null> {
  const { rows } = await database.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  const postmaster = statOf(rows[0]?.pid ?? 0)?.parent
  if (postmaster === undefined) return null
  return () => {
    const { user, system } = process.cpuUsage()
    return { own: user + system, postgres: treeUs(postmaster), redis: redisPid === null ? 0 : usOf(redisPid) }
  }
}

export function cpuBetween(from: CpuTimes, until: CpuTimes): CpuTimes {
  return { own: until.own - from.own, postgres: until.postgres - from.postgres, redis: until.redis - from.redis }
}

/** What has ended is counted with its parent. */
function treeUs(parent: number): number {
  let sum = statOf(parent)?.withEndedUs ?? 0
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const stat = statOf(Number(name))
    if (stat?.parent === parent) sum += stat.us
  }
  return sum
}

function usOf(pid: number): number {
  return statOf(pid)?.us ?? 0
}

type Stat = { readonly parent: number; readonly us: number; readonly withEndedUs: number }

/** proc(5): after the name in parentheses come the state, the parent, and from the twelfth field on user, system and ended children's times. */
function statOf(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number)
    const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = fields.slice(11, 15)
    const us = (user + system) * TICK_US
    return { parent: fields[1] ?? 0, us, withEndedUs: us + (endedUser + endedSystem) * TICK_US }
  } catch {
    return undefined
  }
}
