/** Slows down those who try out passwords, before anything is computed for them. */
export type BindGuard = {
  /** Whether this address may try this system_id now. */
  allows(address: string, systemId: string): boolean
  failed(address: string, systemId: string): void
  succeeded(address: string, systemId: string): void
}

const WINDOW_MS = 60_000
/** Names and addresses remembered; beyond that the oldest are forgotten, so that a stranger cannot fill the memory. */
const MAX_REMEMBERED = 10_000

type Count = { sinceMs: number; failures: number }

/**
 * Counts failures of a minute by address and by system_id. An address that got in with a system_id before is not kept out because
 * others try that system_id, or anybody could shut out a client whose name they know.
 */
export function makeBindGuard(
  { failuresPerAddress, failuresPerSystemId }: { failuresPerAddress: number; failuresPerSystemId: number },
  nowMs: () => number = () => performance.now(),
): BindGuard {
  const byAddress = new Map<string, Count>()
  const bySystemId = new Map<string, Count>()
  const known = new Map<string, true>()

  function failuresOf(counts: Map<string, Count>, key: string): number {
    const count = counts.get(key)
    return count === undefined || nowMs() - count.sinceMs > WINDOW_MS ? 0 : count.failures
  }
  function countOne(counts: Map<string, Count>, key: string): void {
    const failures = failuresOf(counts, key)
    const sinceMs = failures === 0 ? nowMs() : (counts.get(key)?.sinceMs ?? nowMs())
    remember(counts, key, { sinceMs, failures: failures + 1 })
  }
  return {
    allows(address, systemId) {
      if (failuresOf(byAddress, networkOf(address)) >= failuresPerAddress) return false
      return known.has(`${systemId} ${address}`) || failuresOf(bySystemId, systemId) < failuresPerSystemId
    },
    failed(address, systemId) {
      countOne(byAddress, networkOf(address))
      countOne(bySystemId, systemId)
    },
    succeeded(address, systemId) {
      remember(known, `${systemId} ${address}`, true)
    },
  }
}

function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key)
  map.set(key, value)
  for (const oldest of map.keys()) {
    if (map.size <= MAX_REMEMBERED) return
    map.delete(oldest)
  }
}

/** Who has an IPv6 address mostly has the 2^64 beside it. */
function networkOf(address: string): string {
  return address.includes(':') && !address.includes('.') ? address.split(':').slice(0, 4).join(':') : address
}
