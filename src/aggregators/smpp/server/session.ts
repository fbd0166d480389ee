import type { Socket } from 'node:net'
import type { NumberingPlan } from '../../../domain/market.ts'
import { Secret } from '../../../domain/secret.ts'
import { numberField, type Pdu, STATUS, statusName, textField } from '../codec.ts'
import { type Connection, openConnection } from '../connection.ts'
import type { AccountBook, BindType, ServerEvents, SmppAccount } from './account.ts'
import type { BindGuard } from './bind-guard.ts'
import { STATES } from './deliver-fields.ts'
import type { ServerLimits } from './limits.ts'
import type { Gate } from './rate.ts'
import { readSubmit } from './read-submit.ts'
import { REFUSAL } from './refusal.ts'
import { formatSmppTime } from './times.ts'

/** An account while somebody is bound to it; shared by its sessions. */
export type LiveAccount = {
  readonly current: () => SmppAccount
  /** Whether one more submit is within its pace; it is then counted. */
  readonly take: () => boolean
}

export type SessionDependencies = {
  readonly book: AccountBook
  readonly events: ServerEvents
  readonly limits: ServerLimits
  readonly guard: BindGuard
  readonly gate: Gate
  readonly numbering: NumberingPlan
  readonly isOwnSender: (sender: string) => boolean
  readonly systemId: string
  readonly now: () => Date
  /** Takes the session in among those of its account; null: it has all its binds. */
  enter(session: Session, account: SmppAccount): LiveAccount | null
  /** Its account may be looked after: it can hear and be heard. */
  entered(session: Session): void
  left(session: Session, cause: string): void
}

/** One client's connection, from its first octet to its last. */
export type Session = {
  readonly connection: Connection
  /** Null until a bind is accepted. */
  bind(): BindType | null
  /** The bind has been answered, and nobody has said goodbye. */
  bound(): boolean
  /** 0x33, 0x34 or 0x50, as the client said in its bind. */
  version(): number
  /** Says goodbye, waits a moment for the answer, and closes. */
  unbind(cause: string): Promise<void>
  /** Submits that are being written down. */
  busy(): number
}

const TLVS_SINCE = 0x34
const OUR_VERSION = 0x50
/** The longest that the fields hold (SMPP 3.4 §5.2.1, §5.2.2), and some grace for clients that do not know. */
const MAX_SYSTEM_ID = 15
const MAX_PASSWORD = 64
const WATCH_EVERY_MS = 250
const UNBIND_TIMEOUT_MS = 1_000

/** Serves one client. Every request is answered, or the connection is closed. */
export function serveClient(socket: Socket, address: string, dependencies: SessionDependencies): Session {
  const { book, events, limits, guard, gate, now } = dependencies
  let state: 'open' | 'binding' | 'bound' | 'leaving' = 'open'
  let live: LiveAccount | null = null
  let bindType: BindType | null = null
  let version = 0
  let inFlight = 0
  let nonsense = 0
  let enquiry: NodeJS.Timeout | undefined
  const bindTimeout = setTimeout(() => connection.destroy('bind_timeout'), limits.bindTimeoutMs)
  const watch = setInterval(
    () => connection.partialForMs() > limits.partialTimeoutMs && connection.destroy('partial_pdu'),
    Math.min(WATCH_EVERY_MS, limits.partialTimeoutMs),
  )
  const connection = openConnection(socket, {
    onRequest: answer,
    onUnusable: countNonsense,
    onClose(cause) {
      clearTimeout(bindTimeout)
      clearInterval(watch)
      clearInterval(enquiry)
      dependencies.left(session, cause)
    },
  })

  function answer(pdu: Pdu): void {
    const { command } = pdu
    if (command.startsWith('bind_')) void bind(pdu, command.slice('bind_'.length) as BindType)
    else if (live === null || bindType === null) refuseStranger(pdu)
    else {
      const refusal = serve(pdu, live, bindType)
      if (refusal !== null) reply(pdu, refusal)
    }
  }

  function serve(pdu: Pdu, account: LiveAccount, type: BindType): number | null {
    switch (pdu.command) {
      case 'submit_sm':
      case 'data_sm':
        return submit(pdu, account, type)
      case 'query_sm':
      case 'cancel_sm':
        return look(pdu, account, type)
      case 'replace_sm':
        return REFUSAL.replace
      case 'submit_multi':
        return STATUS.invalidCommand
      default:
        countNonsense()
        return STATUS.invalidCommand
    }
  }

  function refuseStranger(pdu: Pdu): void {
    countNonsense()
    connection.respond(pdu, STATUS.invalidBindState)
  }

  function countNonsense(): void {
    nonsense += 1
    if (nonsense > limits.maxNonsense) connection.end('nonsense')
  }

  async function bind(pdu: Pdu, type: BindType): Promise<void> {
    if (state !== 'open') {
      connection.respond(pdu, STATUS.alreadyBound)
      return countNonsense()
    }
    state = 'binding'
    // What is longer is refused, and remembered no longer than that.
    const systemId = textField(pdu, 'system_id').slice(0, MAX_SYSTEM_ID + 1)
    const password = textField(pdu, 'password')
    version = numberField(pdu, 'interface_version') ?? 0
    if (!guard.allows(address, systemId)) return refuseBind(pdu, STATUS.throttled, 'too_many_failures')
    const tooLong = systemId.length > MAX_SYSTEM_ID || password.length > MAX_PASSWORD
    const account = tooLong
      ? 'refused'
      : await book.authenticate(systemId, new Secret(password)).catch((error: unknown) => {
          events.onFailed({ error })
          return 'failed' as const
        })
    if (account === 'failed') return refuseBind(pdu, STATUS.systemError, 'failed')
    if (account === 'busy') return refuseBind(pdu, STATUS.throttled, 'busy')
    if (account === 'refused') {
      guard.failed(address, systemId)
      return refuseBind(pdu, STATUS.invalidPassword, 'wrong_password')
    }
    guard.succeeded(address, systemId)
    if (account.suspended) return refuseBind(pdu, STATUS.bindFailed, 'suspended')
    if (!account.bindTypes.includes(type)) return refuseBind(pdu, STATUS.bindFailed, 'bind_type')
    if (gone()) return
    bindType = type
    live = dependencies.enter(session, account)
    if (live === null) {
      bindType = null
      return refuseBind(pdu, STATUS.bindFailed, 'too_many_binds')
    }
    state = 'bound'
    clearTimeout(bindTimeout)
    const versionTlv = version >= TLVS_SINCE ? { sc_interface_version: OUR_VERSION } : {}
    connection.respond(pdu, STATUS.ok, { system_id: dependencies.systemId, ...versionTlv })
    enquiry = setInterval(() => void enquire(), limits.enquireEveryMs)
    dependencies.entered(session)
  }

  /** Late, so that trying out passwords is slow; the bind time-out still holds. */
  function refuseBind(pdu: Pdu, status: number, reason: string): void {
    events.onBindRefused({ reason })
    setTimeout(() => {
      connection.respond(pdu, status)
      connection.end(reason)
    }, limits.refusalDelayMs)
  }

  function gone(): boolean {
    return socket.destroyed || state === 'leaving'
  }

  /** The status of a refusal; null: it will be answered once the message is written down. */
  function submit(pdu: Pdu, { current, take }: LiveAccount, type: BindType): number | null {
    const account = current()
    if (type === 'receiver' || state === 'leaving') return STATUS.invalidBindState
    if (!take()) return STATUS.throttled
    if (inFlight >= account.window) return STATUS.queueFull
    const read = readSubmit(pdu, account, dependencies, now())
    if (read.kind === 'refused') return read.status
    const work = gate.run(() => book.accept(account, read.message))
    if (work === 'full') return STATUS.throttled
    inFlight += 1
    void work
      .then((outcome) => {
        if (outcome.kind === 'accepted') reply(pdu, STATUS.ok, { message_id: outcome.messageId })
        else reply(pdu, outcome.kind === 'no_volume' ? REFUSAL.submit : STATUS.invalidBindState)
      })
      .catch((error: unknown) => {
        events.onFailed({ error })
        reply(pdu, STATUS.systemError)
      })
      .finally(() => {
        inFlight -= 1
      })
    return null
  }

  function look(pdu: Pdu, { current, take }: LiveAccount, type: BindType): number | null {
    const [account, messageId] = [current(), textField(pdu, 'message_id')]
    const query = pdu.command === 'query_sm'
    if (type === 'receiver') return STATUS.invalidBindState
    if (!take()) return STATUS.throttled
    // All messages between two addresses at once is a thing we do not do.
    if (messageId === '') return REFUSAL.messageId
    const work = gate.run(() => (query ? tell(pdu, account, messageId) : cancel(pdu, account, messageId)))
    if (work === 'full') return STATUS.throttled
    void work.catch((error: unknown) => {
      events.onFailed({ error })
      reply(pdu, STATUS.systemError)
    })
    return null
  }

  async function tell(pdu: Pdu, account: SmppAccount, messageId: string): Promise<void> {
    const standing = await book.find(account, messageId)
    if (standing === null) {
      reply(pdu, REFUSAL.query)
      return
    }
    const { finalAt, errorCode, state: at } = standing
    const final_date = finalAt === null ? '' : formatSmppTime(finalAt)
    const error_code = Math.min(255, Number(/^\d+$/.test(errorCode ?? '') ? errorCode : 0))
    reply(pdu, STATUS.ok, { message_id: messageId, final_date, message_state: STATES[at].number, error_code })
  }

  async function cancel(pdu: Pdu, account: SmppAccount, messageId: string): Promise<void> {
    const outcome = await book.cancel(account, messageId)
    reply(pdu, outcome === 'cancelled' ? STATUS.ok : outcome === 'unknown_id' ? REFUSAL.messageId : REFUSAL.cancel)
  }

  function reply(pdu: Pdu, status: number, fields: Pdu['fields'] = {}): void {
    connection.respond(pdu, status, fields)
    if (live === null) return
    events.onAnswered({ account: live.current().systemId, command: pdu.command, status: statusName(status) })
  }

  async function enquire(): Promise<void> {
    nonsense = 0
    const deadlineMs = Math.min(limits.enquireEveryMs, limits.responseTimeoutMs)
    const sent = await connection.request('enquire_link', {}, deadlineMs)
    if (sent.kind === 'unknown') connection.destroy('no_answer_to_enquire_link')
  }

  const session: Session = {
    connection,
    bind: () => bindType,
    bound: () => state === 'bound',
    version: () => version,
    async unbind(cause) {
      const wasBound = state === 'bound'
      state = 'leaving'
      if (wasBound) await connection.request('unbind', {}, UNBIND_TIMEOUT_MS)
      connection.destroy(cause)
    },
    busy: () => inFlight,
  }
  return session
}
