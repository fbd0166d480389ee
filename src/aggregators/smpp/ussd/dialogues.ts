import { setImmediate } from 'node:timers/promises'
import type { Msisdn } from '../../../domain/msisdn.ts'
import { Secret } from '../../../domain/secret.ts'
import type { Events } from '../../../telemetry/events.ts'
import type { UssdEnd, UssdRequest, UssdTurn } from '../../aggregator.ts'
import type { PushOutcome, UssdPush } from '../../ussd-push.ts'
import { type Pdu, STATUS } from '../codec.ts'
import type { SmppLink } from '../link.ts'
import type { PartOutcome } from '../send-parts.ts'
import type { UssdDialect, UssdShow } from './dialect.ts'
import { bare, parseUssdPdu, SMPP, sessionIdOf, type UssdPdu, type UssdPeer } from './dialogue.ts'
import { screenFields } from './screen.ts'
import { makeUnderWay } from './under-way.ts'

export type DialogueDependencies = {
  /** Decides what each hop does. */
  readonly conversation: {
    readonly converse: (request: UssdRequest) => Promise<UssdTurn>
    readonly end: (end: UssdEnd) => Promise<void>
    readonly doubt: (session: Omit<UssdEnd, 'status'>) => Promise<void>
  }
  readonly serviceCodes: readonly string[]
  readonly events: Pick<Events, 'ussdSubmitted' | 'callbackRefused' | 'sessionEnded' | 'hopFailed'>
}

/** A link over which a network does USSD. */
export type UssdLink = {
  readonly dialect: UssdDialect
  readonly link: Pick<SmppLink, 'name' | 'prefixes' | 'isUp' | 'status' | 'submit' | 'stayFor'>
}

/** The dialogues of all links of one process. */
export type UssdDialogues = {
  /** Takes a PDU that came over `bind`; resolves with the status to answer. Null: it is of no dialogue. */
  readonly hear: (via: UssdLink, pdu: Pdu, bind: object) => Promise<number> | null
  /** Over the best of these links. */
  readonly pushOver: (links: readonly UssdLink[]) => UssdPush
  /** Before the links are closed: asks the network to take what comes from now on elsewhere, and waits until what came has its screen. */
  readonly finish: (timeoutMs: number) => Promise<void>
  /** Forgets whom it waits for. */
  readonly close: () => void
}

/** What this process knows of the dialogue on a phone; the session itself is the conversation's. */
type Live = {
  readonly sessionId: string
  readonly alias: string
  readonly pushed: boolean
  /** Over what the last input came. */
  readonly bind: object | null
  /** The network has our acknowledgement and our screen: the screen went behind the acknowledgement over one connection, and was taken. */
  settled: boolean
  /** Its last screen is on its way, so whoever dials now leaves nothing. */
  ended: boolean
  /** The input that is being answered. */
  under: { readonly pdu: UssdInputPdu; readonly work: Promise<void> } | null
  silence: NodeJS.Timeout | null
}

type UssdInputPdu = Extract<UssdPdu, { kind: 'begin' | 'answer' }>

/** Hops under way at any time; beyond that the network is asked to come again. */
const MAX_UNDER_WAY = 2_000
/** Networks wait at least so long for an acknowledgement before they repeat. */
const PROMPT_MS = 2_000

/** Brings PDUs to the conversation and its screens to the network, in the way of each link's dialect. */
export function makeUssdDialogues({ conversation, serviceCodes, events }: DialogueDependencies): UssdDialogues {
  const live = new Map<Msisdn, Live>()
  const underWay = makeUnderWay(MAX_UNDER_WAY)

  function hear(via: UssdLink, pdu: Pdu, bind: object): Promise<number> | null {
    const read = parseUssdPdu(via.dialect, pdu, serviceCodes)
    if (read === null) return null
    switch (read.kind) {
      case 'bad':
        events.callbackRefused({ aggregator: SMPP, callback: read.problem })
        return Promise.resolve(STATUS.permanentAppError)
      case 'confirmed':
        return Promise.resolve(STATUS.ok)
      case 'abort':
        return underWay.add(over(namesOf(via.dialect, read.peer), 'dropped')).then(() => STATUS.ok)
      default: {
        // A link that is to take no more lets its dialogues come to their end.
        const isNoMore = read.kind === 'begin' && via.link.status().mode !== 'active'
        if (isNoMore || underWay.isFull()) return Promise.resolve(STATUS.throttled)
        // What came before on this bind, such as the word that our screen was taken, is looked at first.
        const work = underWay.add(setImmediate().then(() => take(via, read, bind)))
        via.link.stayFor(work)
        return via.dialect.acknowledge === 'before' ? Promise.resolve(STATUS.ok) : work.then(() => STATUS.ok)
      }
    }
  }

  /** Answers an input, once however often it comes meanwhile. Never rejects. */
  function take(via: UssdLink, pdu: UssdInputPdu, bind: object): Promise<void> {
    const before = live.get(pdu.peer.msisdn)
    const names = namesOf(via.dialect, pdu.peer)
    if (before?.under && before.sessionId === names.sessionId && isSame(before.under.pdu, pdu)) return before.under.work
    const work = answer(via, pdu, bind, before).catch((error: unknown) => events.hopFailed({ aggregator: SMPP, error }))
    const mine = live.get(pdu.peer.msisdn)
    if (mine !== undefined) mine.under = { pdu, work }
    return work.finally(() => {
      if (mine !== undefined) mine.under = null
    })
  }

  async function answer(via: UssdLink, pdu: UssdInputPdu, bind: object, before: Live | undefined): Promise<void> {
    const startedMs = performance.now()
    const { peer } = pdu
    const names = namesOf(via.dialect, peer)
    const goesOn = pdu.kind === 'answer' && before !== undefined
    const mine = enter(peer.msisdn, { ...names, pushed: goesOn && before.pushed, bind })
    // A phone has one dialogue: whoever begins another has left the first.
    const leaves = pdu.kind === 'begin' && before !== undefined && before.sessionId !== mine.sessionId
    if (leaves && !before.ended) await leave(peer, before)
    const fresh = before?.settled === true && before.bind === bind
    const turn = await conversation.converse({
      aggregator: SMPP,
      sessionId: names.sessionId,
      msisdn: peer.msisdn,
      serviceCode: pdu.kind === 'begin' ? pdu.serviceCode : (serviceCodes[0] ?? ''),
      text: pdu.text,
      single: { kind: pdu.kind, fresh, alias: names.alias },
    })
    // An older answer that comes late: the network waits for nothing, and what is known of the newer one still holds.
    if (turn.outcome === 'stale' && !turn.reply.end) {
      if (before !== undefined && live.get(peer.msisdn) === mine) live.set(peer.msisdn, before)
      return wait(via, peer.msisdn, before ?? mine)
    }
    mine.ended = turn.reply.end
    const last: UssdShow = mine.pushed ? 'pushLast' : 'last'
    const outcome = await show(via, turn.reply.end ? last : 'ask', peer, turn)
    const isPrompt = via.dialect.acknowledge === 'before' || performance.now() - startedMs <= PROMPT_MS
    await settle(via, peer.msisdn, mine, turn, outcome, isPrompt)
  }

  async function show(via: UssdLink, how: UssdShow, peer: UssdPeer, { reply }: UssdTurn): Promise<PartOutcome> {
    const { dialect, link } = via
    const fields = screenFields(dialect, how, peer, reply.text)
    if (fields === null) {
      events.ussdSubmitted({ link: link.name, outcome: 'unshowable', cause: how })
      return { kind: 'refused', reason: 'unshowable', retry: false }
    }
    // Somebody looks at a phone that shows nothing, so before everything else that waits.
    const outcome = await link.submit(fields, 'code')
    const cause = outcome.kind === 'refused' ? outcome.reason : outcome.kind === 'unknown' ? outcome.cause : ''
    events.ussdSubmitted({ link: link.name, outcome: outcome.kind, cause })
    return outcome
  }

  /** What follows from how the network took a screen. Whatever it took or not, nothing is done again. */
  async function settle(
    via: UssdLink,
    msisdn: Msisdn,
    mine: Live,
    { reply, outcome: kind }: UssdTurn,
    outcome: PartOutcome,
    isPrompt: boolean,
  ): Promise<void> {
    const names = { aggregator: SMPP, sessionId: mine.sessionId, alias: mine.alias, msisdn }
    if (reply.end) {
      forget(msisdn, mine)
      const status = outcome.kind === 'refused' ? 'failed' : 'completed'
      if (kind !== 'repeat') events.sessionEnded({ aggregator: SMPP, status })
      return
    }
    // Who has answered has seen the screen, and who dials again has left it.
    if (live.get(msisdn) !== mine) return
    switch (outcome.kind) {
      case 'accepted':
        mine.settled = isPrompt && outcome.over === mine.bind
        return wait(via, msisdn, mine)
      case 'refused':
        // The network may well refuse a screen that it has already.
        if (kind !== 'repeat') await over(names, 'failed')
        return
      case 'unknown':
        wait(via, msisdn, mine)
        return conversation.doubt(names)
    }
  }

  /** Until the next input, or for as long as the dialect has it. */
  function wait({ dialect }: UssdLink, msisdn: Msisdn, mine: Live): void {
    if (live.get(msisdn) !== mine) return
    if (mine.silence !== null) clearTimeout(mine.silence)
    const silentSinceMs = Date.now()
    const end = (): Promise<void> => over({ ...mine, msisdn }, 'dropped', { silentSinceMs })
    const onSilence = (): void => void end().catch((error: unknown) => events.hopFailed({ aggregator: SMPP, error }))
    mine.silence = setTimeout(onSilence, dialect.silenceMs).unref()
  }

  function pushOver(links: readonly UssdLink[]): UssdPush {
    return async (to, inputs, offer) => {
      const via = bestFor(links, to)
      if (via === null || underWay.isFull()) return { kind: 'unavailable' }
      if (live.has(to)) return { kind: 'refused', reason: 'in_a_dialogue' }
      if (inputs.some((input) => /[*#]/.test(input))) return { kind: 'refused', reason: 'not_diallable' }
      const work = underWay.add(begin(via, to, inputs, offer))
      via.link.stayFor(work)
      return work
    }
  }

  async function begin(
    via: UssdLink,
    to: Msisdn,
    inputs: readonly string[],
    offer: string | undefined,
  ): Promise<PushOutcome> {
    const serviceCode = serviceCodes[0] ?? ''
    const peer: UssdPeer = { msisdn: to, session: null, address: { ...SHORT_CODE, address: bare(serviceCode) } }
    const names = namesOf(via.dialect, peer)
    const mine = enter(to, { ...names, pushed: true, bind: null })
    const turn = await conversation.converse({
      ...{ aggregator: SMPP, sessionId: names.sessionId, msisdn: to, serviceCode },
      text: new Secret(inputs.join('*')),
      single: { kind: 'begin', fresh: true, pushed: true, ...(offer === undefined ? {} : { offer }) },
    })
    if (turn.outcome !== 'answered') {
      forget(to, mine)
      return { kind: 'refused', reason: `conversation_${turn.outcome}` }
    }
    const outcome = await show(via, turn.reply.end ? 'pushNotice' : 'pushAsk', peer, turn)
    await settle(via, to, mine, turn, outcome, true)
    if (outcome.kind === 'accepted')
      return { kind: 'shown', answerWithinMs: turn.reply.end ? null : via.dialect.silenceMs }
    return outcome.kind === 'refused' ? { kind: 'refused', reason: outcome.reason } : outcome
  }

  function enter(msisdn: Msisdn, entry: Pick<Live, 'sessionId' | 'alias' | 'pushed' | 'bind'>): Live {
    const before = live.get(msisdn)
    if (before !== undefined) forget(msisdn, before)
    const mine: Live = { ...entry, settled: false, ended: false, under: null, silence: null }
    live.set(msisdn, mine)
    return mine
  }

  function forget(msisdn: Msisdn, entry: Live): void {
    if (entry.silence !== null) clearTimeout(entry.silence)
    if (live.get(msisdn) === entry) live.delete(msisdn)
  }

  async function over(
    names: Names,
    status: UssdEnd['status'],
    silence: Pick<UssdEnd, 'silentSinceMs'> = {},
  ): Promise<void> {
    const { sessionId, alias, msisdn } = names
    const entry = live.get(msisdn)
    // The word may be about a session before the one that is there now; one that we began has no name of the network's until it is answered.
    const isMeant = entry?.sessionId === sessionId || entry?.sessionId === alias
    if (entry !== undefined && isMeant) forget(msisdn, entry)
    await conversation.end({ aggregator: SMPP, sessionId, alias, msisdn, status, ...silence })
  }

  function leave({ msisdn }: UssdPeer, { sessionId, alias }: Live): Promise<void> {
    const left = { aggregator: SMPP, sessionId, alias, msisdn, status: 'dropped' as const }
    return conversation.end(left).catch((error: unknown) => events.hopFailed({ aggregator: SMPP, error }))
  }

  function close(): void {
    for (const [msisdn, entry] of [...live]) forget(msisdn, entry)
  }

  return { hear, pushOver, finish: underWay.finish, close }
}

type Names = { readonly sessionId: string; readonly alias: string; readonly msisdn: Msisdn }

/** How short codes are addressed where the network has not told us (SMPP 3.4 §5.2.5): network specific. */
const SHORT_CODE = { ton: 3, npi: 0 }

function namesOf(dialect: UssdDialect, { msisdn, session }: UssdPeer): Names {
  return {
    sessionId: sessionIdOf(dialect, msisdn, session),
    alias: sessionIdOf(dialect, msisdn, null),
    msisdn,
  }
}

function isSame(one: UssdInputPdu, other: UssdInputPdu): boolean {
  return one.kind === other.kind && one.text.reveal() === other.text.reveal()
}

/** The link up now with the longest prefix of the number. */
function bestFor(links: readonly UssdLink[], to: Msisdn): UssdLink | null {
  const digits = to.slice(1)
  const able = links.filter(({ dialect, link }) => dialect.push !== null && link.isUp())
  const matches = able.flatMap((via) => {
    const { prefixes } = via.link
    const lengths = prefixes.filter((prefix) => digits.startsWith(prefix)).map((prefix) => prefix.length)
    return prefixes.length === 0 || lengths.length > 0 ? [{ via, length: Math.max(0, ...lengths) }] : []
  })
  return matches.sort((one, other) => other.length - one.length)[0]?.via ?? null
}
