import type { Queryable } from '../database/database.ts'
import type { Json } from '../menu/contract.ts'
import type { SmsRequest } from '../menu/event.ts'
import { enqueueSms, type QueuedSms } from '../sms/outbox.ts'
import type { ActionContext, Services } from './action.ts'

/** Puts a notice to the caller into the outbox, once per fact. */
export async function notify(
  tx: Queryable,
  { sealer, messages }: Services,
  { caller, language }: ActionContext,
  factKey: string,
  message: string,
  values: Record<string, Json>,
): Promise<QueuedSms | null> {
  return enqueueSms(tx, sealer, {
    factKey,
    subscriberId: caller.id,
    to: caller.number,
    body: { kind: 'text', text: messages().render(message, language, values) },
    priority: 'receipt',
    expiresAt: null,
  })
}

/** One SMS per lock. */
export async function tellPinLocked(services: Services, context: ActionContext, until: Date): Promise<void> {
  const factKey = `pin-locked:${context.caller.id}:${until.getTime()}`
  const queued = await notify(services.database, services, context, factKey, 'pin_locked', { until: until.getTime() })
  if (queued !== null) services.smsBell.ring(queued)
}

/** One SMS per closing of the identity question. */
export async function tellAnswerLocked(services: Services, context: ActionContext, until: Date): Promise<void> {
  const factKey = `answer-locked:${context.caller.id}:${until.getTime()}`
  const values = { until: until.getTime() }
  const queued = await notify(services.database, services, context, factKey, 'answer_locked', values)
  if (queued !== null) services.smsBell.ring(queued)
}

/** The messages that the last screen of a dialogue sends along, once per session and hop. */
export async function tellAtEnd(
  services: Services,
  context: ActionContext,
  hop: number,
  requests: readonly SmsRequest[],
): Promise<void> {
  for (const [at, { message, values }] of requests.entries()) {
    const factKey = `end:${context.sessionId}:${hop}:${at}`
    const queued = await notify(services.database, services, context, factKey, message, values)
    if (queued !== null) services.smsBell.ring(queued)
  }
}
