import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { within } from '../../domain/within.ts'
import type { BindState } from '../sms-link.ts'
import { type Pdu, STATUS, statusName } from './codec.ts'
import { type Answer, type Connection, openConnection } from './connection.ts'
import type { SmppLinkSettings } from './settings.ts'

/** One of a link's connections, kept bound: each try is a new connection. */
export type SmppSession = {
  state(): BindState
  /** Reserves a place in the window; false while there is none, or nobody who would read. */
  take(): boolean
  /** Gives a place back. */
  giveBack(): void
  /** Places taken. */
  inFlight(): number
  /** The connection of the moment; null while there is none. */
  connection(): Connection | null
  /** Sends a request and waits for its answer or its deadline; needs a place. */
  request(command: string, fields: Pdu['fields']): Promise<Answer>
  /** Begins to try, where it does not already. */
  open(): void
  /** Unbinds where it is bound, and stops trying. */
  close(): Promise<void>
}

export type SessionHandlers = {
  onRequest(connection: Connection, pdu: Pdu): void
  /** The session was bound, or lost, or could not be bound; `cause` is safe to log. */
  onChange(bound: boolean, cause: string): void
  /** The socket takes more again. */
  onDrain(): void
}

/** A connection that lasted that long begins the next series of tries anew. */
const STEADY_MS = 5_000
const UNBIND_TIMEOUT_MS = 1_000

export function makeSmppSession(settings: SmppLinkSettings, handlers: SessionHandlers): SmppSession {
  const { timings } = settings
  let state: BindState = 'closed'
  let current: Connection | null = null
  let retry: NodeJS.Timeout | null = null
  let tries = 0
  let inFlight = 0

  function begin(): void {
    retry = null
    state = 'connecting'
    const socket = openSocket(settings)
    let enquiry: NodeJS.Timeout | undefined
    let boundAtMs: number | null = null
    const timeout = setTimeout(() => connection.destroy('connect_timeout'), timings.connectTimeoutMs)
    const connection = openConnection(socket, {
      onRequest: (pdu) => handlers.onRequest(connection, pdu),
      onDrain: handlers.onDrain,
      onClose(cause) {
        clearTimeout(timeout)
        clearTimeout(enquiry)
        if (boundAtMs !== null && performance.now() - boundAtMs >= STEADY_MS) tries = 0
        lost(cause)
      },
    })
    current = connection
    socket.once(settings.tls === null ? 'connect' : 'secureConnect', () => {
      clearTimeout(timeout)
      void bind(connection).then((done) => {
        if (!done) return
        boundAtMs = performance.now()
        askLater()
      })
    })

    // The next enquiry follows the answer to the last, so a peer that goes silent is asked once and given up within two periods.
    function askLater(): void {
      enquiry = setTimeout(async () => {
        if (await isThere(connection)) askLater()
        else connection.destroy('no_answer_to_enquire_link')
      }, timings.enquireEveryMs)
    }
  }

  async function bind(connection: Connection): Promise<boolean> {
    state = 'binding'
    const command = `bind_${settings.bind}`
    const { systemType, version, addressRange } = settings.profile
    const fields = {
      system_id: settings.systemId,
      password: settings.password.reveal(),
      system_type: systemType,
      interface_version: version,
      addr_ton: 0,
      addr_npi: 0,
      address_range: addressRange,
    }
    const answer = await connection.request(command, fields, timings.responseTimeoutMs)
    if (current !== connection) return false
    const problem = bindProblem(answer, command)
    if (problem !== null || (state as BindState) === 'closed') {
      connection.destroy(problem ?? 'closing')
      return false
    }
    state = 'bound'
    handlers.onChange(true, 'bound')
    return true
  }

  async function isThere(connection: Connection): Promise<boolean> {
    const deadlineMs = Math.min(timings.enquireEveryMs, timings.responseTimeoutMs)
    const answer = await connection.request('enquire_link', {}, deadlineMs)
    return answer.kind !== 'unknown'
  }

  function lost(cause: string): void {
    current = null
    if (state !== 'closed') {
      state = 'waiting'
      retry = setTimeout(begin, backoffMs(tries, timings))
      tries += 1
    }
    handlers.onChange(false, cause)
  }

  return {
    state: () => state,
    take() {
      if (state !== 'bound' || inFlight >= settings.window || current?.congested() !== false) return false
      inFlight += 1
      return true
    },
    giveBack() {
      inFlight -= 1
    },
    inFlight: () => inFlight,
    connection: () => current,
    request(command, fields) {
      if (current === null || state !== 'bound') return Promise.resolve({ kind: 'not_sent', cause: 'link_down' })
      return current.request(command, fields, timings.responseTimeoutMs)
    },
    open() {
      if (state !== 'closed') return
      tries = 0
      // A connection that is being unbound ends first, and its end must not be taken for that of the next.
      current?.destroy('closing')
      begin()
    },
    async close() {
      const wasBound = state === 'bound'
      state = 'closed'
      if (retry !== null) clearTimeout(retry)
      retry = null
      const connection = current
      if (wasBound && connection !== null) {
        await within(UNBIND_TIMEOUT_MS, connection.request('unbind', {}, UNBIND_TIMEOUT_MS))
      }
      connection?.destroy('closing')
    },
  }
}

function openSocket({ host, port, tls }: SmppLinkSettings): Socket {
  if (tls === null) return connectTcp({ host, port })
  const { ca, servername } = tls
  return connectTls({
    ...{ host, port, rejectUnauthorized: true, minVersion: 'TLSv1.2' },
    // An address is no server name (RFC 6066 §3); Node then compares the certificate with `host`.
    ...(isIP(servername) === 0 ? { servername } : {}),
    ...(ca === null ? {} : { ca }),
  })
}

function bindProblem(answer: Answer, command: string): string | null {
  if (answer.kind !== 'answered') return answer.cause
  if (answer.pdu.status !== STATUS.ok) return `bind_refused_${statusName(answer.pdu.status)}`
  return answer.pdu.command === `${command}_resp` ? null : 'bind_answered_by_something_else'
}

/** Exponential, with jitter, so that all links of all processes do not come back at the same moment. */
function backoffMs(tries: number, timings: SmppLinkSettings['timings']): number {
  const longest = Math.min(timings.retryLongestMs, timings.retryFirstMs * 2 ** Math.min(tries, 16))
  return longest / 2 + Math.random() * (longest / 2)
}
