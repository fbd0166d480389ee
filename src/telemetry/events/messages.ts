import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'

/** SMS, campaigns and the links that carry them. */
export type MessageEvents = {
  readonly smsSubmitted: (e: {
    id: string
    link: string
    outcome: 'accepted' | 'refused' | 'unknown'
    segments: number
    /** In minor units of the market's currency; 0 where it is not known. */
    cost: number
    cause: string
  }) => void
  readonly smsDelivered: (e: { link: string; status: string; reason: string }) => void
  /** `part`: others of its message are missing; `repeated`: the network sent it before. */
  readonly smsReceived: (e: { link: string; outcome: 'whole' | 'part' | 'repeated' }) => void
  readonly smsNotAcknowledged: (e: { error: unknown }) => void
  /** `keyword` is empty for words that are none; `answer` is the name of the message, or none beyond a limit. */
  readonly smsAnswered: (e: { keyword: string; answer: string }) => void
  readonly smsAnswerFailed: (e: { error: unknown }) => void
  /** A dialogue that a keyword opens from our side. */
  readonly dialoguePushed: (e: { keyword: string; outcome: 'shown' | 'unavailable' | 'refused' | 'unknown' }) => void
  readonly smsFailed: (e: { id: string; error: unknown }) => void
  /** `bound`: this bind; `up`: one of the link's at least. */
  readonly linkChanged: (e: { link: string; bind: number; bound: boolean; up: boolean; cause: string }) => void
  /** The network asked for patience. */
  readonly linkThrottled: (e: { link: string; pauseMs: number }) => void
  readonly submitAnswered: (e: {
    link: string
    outcome: 'accepted' | 'refused' | 'unknown'
    durationMs: number
  }) => void
  /** An operator's order is in force in this process. */
  readonly linkOrdered: (e: { link: string; mode: string; by: string }) => void
  readonly linkOrdersNotRead: (e: { error: unknown }) => void
  readonly campaignMoved: (e: { id: string; queued: number; skipped: number }) => void
  readonly campaignDone: (e: { id: string }) => void
  readonly campaignFailed: (e: { error: unknown }) => void
}

export function messageEvents(log: Log, { counter, gauge, durations }: Metrics): MessageEvents {
  const submitted = counter('sms_submitted_total', 'SMS handed to a link', ['link', 'outcome'])
  const segments = counter('sms_segments_total', 'Segments of accepted SMS, which is what is paid for', ['link'])
  const costs = counter('sms_cost_minor_total', "What accepted SMS cost, in minor units of the market's currency", [
    'link',
  ])
  const throttles = counter('smpp_throttled_total', 'Times that a network asked for patience', ['link'])
  const submits = durations('smpp_submit_duration_seconds', 'Time from submit_sm to its end', ['link', 'outcome'])
  const reports = counter('sms_dlr_total', 'Delivery reports', ['link', 'status'])
  const received = counter('sms_received_total', 'SMS from subscribers', ['link', 'outcome'])
  const answers = counter('sms_answers_total', 'What was answered to SMS from subscribers', ['keyword', 'answer'])
  const pushes = counter('ussd_pushes_total', 'Dialogues opened from our side', ['keyword', 'outcome'])
  const turns = counter('sms_campaign_turns_total', 'People of campaigns whose turn came', ['outcome'])
  const bound = gauge('smpp_bound', '1 while the link can send', ['link'])
  return {
    smsSubmitted({ id, link, outcome, segments: count, cost, cause }) {
      submitted({ link, outcome })
      if (outcome === 'accepted') {
        segments({ link }, count)
        costs({ link }, cost)
      }
      log.info({ event: 'sms_submitted', id, link, outcome, segments: count, cause })
    },
    smsDelivered({ link, status, reason }) {
      reports({ link, status })
      log.info({ event: 'sms_delivered', link, status, reason })
    },
    smsReceived({ link, outcome }) {
      received({ link, outcome })
      log.info({ event: 'sms_received', link, outcome })
    },
    smsNotAcknowledged: ({ error }) => log.warn({ event: 'sms_not_acknowledged', error }),
    smsAnswered({ keyword, answer }) {
      answers({ keyword, answer })
      log.info({ event: 'sms_answered', keyword, answer })
    },
    smsAnswerFailed: ({ error }) => log.error({ event: 'sms_answer_failed', error }),
    dialoguePushed({ keyword, outcome }) {
      pushes({ keyword, outcome })
      log.info({ event: 'dialogue_pushed', keyword, outcome })
    },
    smsFailed: ({ id, error }) => log.error({ event: 'sms_failed', id, error }),
    linkChanged({ link, bind, bound: isBound, up, cause }) {
      bound({ link }, up ? 1 : 0)
      log[isBound ? 'info' : 'warn']({ event: 'link_changed', link, bind, bound: isBound, up, cause })
    },
    linkThrottled({ link, pauseMs }) {
      throttles({ link })
      log.warn({ event: 'link_throttled', link, pauseMs })
    },
    // No line of its own: the message has one.
    submitAnswered: ({ link, outcome, durationMs }) => submits({ link, outcome }, durationMs),
    linkOrdered: ({ link, mode, by }) => log.warn({ event: 'link_ordered', link, mode, by }),
    linkOrdersNotRead: ({ error }) => log.error({ event: 'link_orders_not_read', error }),
    campaignMoved({ id, queued, skipped }) {
      turns({ outcome: 'queued' }, queued)
      turns({ outcome: 'skipped' }, skipped)
      log.debug({ event: 'campaign_moved', id, queued, skipped })
    },
    campaignDone: ({ id }) => log.info({ event: 'campaign_done', id }),
    campaignFailed: ({ error }) => log.error({ event: 'campaign_failed', error }),
  }
}
