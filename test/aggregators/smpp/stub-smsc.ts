import type { Socket } from 'node:net'
import { type Field, type Pdu, STATUS } from '../../../src/aggregators/smpp/codec.ts'
import { type Connection, openConnection } from '../../../src/aggregators/smpp/connection.ts'
import { rawPeer } from './support.ts'

/** A submit as the stub got it: on which connection (from 1), to whom, what. */
export type Got = {
  readonly bind: number
  readonly to: string
  readonly text: string
  /** Answers it. */
  answer(status?: number, fields?: Record<string, Field>): void
}

export type StubSmsc = {
  readonly port: number
  readonly binds: Pdu[]
  readonly submits: Pdu[]
  readonly got: Got[]
  readonly connections: Connection[]
  /** Whether each connection is still there. */
  readonly open: boolean[]
  close(): Promise<void>
}

/** A message centre that answers submits only when the test says so, or as `onSubmit` does. */
export async function startStubSmsc(onSubmit: (got: Got, count: number) => void = () => undefined): Promise<StubSmsc> {
  const binds: Pdu[] = []
  const submits: Pdu[] = []
  const got: Got[] = []
  const connections: Connection[] = []
  const open: boolean[] = []
  const peer = await rawPeer((socket: Socket, bind) => {
    const connection = openConnection(socket, {
      onRequest(pdu) {
        if (pdu.command.startsWith('bind_')) {
          binds.push(pdu)
          connection.respond(pdu, STATUS.ok, { system_id: 'stub' })
          return
        }
        const submit: Got = {
          bind,
          to: String(pdu.fields.destination_addr),
          text: (pdu.fields.short_message as Buffer).toString('latin1'),
          answer: (status = STATUS.ok, fields = {}) =>
            connection.respond(pdu, status, status === STATUS.ok ? { message_id: `${got.length}`, ...fields } : fields),
        }
        submits.push(pdu)
        got.push(submit)
        onSubmit(submit, got.length)
      },
      onClose: () => {
        open[bind - 1] = false
      },
    })
    connections.push(connection)
    open.push(true)
  })
  return { port: peer.port, binds, submits, got, connections, open, close: () => peer.close() }
}
