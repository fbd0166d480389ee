import type { DeliveryReport } from '../../src/aggregators/aggregator.ts'
import type { SendOutcome, SmsLink, SmsMessage } from '../../src/aggregators/sms-link.ts'
import type { DaySpan } from '../../src/domain/day-span.ts'
import type { Msisdn } from '../../src/domain/msisdn.ts'
import { makeKey } from '../../src/security/keys.ts'
import { makeSealer } from '../../src/security/sealing.ts'
import { recordConsent } from '../../src/sms/consent.ts'
import type { SmsServices } from '../../src/sms/deliver.ts'
import { enqueueSms, type OutgoingSms, type QueuedSms } from '../../src/sms/outbox.ts'
import { type RecordOutcome, recordDelivery } from '../../src/sms/record-delivery.ts'
import type { Events } from '../../src/telemetry/events.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { readSmsHistory } from './history.ts'

export const AMINA = '+254700000001' as Msisdn
export const JUMA = '+254700000002' as Msisdn

/** What a test's link does with a message. */
export type Script = (message: SmsMessage, count: number) => SendOutcome | Promise<SendOutcome>

export type TestLink = SmsLink & { readonly sent: SmsMessage[]; up: boolean; script: Script }

export function makeLink(
  name: string,
  options: {
    prefixes?: string[]
    script?: Script
    reports?: 'per_message'
    cost?: bigint
    segments?: (text: string) => number
  } = {},
): TestLink {
  const link: TestLink = {
    ...{ name, prefixes: options.prefixes ?? [], sent: [], up: true },
    cost: options.cost ?? null,
    ...(options.reports === undefined ? {} : { reports: options.reports }),
    ...(options.segments === undefined ? {} : { segments: options.segments }),
    script: options.script ?? ((_, count) => ({ kind: 'accepted', providerIds: [`${name}-${count}`], segments: 1 })),
    isUp: () => link.up,
    async send(message) {
      link.sent.push(message)
      return link.script(message, link.sent.length)
    },
  }
  return link
}

export const refusing =
  (reason: string, retry: boolean): Script =>
  () => ({ kind: 'refused', reason, retry })
/** About the link alone, and final there. */
export const unfit =
  (reason: string): Script =>
  () => ({ kind: 'refused', reason, retry: false, scope: 'link' })
export const losing: Script = () => ({ kind: 'unknown', cause: 'no_answer', providerIds: [] })

export type SmsWorld = {
  readonly db: TestDatabase
  readonly services: SmsServices & { links: SmsLink[]; quiet: SmsServices['quiet'] }
  /** What telemetry was told of attempts and failures. */
  readonly submitted: Parameters<Events['smsSubmitted']>[0][]
  readonly failures: unknown[]
  enqueue(overrides?: Partial<OutgoingSms>): Promise<QueuedSms>
  /** From now on that number wants nothing unasked. */
  optOut(number: Msisdn): Promise<void>
  stateOf(id: string): Promise<string | undefined>
  kindsOf(id: string): Promise<string[]>
  /** Makes a row look that many seconds older. */
  age(id: string, seconds: number): Promise<void>
  report(report: Partial<DeliveryReport>): Promise<RecordOutcome['kind']>
}

export async function makeWorld(): Promise<SmsWorld> {
  const db = await createTestDatabase()
  const sealer = makeSealer(makeKey(Buffer.alloc(32, 1)))
  const submitted: Parameters<Events['smsSubmitted']>[0][] = []
  const failures: unknown[] = []
  const services = {
    database: db.app,
    sealer,
    otpKey: makeKey(Buffer.alloc(32, 2)),
    links: [] as SmsLink[],
    from: 'NYOTA',
    quiet: { hours: null as DaySpan | null, timeZone: 'Africa/Nairobi', now: Date.now },
    events: {
      smsSubmitted: (event: Parameters<Events['smsSubmitted']>[0]) => void submitted.push(event),
      smsFailed: ({ error }: { error: unknown }) => void failures.push(error),
      swept: () => undefined,
      sweepFailed: ({ error }: { error: unknown }) => void failures.push(error),
    },
  }
  let facts = 0
  return {
    ...{ db, services, submitted, failures },
    async enqueue(overrides = {}) {
      facts += 1
      const sms: OutgoingSms = {
        factKey: `fact-${facts}`,
        subscriberId: null,
        to: AMINA,
        body: { kind: 'text', text: 'You sent KES 10.' },
        priority: 'receipt',
        expiresAt: null,
        ...overrides,
      }
      const queued = await enqueueSms(db.app, sealer, sms)
      if (queued === null) throw new Error('in the outbox already')
      return queued
    },
    async optOut(number) {
      await recordConsent(db.app, sealer, { kind: 'stop', number, via: 'sms', link: 'mno1', messageId: null })
    },
    async stateOf(id) {
      const { rows } = await db.app.query<{ state: string }>('SELECT state FROM sms_outbox WHERE id = $1', [id])
      return rows[0]?.state
    },
    kindsOf: async (id) => (await readSmsHistory(db.app, id)).map((event) => event.kind),
    async age(id, seconds) {
      await db.owner.query(
        'UPDATE sms_outbox SET not_before = not_before - make_interval(secs => $2), ring_at = ring_at - make_interval(secs => $2), expires_at = expires_at - make_interval(secs => $2) WHERE id = $1',
        [id, seconds],
      )
      await db.owner.query(
        'UPDATE sms_attempt SET started_at = started_at - make_interval(secs => $2), ended_at = ended_at - make_interval(secs => $2) WHERE outbox_id = $1',
        [id, seconds],
      )
    },
    report: async (report) =>
      (
        await recordDelivery(services, {
          link: 'mno1',
          providerId: '1',
          state: 'delivered',
          reason: null,
          to: AMINA,
          ...report,
        })
      ).kind,
  }
}
