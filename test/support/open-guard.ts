import type { Guard } from '../../src/conversations/guard.ts'

/** Holds nothing. */
export const openGuard: Guard = { hold: () => null, reserve: () => true, release: () => undefined }
