import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import { makeScreenTally, type ScreenDeed } from '../screens.ts'

/** `answered`: a new screen; `repeat` and `stale`: a copy of an earlier hop; `refused`: a polite end; `error`: our fault. */
export type HopOutcome = 'answered' | 'repeat' | 'stale' | 'refused' | 'error'

/** What happens on the way from a dial to its end, and to the menus. */
export type DialogueEvents = {
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
}

const SCREEN_LABELS = ['screen', 'language', 'program', 'deed']

export function dialogueEvents(log: Log, { counter, durations, tallied }: Metrics): DialogueEvents {
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
  }
}
