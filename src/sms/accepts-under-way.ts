import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Queryable } from '../database/database.ts'
import { possibleKeys, providerKey } from './provider-ids.ts'

/** By database and key: answers to submits that are being committed by this process. */
const underWay = new WeakMap<Queryable, Map<string, Promise<unknown>>>()

/** Lets reports on these ids wait for `commit`, since a network often sends them in the same packet as its answer. */
export async function acceptUnderWay(
  database: Queryable,
  providerIds: readonly string[],
  commit: Promise<unknown>,
): Promise<void> {
  const keys = underWay.get(database) ?? new Map<string, Promise<unknown>>()
  underWay.set(database, keys)
  const own = providerIds.filter((id) => id !== '').map(providerKey)
  for (const key of own) keys.set(key, commit)
  try {
    await commit
  } finally {
    for (const key of own) if (keys.get(key) === commit) keys.delete(key)
  }
}

/** Resolves once no answer that names this id is being committed here, whether or not that succeeded. */
export async function acceptSettled(database: Queryable, providerId: string): Promise<void> {
  // The answer may be in the same packet, and its sender hears of it within this turn.
  await nextTurn()
  const keys = underWay.get(database)
  if (keys === undefined || keys.size === 0) return
  const commits = possibleKeys(providerId).flatMap((key) => keys.get(key) ?? [])
  await Promise.allSettled(commits)
}
