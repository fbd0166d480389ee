import { createRequire } from 'node:module'
import type { Socket } from 'node:net'

/** The bare `smpp` of npm, as far as the tests of its defects use it. */

export type LibraryPdu = {
  command: string
  sequence_number: number
  data_coding?: number
  short_message?: { message: unknown }
  response(options?: object): LibraryPdu
}

export type LibrarySession = {
  socket: Socket
  on(event: string, listener: (argument: never) => void): LibrarySession
  send(pdu: LibraryPdu): boolean
  bind_transceiver(fields: object, onResponse?: () => void): boolean
  submit_sm(fields: object, onResponse?: () => void): boolean
  enquire_link(): boolean
  connect(): void
  pause(): void
  resume(): void
  destroy(): void
}

type Library = {
  Session: new (options: object) => LibrarySession
  PDU: {
    new (command: string, fields: object): LibraryPdu & { toBuffer(): Buffer }
    fromBuffer(octets: Buffer): LibraryPdu
  }
  connect(host: string, port: number, onConnect: () => void): LibrarySession
  createServer(onSession: (session: LibrarySession) => void): {
    listen(port: number, done: () => void): void
    close(): void
    address(): { port: number }
  }
}

export const library: Library = createRequire(import.meta.url)('smpp') as Library

export const submitFields = { source_addr: 'NYOTA', destination_addr: '254700000001' } as const

/** A session whose errors are heard, so that they do not end the process. */
export async function librarySession(port: number, options: object = {}): Promise<LibrarySession> {
  const session = new library.Session({ host: '127.0.0.1', port, ...options })
  session.on('error', () => undefined)
  await new Promise<void>((resolve) => session.on('connect', () => resolve()))
  return session
}

/** A server of the library's; gives its port, and a function that ends it with all its sessions. */
export async function libraryServer(
  onSession: (session: LibrarySession) => void,
): Promise<{ port: number; close(): void }> {
  const sessions: LibrarySession[] = []
  const server = library.createServer((session) => {
    session.on('error', () => undefined)
    sessions.push(session)
    onSession(session)
  })
  await new Promise<void>((resolve) => server.listen(0, resolve))
  return {
    port: server.address().port,
    close() {
      for (const session of sessions) session.destroy()
      server.close()
    },
  }
}
