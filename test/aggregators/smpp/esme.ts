import { connect } from 'node:net'
import { decodePdu, encodePdu, isResponse, type Pdu, STATUS } from '../../../src/aggregators/smpp/codec.ts'

/** A bare SMPP client: writes what it is told, at once, and keeps what it hears. */
export type Esme = {
  /** Sequence numbers count up from one. */
  ask(command: string, fields: Pdu['fields']): void
  readonly answers: Pdu[]
  /** What the peer asked; each is answered with success. */
  readonly requests: Pdu[]
  isClosed(): boolean
  destroy(): void
}

export async function openEsme(port: number): Promise<Esme> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  let [sequence, closed] = [0, false]
  let rest: Buffer = Buffer.alloc(0)
  const [answers, requests]: [Pdu[], Pdu[]] = [[], []]
  socket.on('error', () => undefined)
  socket.on('close', () => {
    closed = true
  })
  socket.on('end', () => socket.destroy())
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= 4 && rest.length >= rest.readUInt32BE(0)) {
      const decoded = decodePdu(rest.subarray(0, rest.readUInt32BE(0)))
      rest = rest.subarray(rest.readUInt32BE(0))
      if (decoded.kind !== 'pdu') throw new Error('the peer sent something unreadable')
      const { pdu } = decoded
      if (isResponse(pdu)) answers.push(pdu)
      else {
        requests.push(pdu)
        socket.write(encodePdu({ command: `${pdu.command}_resp`, status: STATUS.ok, sequence: pdu.sequence }))
      }
    }
  })
  await new Promise((resolve) => socket.once('connect', resolve))
  return {
    ask(command, fields) {
      sequence += 1
      socket.write(encodePdu({ command, status: STATUS.ok, sequence, fields }))
    },
    ...{ answers, requests, isClosed: () => closed, destroy: () => socket.destroy() },
  }
}
