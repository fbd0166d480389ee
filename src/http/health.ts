import { within } from '../domain/within.ts'

/** One thing that must work before traffic may come: a short name and a check that throws or answers why not. */
export type Check = { readonly name: string; readonly run: () => Promise<string | null> }

export type Health = { readonly ready: boolean; readonly checks: Readonly<Record<string, string>> }

const TIMEOUT_MS = 2000

/** Runs all checks side by side; a check that does not answer in two seconds has failed. */
export async function checkHealth(checks: readonly Check[]): Promise<Health> {
  const results = await Promise.all(checks.map(async (check) => [check.name, await verdict(check)] as const))
  return { ready: results.every(([, text]) => text === 'ok'), checks: Object.fromEntries(results) }
}

async function verdict(check: Check): Promise<string> {
  try {
    const problem = await within(TIMEOUT_MS, check.run())
    return problem === 'late' ? 'does not answer' : (problem ?? 'ok')
  } catch {
    return 'failed'
  }
}
