import { decodeGsm7, encodeGsm7 } from '../../../src/domain/gsm7.ts'
import { SPOKEN, type Spoken } from './ussd-octets.ts'

type Fields = Readonly<Record<string, string | number | Buffer>>

/** What a phone shows after a dial, an answer or a push. */
export type UssdShown =
  | { readonly kind: 'screen'; readonly text: string; readonly end: boolean }
  /** The network ended the session: nobody took the PDU, no screen came in time, or the phone left. */
  | { readonly kind: 'ended'; readonly reason: string }

export type UssdCentre = {
  /** Begins a dialogue in a dialect, the centre's own unless stated; one that is open on that phone is forgotten without a word. */
  dial(number: string, dialled: string, dialect?: string): Promise<UssdShown>
  answer(number: string, text: string): Promise<UssdShown>
  /** The last PDU of a phone once more, as after a lost acknowledgement. */
  repeat(number: string): Promise<UssdShown>
  /** Tells the gateway that the subscriber has left. */
  hangUp(number: string): Promise<void>
  /** Forgets the session and tells nobody. */
  fallSilent(number: string): void
  isOpen(number: string): boolean
  /** The status that every screen is refused with from now on; 0 for none. */
  refuseScreens(status: number): void
  /** Screens that the gateway began, from now on; returns a function that stops it. */
  follow(number: string, onPush: (shown: UssdShown) => void): () => void
  /** Whether a submit is of USSD; then its status: 0, or why the screen was not shown. */
  take(fields: Fields): number | null
  /** Everything that was not as the dialect has it. */
  readonly faults: readonly string[]
}

export type UssdCentreOptions = {
  readonly dialect: string
  /** Own address of the service, for dialects that dial in short_message. */
  readonly serviceAddress: string
  /** Hands a PDU to the gateway; its status, or null without an answer. */
  deliver(command: 'deliver_sm' | 'data_sm', fields: Fields): Promise<number | null>
}

type Session = {
  readonly spoken: Spoken
  readonly pushed: boolean
  readonly value: number
  named: boolean
  count: number
  last: { command: 'deliver_sm' | 'data_sm'; fields: Fields } | null
  shown: ((shown: UssdShown) => void) | null
  acknowledged: boolean
  screen: UssdShown | null
}

const PATIENCE_MS = 10_000
/** Nobody reads a screen faster. */
const READING_MS = 5
/** ESME_RSUBMITFAIL: a screen that comes too late or that the centre cannot read. */
const NOT_SHOWN = 0x45

/** The USSD half of the fake network: phones on one side, PDUs in the octets of each dialect on the other. */
export function makeUssdCentre(options: UssdCentreOptions): UssdCentre {
  const sessions = new Map<string, Session>()
  const before = new Map<string, Session>()
  const followers = new Map<string, Set<(shown: UssdShown) => void>>()
  const faults: string[] = []
  let next = 0x0102
  let refusing = 0

  function begin(spoken: Spoken, pushed: boolean): Session {
    next = next >= 0xfc00 ? 0x0102 : next + (spoken.counts ? 0x100 : 2)
    const value = spoken.counts ? next & 0xff00 : next
    return {
      ...{
        spoken,
        pushed,
        value,
        named: !pushed,
        count: 0,
        last: null,
        shown: null,
        acknowledged: false,
        screen: null,
      },
    }
  }

  function pdu(session: Session, number: string, operation: number | string, octets: Buffer, address: string): Fields {
    const { spoken, value } = session
    session.count += 1
    session.named = true
    const bits = (spoken.counts ? (session.count * 2) & 0xfe : 0) | (operation === 'bit' ? 1 : 0)
    const body: Fields = spoken.payload
      ? { short_message: Buffer.alloc(0), message_payload: octets }
      : { short_message: octets }
    const info = Buffer.alloc(2)
    info.writeUInt16BE(value | bits)
    return {
      ...{ source_addr_ton: 1, source_addr_npi: 1, source_addr: number.slice(1), dest_addr_ton: 0, dest_addr_npi: 1 },
      ...{ destination_addr: address, esm_class: 0, data_coding: spoken.gsm7 },
      ...body,
      ...(typeof spoken.begin === 'string'
        ? { service_type: String(operation), dest_bearer_type: 4 }
        : { service_type: 'USSD' }),
      ...(typeof operation === 'number' ? { ussd_service_op: operation } : {}),
      ...(spoken.session === 'its_session_info' ? { its_session_info: info } : {}),
      ...(spoken.session === 'user_message_reference' ? { user_message_reference: value } : {}),
    }
  }

  async function send(number: string, session: Session, sent: NonNullable<Session['last']>): Promise<UssdShown> {
    session.last = sent
    before.set(number, session)
    session.acknowledged = false
    session.screen = null
    const shown = new Promise<UssdShown>((resolve) => {
      const timer = setTimeout(() => resolve({ kind: 'ended', reason: 'no screen in time' }), PATIENCE_MS)
      const sooner = session.shown
      session.shown = (screen) => {
        clearTimeout(timer)
        sooner?.(screen)
        session.shown = null
        resolve(screen)
      }
    })
    const status = await options.deliver(sent.command, sent.fields)
    const { acknowledgedAfter } = session.spoken
    if (status === 0 && acknowledgedAfter && session.screen === null) faults.push('the answer came before the screen')
    session.acknowledged = true
    if (status !== 0) session.shown?.({ kind: 'ended', reason: status === null ? 'no answer' : `status ${status}` })
    const outcome = await shown
    await new Promise((resolve) => setTimeout(resolve, READING_MS))
    if (sessions.get(number) === session && (outcome.kind === 'ended' || outcome.end)) sessions.delete(number)
    return outcome
  }

  function text(words: string): Buffer {
    return encodeGsm7(words) ?? Buffer.from(words, 'latin1')
  }

  /** What a screen's fields say, or a sentence about what is wrong with them. */
  function readScreen(session: Session, fields: Fields): UssdShown | string {
    const { spoken, pushed, named, value } = session
    const operation = typeof spoken.begin === 'string' ? fields.service_type : fields.ussd_service_op
    const isFirst = pushed && !named
    const [ask, last] = isFirst
      ? [spoken.pushAsk, spoken.pushNotice]
      : [spoken.ask, pushed ? spoken.pushLast : spoken.last]
    const info = Buffer.isBuffer(fields.its_session_info) ? fields.its_session_info.readUInt16BE(0) : null
    const has = spoken.session === 'its_session_info' ? info : (fields.user_message_reference ?? null)
    const ends = ask === last ? info !== null && (info & 1) === 1 : operation === last
    if (operation !== ask && operation !== last) return `the operation ${String(operation)} is none here`
    if (spoken.session !== null && !isFirst) {
      const bits = spoken.counts ? (session.count * 2) & 0xfe : 0
      const wanted = (value | bits) + (spoken.endBit && ends ? 1 : 0)
      if (has !== wanted) return `the session is ${String(has)} and not ${wanted}`
    }
    if (isFirst && spoken.session === 'its_session_info' && info !== 0)
      return 'a session that we begin is not named zero'
    if (spoken.session === null && (info !== null || fields.user_message_reference !== undefined))
      return 'it has a session'
    if (typeof spoken.begin === 'string' ? fields.dest_bearer_type !== 4 : fields.service_type !== 'USSD')
      return 'it does not say that it is USSD'
    if (fields.registered_delivery !== 0) return 'it asks for a receipt'
    const octets = Buffer.isBuffer(fields.short_message) ? fields.short_message : Buffer.alloc(0)
    if (fields.data_coding === 8 && octets.length <= 160)
      return { kind: 'screen', text: Buffer.from(octets).swap16().toString('utf16le'), end: ends }
    if (fields.data_coding === spoken.gsm7 && octets.length <= 182)
      return { kind: 'screen', text: decodeGsm7(octets), end: ends }
    return `data coding ${String(fields.data_coding)} with ${octets.length} octets`
  }

  function show(number: string, session: Session, fields: Fields): number {
    const isPush = session.pushed && !session.named
    if (session.shown === null && !isPush) return NOT_SHOWN
    const screen = readScreen(session, fields)
    if (typeof screen === 'string') {
      faults.push(screen)
      return NOT_SHOWN
    }
    // Both may have come in one piece.
    setImmediate(() => {
      if (!session.spoken.acknowledgedAfter && !session.acknowledged && !isPush)
        faults.push('the screen came before the answer')
    })
    if (screen.kind === 'screen' && screen.end) sessions.delete(number)
    session.screen = screen
    session.shown?.(screen)
    if (isPush) for (const tell of followers.get(number) ?? []) tell(screen)
    return 0
  }

  return {
    faults,
    isOpen: (number) => sessions.has(number),
    dial(number, dialled, dialect = options.dialect) {
      const spoken = SPOKEN[dialect]
      if (spoken === undefined) throw new Error(`${dialect} is no dialect; known are ${Object.keys(SPOKEN).join(', ')}`)
      const session = begin(spoken, false)
      sessions.set(number, session)
      const inText = spoken.dialledIn === 'short_message'
      const fields = pdu(
        session,
        number,
        spoken.begin,
        inText ? text(dialled) : Buffer.alloc(0),
        inText ? options.serviceAddress : dialled,
      )
      return send(number, session, { command: 'deliver_sm', fields })
    },
    answer(number, words) {
      const session = sessions.get(number)
      if (session === undefined) return Promise.resolve({ kind: 'ended', reason: 'there is no session' })
      const { spoken } = session
      const fields = pdu(session, number, spoken.answer, text(words), options.serviceAddress)
      if (!spoken.payload) return send(number, session, { command: 'deliver_sm', fields })
      // A data_sm has no short_message at all.
      const { short_message: _, ...rest } = fields
      return send(number, session, { command: 'data_sm', fields: rest })
    },
    repeat(number) {
      // Also of a session that has ended: a network that misses an acknowledgement does not know what came of it.
      const session = sessions.get(number) ?? before.get(number)
      if (session !== undefined) sessions.set(number, session)
      if (session?.last == null) return Promise.resolve({ kind: 'ended', reason: 'there is no session' })
      return send(number, session, session.last)
    },
    async hangUp(number) {
      const session = sessions.get(number)
      if (session === undefined) return
      sessions.delete(number)
      session.shown?.({ kind: 'ended', reason: 'hung up' })
      const { abort } = session.spoken
      const operation = abort === 'bit' ? 'bit' : abort
      const fields = pdu(session, number, operation, Buffer.alloc(0), options.serviceAddress)
      const said = abort === 'bit' ? { ...fields, ussd_service_op: session.spoken.answer } : fields
      await options.deliver('deliver_sm', said)
    },
    fallSilent: (number) => void sessions.delete(number),
    refuseScreens: (status) => {
      refusing = status
    },
    follow(number, onPush) {
      const set = followers.get(number) ?? new Set()
      followers.set(number, set.add(onPush))
      return () => set.delete(onPush)
    },
    take(fields) {
      const type = String(fields.service_type ?? '')
      if (fields.ussd_service_op === undefined && !/^[BCEA][RNAF]$/.test(type)) return null
      if (refusing !== 0) return refusing
      const number = `+${String(fields.destination_addr).replace(/^\+/, '')}`
      const session = sessions.get(number)
      if (session !== undefined) return show(number, session, fields)
      const spoken = SPOKEN[options.dialect]
      if (spoken === undefined) return NOT_SHOWN
      const operation = typeof spoken.begin === 'string' ? type : fields.ussd_service_op
      const named = Buffer.isBuffer(fields.its_session_info) && fields.its_session_info.readUInt16BE(0) !== 0
      // A screen for a session that is over, and not one that begins another.
      if (named || fields.user_message_reference !== undefined) return NOT_SHOWN
      if (operation !== spoken.pushAsk && operation !== spoken.pushNotice) return NOT_SHOWN
      const pushed = begin(spoken, true)
      sessions.set(number, pushed)
      const status = show(number, pushed, fields)
      if (status !== 0 || operation === spoken.pushNotice) sessions.delete(number)
      if (status === 0 && operation === spoken.pushNotice && spoken.confirm !== null) {
        void options.deliver('deliver_sm', pdu(pushed, number, spoken.confirm, Buffer.alloc(0), options.serviceAddress))
      }
      return status
    },
  }
}
