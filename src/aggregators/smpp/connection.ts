import type { Socket } from 'node:net'
import {
  decodePdu,
  encodePdu,
  HEADER_LENGTH,
  isResponse,
  MAX_PDU_LENGTH,
  MAX_SEQUENCE,
  type Pdu,
  STATUS,
} from './codec.ts'

/** What a request came to. `not_sent`: surely not on the wire; `unknown`: sent, and no answer in time or ever. */
export type Answer =
  | { readonly kind: 'answered'; readonly pdu: Pdu }
  | { readonly kind: 'not_sent'; readonly cause: string }
  | { readonly kind: 'unknown'; readonly cause: string }

export type ConnectionHandlers = {
  /** A request of the peer's; answer it with `respond`. enquire_link and unbind are answered before. */
  onRequest(pdu: Pdu): void
  /** Called once, after every pending request has been settled. `cause` is safe to log. */
  onClose(cause: string): void
  /** The socket takes more again. */
  onDrain?(): void
  /** A PDU came that no one could read; it has been nacked. */
  onUnusable?(): void
}

/** Either side of one SMPP connection, from its first octet to its last. */
export type Connection = {
  request(command: string, fields: Pdu['fields'], deadlineMs: number): Promise<Answer>
  /** False: the connection is gone, and the peer will not hear it. */
  respond(request: Pdu, status: number, fields?: Pdu['fields']): boolean
  /** Requests that wait for an answer. */
  pending(): number
  /** Whether octets pile up because the peer does not read. */
  congested(): boolean
  /** For how long the rest of a PDU has been missing; 0 when none is. */
  partialForMs(): number
  /** Takes no more requests, and ends the connection once what was answered is out. */
  end(cause: string): void
  /** Ends the connection at once; what is pending becomes unknown. */
  destroy(cause: string): void
}

/** Octets waiting in this process beyond which nothing more is submitted. */
const CONGESTED_AT = 64 * 1024
/** A peer that never reads its answers is given up beyond that. */
const HOPELESS_AT = 1024 * 1024
const END_TIMEOUT_MS = 500

type Waiting = { settle(outcome: Answer): void; timer: NodeJS.Timeout }

/**
 * Frames, sequence numbers, deadlines. Owns the socket: every listener is attached here, so that no `error` event is left to end the
 * process. A malformed PDU is answered with generic_nack; where the framing itself is lost the connection is closed.
 */
export function openConnection(socket: Socket, handlers: ConnectionHandlers): Connection {
  const waiting = new Map<number, Waiting>()
  let sequence = 0
  let closed: string | null = null
  let ending = false
  let buffered: Buffer[] = []
  let bufferedLength = 0
  let outgoing: Buffer[] = []
  let outgoingLength = 0
  let partialSinceMs = 0

  socket.setNoDelay(true)
  socket.on('data', receive)
  socket.on('error', (error: NodeJS.ErrnoException) => destroy(error.code ?? 'socket_error'))
  socket.on('end', () => destroy('closed_by_peer'))
  socket.on('close', () => destroy('closed_by_peer'))
  socket.on('drain', () => handlers.onDrain?.())

  function receive(chunk: Buffer): void {
    if (bufferedLength === 0) partialSinceMs = performance.now()
    buffered.push(chunk)
    bufferedLength += chunk.length
    while (closed === null && bufferedLength >= 4) {
      const length = peekLength()
      if (length < HEADER_LENGTH || length > MAX_PDU_LENGTH) {
        write(encodePdu({ command: 'generic_nack', status: STATUS.invalidLength, sequence: 0 }))
        destroy('malformed_pdu')
        return
      }
      if (bufferedLength < length) return
      handle(take(length))
    }
  }

  function peekLength(): number {
    if ((buffered[0]?.length ?? 0) < 4) buffered = [Buffer.concat(buffered)]
    return buffered[0]?.readUInt32BE(0) ?? 0
  }

  function take(length: number): Buffer {
    const all = buffered.length === 1 ? (buffered[0] ?? Buffer.alloc(0)) : Buffer.concat(buffered)
    bufferedLength -= length
    partialSinceMs = performance.now()
    buffered = bufferedLength > 0 ? [all.subarray(length)] : []
    return all.subarray(0, length)
  }

  function handle(octets: Buffer): void {
    const decoded = decodePdu(octets)
    if (decoded.kind === 'unusable') {
      // A response is never nacked, or two peers could nack each other for ever.
      if (decoded.response) settle(decoded.sequence, { kind: 'unknown', cause: 'unreadable_answer' })
      else nack(decoded.sequence, decoded.reply)
      handlers.onUnusable?.()
      return
    }
    const { pdu } = decoded
    if (isResponse(pdu)) {
      settle(pdu.sequence, { kind: 'answered', pdu })
      return
    }
    try {
      answer(pdu)
    } catch {
      // What a peer sends must not end the process, whatever it makes us stumble over.
      nack(pdu.sequence, STATUS.systemError)
    }
  }

  function answer(pdu: Pdu): void {
    if (ending) return
    if (pdu.command === 'enquire_link') respond(pdu, STATUS.ok)
    else if (pdu.command === 'unbind') {
      respond(pdu, STATUS.ok)
      endSoon('unbound_by_peer')
    } else handlers.onRequest(pdu)
  }

  function settle(number: number, outcome: Answer): void {
    const entry = waiting.get(number)
    if (entry === undefined) return
    waiting.delete(number)
    clearTimeout(entry.timer)
    entry.settle(outcome)
  }

  function request(command: string, fields: Pdu['fields'], deadlineMs: number): Promise<Answer> {
    if (closed !== null || !socket.writable)
      return Promise.resolve({ kind: 'not_sent', cause: closed ?? 'socket_closed' })
    do sequence = sequence >= MAX_SEQUENCE ? 1 : sequence + 1
    while (waiting.has(sequence))
    const number = sequence
    let octets: Buffer
    try {
      octets = encodePdu({ command, status: STATUS.ok, sequence: number, fields })
    } catch {
      return Promise.resolve({ kind: 'not_sent', cause: 'unencodable' })
    }
    return new Promise((resolve) => {
      const timer = setTimeout(() => settle(number, { kind: 'unknown', cause: 'no_answer' }), deadlineMs)
      waiting.set(number, { settle: resolve, timer })
      write(octets)
    })
  }

  function respond(to: Pdu, status: number, fields: Pdu['fields'] = {}): boolean {
    return write(encodePdu({ command: `${to.command}_resp`, status, sequence: to.sequence, fields }))
  }

  function nack(number: number, status: number): void {
    write(encodePdu({ command: 'generic_nack', status, sequence: number }))
  }

  function write(octets: Buffer): boolean {
    if (closed !== null || !socket.writable) return false
    // What is said in one turn travels together: a system call costs more than a PDU.
    if (outgoing.push(octets) === 1) process.nextTick(flush)
    outgoingLength += octets.length
    if (unread() > HOPELESS_AT) destroy('peer_does_not_read')
    return closed === null
  }

  function flush(): void {
    if (closed !== null || outgoing.length === 0) return
    const [first] = outgoing
    socket.write(outgoing.length === 1 && first !== undefined ? first : Buffer.concat(outgoing, outgoingLength))
    outgoing = []
    outgoingLength = 0
  }

  function unread(): number {
    return socket.writableLength + outgoingLength
  }

  /** Lets the last answer out first. */
  function endSoon(cause: string): void {
    flush()
    ending = true
    socket.end(() => destroy(cause))
    setTimeout(() => destroy(cause), END_TIMEOUT_MS).unref()
  }

  function destroy(cause: string): void {
    if (closed !== null) return
    flush()
    closed = cause
    socket.destroy()
    buffered = []
    outgoing = []
    for (const number of [...waiting.keys()]) settle(number, { kind: 'unknown', cause })
    handlers.onClose(cause)
  }

  return {
    request,
    respond,
    pending: () => waiting.size,
    congested: () => unread() > CONGESTED_AT,
    partialForMs: () => (bufferedLength === 0 ? 0 : performance.now() - partialSinceMs),
    end: endSoon,
    destroy,
  }
}
