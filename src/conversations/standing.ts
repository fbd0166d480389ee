import type { UssdEnd } from '../aggregators/aggregator.ts'
import type { Msisdn } from '../domain/msisdn.ts'
import { OFFER } from '../menu/layout.ts'
import { languageOf, type MenuSession, topFrame } from '../menu/session.ts'
import type { Memory } from './memory.ts'
import { aliasOf, type Shared } from './round.ts'
import type { StoredSession } from './sessions.ts'

/** How dialogues stand beside the hops: whether one is on a phone, and what the network says of it. */
export type Standing = {
  readonly isInDialogue: (msisdn: Msisdn) => Promise<boolean>
  readonly isLive: (stored: StoredSession | null) => boolean
  readonly doubt: (named: Omit<UssdEnd, 'status'>) => Promise<void>
  readonly end: (ended: UssdEnd) => Promise<void>
}

/** No network keeps a session for longer; who has not answered by then is in no dialogue. */
const LONGEST_SESSION_MS = 180_000

export function makeStanding({ sessions, events, now }: Shared, { closeOffer }: Pick<Memory, 'closeOffer'>): Standing {
  /** Whether a dialogue may be on the phone now, whatever process or network it runs over: what is typed there must not meet another. */
  async function isInDialogue(msisdn: Msisdn): Promise<boolean> {
    const name = await sessions.lastOf(msisdn)
    return name !== null && isLive(await sessions.read(name))
  }

  function isLive(stored: StoredSession | null): boolean {
    if (stored === null) return false
    const { reply, closed, atMs } = stored.session
    return !reply.end && !closed && now() - atMs < LONGEST_SESSION_MS
  }

  /** The session that the network names, or else the one it has not named yet. */
  async function namedBy(named: Omit<UssdEnd, 'status'>): Promise<{ name: string; stored: StoredSession } | null> {
    const names = [sessions.keyOf(named.aggregator, named.sessionId), aliasOf(sessions, named)].filter(
      (name) => name !== null,
    )
    for (const name of names) {
      const stored = await sessions.read(name)
      if (stored !== null) return stored.session.menu.facts.number === named.msisdn ? { name, stored } : null
    }
    return null
  }

  async function doubt(named: Omit<UssdEnd, 'status'>): Promise<void> {
    const found = await namedBy(named)
    if (found === null || found.stored.session.closed) return
    const { name, stored } = found
    // Whoever has written meanwhile knows more.
    await sessions.write(name, stored.revision, { ...stored.session, unsure: true }, false)
  }

  async function end(ended: UssdEnd): Promise<void> {
    const { aggregator, status, silentSinceMs = Number.POSITIVE_INFINITY } = ended
    const found = await namedBy(ended)
    if (found !== null && found.stored.session.atMs > silentSinceMs) return
    events.sessionEnded({ aggregator, status })
    if (found === null || found.stored.session.reply.end) return
    const { name, stored } = found
    const { program, menu, closed } = stored.session
    const result = await sessions.write(name, stored.revision, { ...stored.session, closed: true })
    if (result === 'written') await closeOffer(stored.session, 'left')
    if (closed || status === 'completed' || result !== 'written') return
    events.screenDid(program, languageOf(menu), screenShown(menu), status)
  }

  return { isInDialogue, isLive, doubt, end }
}

/** What is on the phone: the current screen, or the question whether to go on there. */
export function screenShown(menu: MenuSession): string {
  return menu.state === 'offered' ? OFFER : topFrame(menu).at
}
