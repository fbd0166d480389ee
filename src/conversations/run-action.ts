import type { Action, ActionContext, ActionResult, Services } from '../actions/action.ts'
import { tellPinLocked } from '../actions/notices.ts'
import { within } from '../domain/within.ts'
import type { RunEffect } from '../menu/event.ts'
import { checkPin } from '../subscribers/pin.ts'

/**
 * Runs what a screen asked for, behind the PIN where its contract says so. Always answers within `deadlineMs`: `late` when the action
 * is still running (it goes on, and being idempotent may finish), `failed` when it threw.
 */
export async function runAction(
  services: Services,
  actions: ReadonlyMap<string, Action>,
  context: ActionContext,
  run: RunEffect,
  deadlineMs: number,
): Promise<ActionResult & { readonly error?: unknown }> {
  const action = actions.get(run.action)
  if (action === undefined) return { outcome: 'failed', values: {}, error: new Error(`no action ${run.action}`) }
  const work = behindPin(services, action, context, run).catch((error: unknown) => ({
    outcome: 'failed',
    values: {},
    error,
  }))
  const result = await within(deadlineMs, work)
  return result === 'late' ? { outcome: 'late', values: {} } : result
}

async function behindPin(
  services: Services,
  action: Action,
  context: ActionContext,
  run: RunEffect,
): Promise<ActionResult> {
  if (action.contract.asks !== 'pin') return action.run(services, context, run.input, run.secret)
  if (run.secret === null) throw new Error(`${run.action} was run without its PIN`)
  const check = await checkPin(services.pins, context.caller.id, run.secret)
  services.events.pinChecked({ outcome: check.kind })
  switch (check.kind) {
    case 'right':
      return action.run(services, context, run.input, null)
    case 'wrong':
      return { outcome: 'wrong_pin', values: { left: check.left } }
    case 'locked':
      if (check.byThis) await tellPinLocked(services, context, check.until)
      return { outcome: 'locked', values: { until: check.until.getTime() } }
    case 'busy':
      return { outcome: 'busy', values: {} }
  }
}
