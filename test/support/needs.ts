/** On the global object, since the runner and the test file may each load this module. */
const needs = globalThis as { nyotaTestsNeedRedis?: true }

/** Called where a test file imports the support that needs a Redis. */
export function needsRedis(): void {
  needs.nyotaTestsNeedRedis = true
}

export function redisIsNeeded(): boolean {
  return needs.nyotaTestsNeedRedis === true
}
