import type { Queryable } from '../database/database.ts'
import { shortName } from '../domain/names.ts'
import type { Json } from '../menu/contract.ts'
import { findById } from '../subscribers/find.ts'
import { type ChangeReason, proposePin as propose, setPin as set } from '../subscribers/pin.ts'
import { type Action, type ActionContext, defineAction, type Services } from './action.ts'
import { notify } from './notices.ts'

/** The first entry of a new PIN. */
export const proposePin: Action = defineAction(
  {
    name: 'propose-pin',
    effect: 'write',
    asks: 'new_pin',
    input: {},
    outcomes: { proposed: {}, weak: {}, not_authorised: {}, busy: {} },
  },
  async ({ pins }, { caller, sessionId }, _input, pin) => ({ outcome: await propose(pins, caller.id, sessionId, pin) }),
)

/** The second entry: sets the PIN, and tells its owner by SMS in the same commit. */
export const setPin: Action = defineAction(
  {
    name: 'set-pin',
    effect: 'write',
    asks: 'new_pin',
    input: {},
    outcomes: { set: {}, different: {}, not_authorised: {}, busy: {} },
  },
  async (services, context, _input, pin) => {
    const { caller, sessionId, atMs } = context
    let queued: Awaited<ReturnType<typeof notify>> = null
    const outcome = await set(services.pins, caller.id, sessionId, pin, async (tx, by) => {
      const factKey = `pin-set:${caller.id}:${sessionId}:${atMs}`
      const { message, values } = await noticeOf(tx, services, context, by)
      queued = await notify(tx, services, context, factKey, message, values)
    })
    if (queued !== null) services.smsBell.ring(queued)
    return { outcome }
  },
)

async function noticeOf(
  tx: Queryable,
  { sealer }: Services,
  { caller, atMs }: ActionContext,
  by: ChangeReason,
): Promise<{ message: string; values: Record<string, Json> }> {
  switch (by) {
    case 'activation':
      return { message: 'welcome', values: { name: shortName(caller.name) } }
    case 'pin':
      return { message: 'pin_changed', values: { at: atMs } }
    case 'reset': {
      const until = (await findById(tx, sealer, caller.id))?.restrictedUntil ?? null
      return { message: 'pin_reset', values: { at: atMs, until: until === null ? atMs : until.getTime() } }
    }
  }
}
