import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'
import { makeScreenTally, type ScreenDeed } from './screens.ts'

/** `answered`: a new screen; `repeat` and `stale`: a copy of an earlier hop; `refused`: a polite end; `error`: our fault. */
export type HopOutcome = 'answered' | 'repeat' | 'stale' | 'refused' | 'error'

/** One function per thing that happens in the business: its log line and its metric. */
export type Events = {
  // dialogues
  readonly hopAnswered: (e: {
    aggregator: string
    outcome: HopOutcome
    screen: string
    end: boolean
    durationMs: number
  }) => void
  /** `program`: the hash of the menus that the dialogue runs on. */
  readonly screenDid: (program: string, language: string, screen: string, deed: ScreenDeed) => void
  /** A hop that went no further. */
  readonly hopHeld: (e: { partner: string; why: string }) => void
  /** A dialogue began to be answered faster than people can. */
  readonly machineSeen: (e: { partner: string }) => void
  readonly hopFailed: (e: { aggregator: string; error: unknown }) => void
  readonly sessionStoreFailed: (e: { error: unknown }) => void
  readonly sessionEnded: (e: { aggregator: string; status: 'completed' | 'dropped' | 'failed' }) => void
  readonly actionRan: (e: { action: string; outcome: string; error: unknown }) => void
  readonly callbackRefused: (e: { aggregator: string; callback: string }) => void
  /** A screen that was handed to a network that does not call us; `unshowable`: it has no way to show it. */
  readonly ussdSubmitted: (e: {
    link: string
    outcome: 'accepted' | 'refused' | 'unknown' | 'unshowable'
    cause: string
  }) => void
  readonly callbackFailed: (e: { aggregator: string; callback: string; error: unknown }) => void
  readonly menusPublished: (e: { program: string; screens: number }) => void
  /** New dials begin with menus that some process has published. */
  readonly menusTakenUp: (e: { program: string }) => void
  /** The files of this process (`files`, a hash) are older than the menus in force, which stay. */
  readonly menusKept: (e: { program: string; files: string }) => void
  readonly menusRefused: (e: { by: string; problems: readonly string[] }) => void
  /** Menus are in force that lack names which were counted or published before. */
  readonly menusLostNames: (e: { program: string; problems: readonly string[] }) => void
  readonly menusNotPublished: (e: { error: unknown }) => void
  readonly menusNotLookedUp: (e: { error: unknown }) => void
  // subscribers
  readonly pinChecked: (e: { outcome: 'right' | 'wrong' | 'locked' | 'busy' }) => void
  /** Wrong PINs of many people at once, by the first digits of their numbers or `all`. */
  readonly pinSprayed: (e: { scope: string; failures: number; people: number }) => void
  readonly codeIssued: (e: { purpose: string; outcome: 'issued' | 'alive' | 'limited' }) => void
  /** A budget of codes is used up; `opened`: the breaker of the number's prefix opened just now. */
  readonly codeHeld: (e: { by: string; prefix: string; opened: boolean }) => void
  readonly codeChecked: (e: { purpose: string; outcome: 'right' | 'wrong' | 'expired' }) => void
  // money
  readonly transferMoved: (e: { id: string; kind: string; to: string }) => void
  readonly settlementFailed: (e: { id: string; error: unknown }) => void
  readonly billerCalled: (e: {
    biller: string
    call: 'check' | 'pay' | 'query' | 'reverse'
    outcome: string
    durationMs: number
  }) => void
  /** A partner's breaker went from one state to another. */
  readonly partnerMoved: (e: { partner: string; to: 'closed' | 'open' | 'probing' }) => void
  /** Somebody was refused where partners call; `recorded`: the first in a minute, the others are only counted. */
  readonly partnerRefused: (e: { partner: string; reason: string; recorded: boolean }) => void
  /** An operator's order is in force in this process. */
  readonly partnerOrdered: (e: { partner: string; mode: string; by: string }) => void
  readonly partnerOrdersNotRead: (e: { error: unknown }) => void
  /** A dialogue would have passed how much money a partner may bring; `first`: in a while. */
  readonly partnerCapped: (e: { partner: string; cap: string; first: boolean }) => void
  /** At the start: what is demanded of a partner that calls us. */
  readonly partnerTrusted: (e: { trust: string }) => void
  /** A partner let something be known by itself; `unknown`: about nothing of ours. */
  readonly partnerHeard: (e: { partner: string; said: string; outcome: 'known' | 'repeated' | 'unknown' }) => void
  readonly providerCalledBack: (e: { provider: string; outcome: string }) => void
  readonly swept: (e: { what: 'transfers' | 'sms'; count: number }) => void
  readonly sweepFailed: (e: {
    what: 'transfers' | 'sms' | 'reversals' | 'decisions' | 'standing orders' | 'provider reversals'
    error: unknown
  }) => void
  /** `deed`: what became of one time that an ordered transfer was due. */
  readonly standingDone: (e: { id: string; deed: string }) => void
  readonly dayClosed: (e: { day: string; digest: string }) => void
  /** The books contradict themselves; `wrong` names the checks that say so. */
  readonly dayNotClosed: (e: { day: string; wrong: readonly string[] }) => void
  readonly dayCloseFailed: (e: { error: unknown }) => void
  /** Rows became leaves of the audit log. */
  readonly auditSequenced: (e: { leaves: number }) => void
  readonly auditNotSequenced: (e: { error: unknown }) => void
  // messages
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
  /** A bind of a link was made or lost; `bound`: whether one or more are left. */
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
  // clients of our SMPP server
  readonly clientBound: (e: { account: string; bind: string; binds: number; cause: string }) => void
  /** The name that a stranger gave is not told. */
  readonly clientRefused: (e: { reason: string }) => void
  readonly clientAnswered: (e: { account: string; command: string; status: string }) => void
  readonly clientDelivered: (e: { account: string; what: string; outcome: string }) => void
  readonly clientFailed: (e: { error: unknown }) => void
  readonly campaignMoved: (e: { id: string; queued: number; skipped: number }) => void
  readonly campaignDone: (e: { id: string }) => void
  readonly campaignFailed: (e: { error: unknown }) => void
  // the service itself
  readonly serviceChanged: (e: {
    state: 'starting' | 'ready' | 'stopping' | 'stopped'
    /** Of the callbacks. */
    port?: number | null
    operatorPort?: number
  }) => void
  readonly housekeepingFailed: (e: { error: unknown }) => void
  readonly connectionLost: (e: { store: 'postgres' | 'redis' | 'queue'; error: unknown }) => void
}

/** Writes each event to `log` and counts it in `metrics`; makes the metrics, so once per process. */
export function makeEvents(log: Log, metrics: Metrics): Events {
  return {
    ...dialogueEvents(log, metrics),
    ...subscriberEvents(log, metrics),
    ...moneyEvents(log, metrics),
    ...messageEvents(log, metrics),
    ...clientEvents(log, metrics),
    ...serviceEvents(log, metrics),
  }
}

const SCREEN_LABELS = ['screen', 'language', 'program', 'deed']

function dialogueEvents(log: Log, { counter, durations, tallied }: Metrics) {
  const tally = makeScreenTally()
  tallied('ussd_screen_deeds_total', 'What happened on the screens of menus', SCREEN_LABELS, tally.read)
  const hops = counter('ussd_hops_total', 'USSD requests answered', ['aggregator', 'outcome'])
  const hopSeconds = durations('ussd_hop_duration_seconds', 'Time from request to answer', ['aggregator'])
  const screens = counter('ussd_screens_total', 'Screens shown', ['screen'])
  const sessions = counter('ussd_sessions_total', 'Sessions ended', ['aggregator', 'end'])
  const actions = counter('ussd_actions_total', 'Actions run by dialogues', ['action', 'outcome'])
  const refused = counter('ussd_callbacks_refused_total', 'Callbacks that could not be understood', [
    'aggregator',
    'callback',
  ])
  const held = counter('ussd_hops_held_total', 'USSD requests that went no further', ['partner', 'why'])
  const machines = counter('ussd_machine_sessions_total', 'Dialogues answered faster than people can', ['partner'])
  const submitted = counter('ussd_screens_submitted_total', 'Screens handed to a link', ['link', 'outcome'])
  const storeFailures = counter('ussd_session_store_failures_total', 'Reads and writes of sessions that failed', [])
  return {
    hopAnswered({ aggregator, outcome, screen, end, durationMs }) {
      hops({ aggregator, outcome })
      hopSeconds({ aggregator }, durationMs)
      if (screen !== '') screens({ screen })
      log.debug({ event: 'hop_answered', aggregator, outcome, screen, end, durationMs })
    },
    // No line of its own: the hop has one.
    screenDid: tally.count,
    hopHeld({ partner, why }) {
      held({ partner, why })
      log.debug({ event: 'hop_held', partner, why })
    },
    machineSeen({ partner }) {
      machines({ partner })
      log.info({ event: 'machine_seen', partner })
    },
    hopFailed: ({ aggregator, error }) => log.error({ event: 'hop_failed', aggregator, error }),
    sessionStoreFailed({ error }) {
      storeFailures({})
      log.warn({ event: 'session_store_failed', error })
    },
    sessionEnded({ aggregator, status }) {
      sessions({ aggregator, end: status })
      log.debug({ event: 'session_ended', aggregator, status })
    },
    actionRan({ action, outcome, error }) {
      actions({ action, outcome })
      if (error === undefined || error === null) log.debug({ event: 'action_ran', action, outcome })
      else log.error({ event: 'action_failed', action, outcome, error })
    },
    callbackRefused({ aggregator, callback }) {
      refused({ aggregator, callback })
      log.warn({ event: 'callback_refused', aggregator, callback })
    },
    ussdSubmitted({ link, outcome, cause }) {
      submitted({ link, outcome })
      log[outcome === 'accepted' ? 'debug' : 'warn']({ event: 'ussd_submitted', link, outcome, cause })
    },
    callbackFailed: ({ aggregator, callback, error }) =>
      log.error({ event: 'callback_failed', aggregator, callback, error }),
    menusPublished: ({ program, screens: count }) => log.info({ event: 'menus_published', program, screens: count }),
    menusTakenUp: ({ program }) => log.info({ event: 'menus_taken_up', program }),
    menusKept: ({ program, files }) => log.warn({ event: 'menus_kept', program, files }),
    menusRefused: ({ by, problems }) => log.error({ event: 'menus_refused', by, problems }),
    menusLostNames: ({ program, problems }) => log.warn({ event: 'menus_lost_names', program, problems }),
    menusNotPublished: ({ error }) => log.error({ event: 'menus_not_published', error }),
    menusNotLookedUp: ({ error }) => log.error({ event: 'menus_not_looked_up', error }),
  } satisfies Partial<Events>
}

function subscriberEvents(log: Log, { counter }: Metrics) {
  const checks = counter('auth_pin_checks_total', 'PIN checks', ['outcome'])
  const failures = counter('auth_pin_failures_total', 'PIN checks that were not right', [])
  const sprays = counter('auth_pin_sprays_total', 'Sprays of wrong PINs over many people that began', ['scope'])
  const issued = counter('auth_codes_issued_total', 'One-time codes asked for', ['purpose', 'outcome'])
  const held = counter('auth_codes_held_total', 'One-time codes not sent since a budget was used up', ['by'])
  const checked = counter('auth_codes_checked_total', 'One-time codes entered', ['purpose', 'outcome'])
  return {
    pinChecked({ outcome }) {
      checks({ outcome })
      if (outcome === 'wrong' || outcome === 'locked') failures({})
      log.debug({ event: 'pin_checked', outcome })
    },
    pinSprayed(spray) {
      sprays({ scope: spray.scope })
      log.error({ event: 'pin_sprayed', ...spray })
    },
    codeIssued({ purpose, outcome }) {
      issued({ purpose, outcome })
      log.info({ event: 'code_issued', purpose, outcome })
    },
    codeHeld({ by, prefix, opened }) {
      held({ by })
      log[opened ? 'error' : 'warn']({ event: 'code_held', by, opened, prefix: opened ? prefix : undefined })
    },
    codeChecked({ purpose, outcome }) {
      checked({ purpose, outcome })
      log.info({ event: 'code_checked', purpose, outcome })
    },
  } satisfies Partial<Events>
}

function moneyEvents(log: Log, { counter, gauge, durations }: Metrics) {
  const moves = counter('transfer_states_total', 'States that transfers reached', ['kind', 'state'])
  const failures = counter('settlement_failures_total', 'Settlement runs that threw', [])
  const billers = durations('biller_call_duration_seconds', 'Time of calls to billers', ['biller', 'call', 'outcome'])
  const partners = counter('partner_breaker_moves_total', "Moves of partners' breakers", ['partner', 'to'])
  const stopped = gauge('partner_stopped', '1 while a partner is stopped by order', ['partner'])
  const capped = counter(
    'partner_capped_total',
    'Confirmations refused since a partner brought more money than it may',
    ['partner', 'cap'],
  )
  const refusals = counter('partner_refusals_total', 'Requests to the paths of partners that were refused', [
    'partner',
    'reason',
  ])
  const hints = counter('partner_callbacks_total', 'What partners let be known by themselves', [
    'partner',
    'said',
    'outcome',
  ])
  const callbacks = counter('provider_callbacks_total', 'Callbacks of account providers', ['provider', 'outcome'])
  const sweeps = counter('swept_total', 'Rows whose job was lost and rung for again', ['what'])
  const ordered = counter('standing_orders_total', 'What became of ordered transfers that were due', ['deed'])
  const closes = counter('ledger_day_closes_total', 'Days that were closed, or should have been', ['outcome'])
  const audited = counter('audit_leaves_total', 'Rows that became leaves of the audit log', [])
  const auditFailures = counter('audit_failures_total', 'Batches of the audit log that could not be added', [])
  return {
    transferMoved({ id, kind, to }) {
      moves({ kind, state: to })
      log.info({ event: 'transfer_moved', id, kind, to })
    },
    settlementFailed({ id, error }) {
      failures({})
      log.error({ event: 'settlement_failed', id, error })
    },
    billerCalled({ biller, call, outcome, durationMs }) {
      billers({ biller, call, outcome }, durationMs)
      log.info({ event: 'biller_called', biller, call, outcome, durationMs })
    },
    partnerMoved({ partner, to }) {
      partners({ partner, to })
      log[to === 'open' ? 'error' : 'warn']({ event: 'partner_moved', partner, to })
    },
    partnerRefused({ partner, reason, recorded }) {
      refusals({ partner, reason })
      if (recorded) log.warn({ event: 'partner_refused', partner, reason })
    },
    partnerOrdered({ partner, mode, by }) {
      stopped({ partner }, mode === 'stopped' ? 1 : 0)
      log.warn({ event: 'partner_ordered', partner, mode, by })
    },
    partnerOrdersNotRead: ({ error }) => log.error({ event: 'partner_orders_not_read', error }),
    partnerCapped({ partner, cap, first }) {
      capped({ partner, cap })
      if (first) log.error({ event: 'partner_capped', partner, cap })
    },
    partnerTrusted: ({ trust }) => log.info({ event: 'partner_trusted', trust }),
    partnerHeard({ partner, said, outcome }) {
      hints({ partner, said, outcome })
      log[outcome === 'unknown' ? 'warn' : 'info']({ event: 'partner_heard', partner, said, outcome })
    },
    providerCalledBack({ provider, outcome }) {
      callbacks({ provider, outcome })
      log[outcome === 'case' || outcome === 'not_ours' ? 'warn' : 'info']({
        event: 'provider_called_back',
        provider,
        outcome,
      })
    },
    swept({ what, count }) {
      sweeps({ what }, count)
      log.info({ event: 'swept', what, count })
    },
    sweepFailed: ({ what, error }) => log.error({ event: 'sweep_failed', what, error }),
    standingDone({ id, deed }) {
      ordered({ deed })
      log.info({ event: 'standing_done', id, deed })
    },
    dayClosed({ day, digest }) {
      closes({ outcome: 'closed' })
      log.info({ event: 'day_closed', day, digest })
    },
    dayNotClosed({ day, wrong }) {
      closes({ outcome: 'unproven' })
      log.error({ event: 'day_not_closed', day, wrong })
    },
    auditSequenced({ leaves }) {
      audited({}, leaves)
      log.debug({ event: 'audit_sequenced', leaves })
    },
    auditNotSequenced({ error }) {
      auditFailures({})
      log.error({ event: 'audit_not_sequenced', error })
    },
    dayCloseFailed({ error }) {
      closes({ outcome: 'failed' })
      log.error({ event: 'day_close_failed', error })
    },
  } satisfies Partial<Events>
}

function messageEvents(log: Log, { counter, gauge, durations }: Metrics) {
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
    campaignMoved({ id, queued, skipped }) {
      turns({ outcome: 'queued' }, queued)
      turns({ outcome: 'skipped' }, skipped)
      log.debug({ event: 'campaign_moved', id, queued, skipped })
    },
    campaignDone: ({ id }) => log.info({ event: 'campaign_done', id }),
    campaignFailed: ({ error }) => log.error({ event: 'campaign_failed', error }),
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
  } satisfies Partial<Events>
}

function clientEvents(log: Log, { counter, gauge }: Metrics) {
  const binds = gauge('smpp_server_binds', 'Binds of clients', ['account', 'bind'])
  const refused = counter('smpp_server_binds_refused_total', 'Connections and binds refused', ['reason'])
  const answers = counter('smpp_server_answers_total', 'Requests of clients answered', ['account', 'command', 'status'])
  const delivered = counter('smpp_server_deliveries_total', 'Receipts and messages handed to clients', [
    'account',
    'what',
    'outcome',
  ])
  return {
    clientBound({ account, bind, binds: count, cause }) {
      binds({ account, bind }, count)
      log.info({ event: 'client_bound', account, bind, binds: count, cause })
    },
    clientRefused({ reason }) {
      refused({ reason })
      log.warn({ event: 'client_refused', reason })
    },
    clientAnswered({ account, command, status }) {
      answers({ account, command, status })
      log.debug({ event: 'client_answered', account, command, status })
    },
    clientDelivered({ account, what, outcome }) {
      delivered({ account, what, outcome })
      log.debug({ event: 'client_delivered', account, what, outcome })
    },
    clientFailed: ({ error }) => log.error({ event: 'client_failed', error }),
  } satisfies Partial<Events>
}

function serviceEvents(log: Log, { counter }: Metrics) {
  const lost = counter('store_connections_lost_total', 'Connections to the stores that broke', ['store'])
  return {
    serviceChanged: ({ state, port, operatorPort }) =>
      log.info({ event: 'service_changed', state, port, operatorPort }),
    housekeepingFailed: ({ error }) => log.error({ event: 'housekeeping_failed', error }),
    connectionLost({ store, error }) {
      lost({ store })
      log.error({ event: 'connection_lost', store, error })
    },
  } satisfies Partial<Events>
}
