import type { Guard } from '../../src/conversations/guard.ts'

/** Holds nothing. */
export const openGuard: Guard = {
  hold: () => null,
  mayBegin: () => true,
  machineSpeed: 'off',
  reserve: () => true,
  release: () => undefined,
}
