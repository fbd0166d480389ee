import { shortName } from '../domain/names.ts'
import { proposePin as propose, setPin as set } from '../subscribers/pin.ts'
import { type Action, defineAction } from './action.ts'
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
      queued =
        by === 'activation'
          ? await notify(tx, services, context, factKey, 'welcome', { name: shortName(caller.name) })
          : await notify(tx, services, context, factKey, 'pin_changed', { at: atMs })
    })
    if (queued !== null) services.smsBell.ring(queued)
    return { outcome }
  },
)
