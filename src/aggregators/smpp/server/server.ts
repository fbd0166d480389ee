import { once } from 'node:events'
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { NumberingPlan } from '../../../domain/market.ts'
import { startRounds } from '../../../domain/rounds.ts'
import type { Secret } from '../../../domain/secret.ts'
import { within } from '../../../domain/within.ts'
import type { AccountBook, BindType, ServerEvents, SmppAccount } from './account.ts'
import { makeBindGuard } from './bind-guard.ts'
import { type Deliverer, makeDeliverer, type Receiver } from './delivering.ts'
import { defaultLimits, type ServerLimits } from './limits.ts'
import { makeGate, makeRate, type Rate } from './rate.ts'
import { type LiveAccount, type Session, serveClient } from './session.ts'

/** Where the server listens, as `SMPP_SERVER_…` says. */
export type SmppServerSettings = {
  readonly host: string
  readonly port: number
  /** PEM; null: SMPP in the clear. */
  readonly tls: { readonly key: Secret; readonly certificate: Secret } | null
}

export type SmppServer = {
  readonly port: number
  /** Accounts with their binds, by system_id. */
  binds(): { readonly account: string; readonly binds: Readonly<Record<BindType, number>> }[]
  /** Connections, bound or not. */
  connections(): number
  /** Takes no more connections, lets what was submitted be answered, unbinds everybody. */
  stop(): Promise<void>
}

export type SmppServerOptions = {
  readonly settings: SmppServerSettings
  readonly book: AccountBook
  readonly events: ServerEvents
  /** How numbers in a national form are read. */
  readonly numbering: NumberingPlan
  /** Senders that are ours, which no account has, whatever its own say. */
  readonly isOwnSender: (sender: string) => boolean
  readonly limits?: Partial<ServerLimits>
  readonly now?: () => Date
}

type Live = LiveAccount & {
  account: SmppAccount
  readonly sessions: Set<Session>
  rate: Rate
  readonly deliverer: Deliverer
}

/** What clients see in a bind's answer. */
const SYSTEM_ID = 'nyota'
const FINISH_TIMEOUT_MS = 3_000
const BIND_TYPES: readonly BindType[] = ['transmitter', 'receiver', 'transceiver']

/** Listens for clients: networks, aggregators and the operator's own applications, each with an account. */
export async function startSmppServer(options: SmppServerOptions): Promise<SmppServer> {
  const { settings, book, events, numbering, isOwnSender, now = () => new Date() } = options
  const limits: ServerLimits = { ...defaultLimits, ...options.limits }
  const sessions = new Map<Session, Live | null>()
  const lives = new Map<string, Live>()
  const sockets = new Map<Socket, string>()
  let stopping = false
  const shared = {
    ...{ book, events, limits, numbering, isOwnSender, now, systemId: SYSTEM_ID, enter, entered, left },
    guard: makeBindGuard(limits),
    gate: makeGate(limits.maxAtWork, limits.maxWaiting),
  }

  function openLive(first: SmppAccount): Live {
    const live: Live = {
      account: first,
      rate: makeRate(first.tps),
      sessions: new Set(),
      current: () => live.account,
      take: () => live.rate.take(performance.now()),
      deliverer: makeDeliverer(
        () => live.account,
        () => receiversOf(live),
        { book, events, limits },
      ),
    }
    lives.set(first.id, live)
    return live
  }

  function enter(session: Session, account: SmppAccount): LiveAccount | null {
    const live = lives.get(account.id) ?? openLive(account)
    renew(live, account)
    if (stopping || live.sessions.size >= account.maxBinds) return null
    live.sessions.add(session)
    sessions.set(session, live)
    tellBinds(live, session, 'bound')
    return live
  }

  function entered(session: Session): void {
    sessions.get(session)?.deliverer.look()
  }

  function left(session: Session, cause: string): void {
    const live = sessions.get(session) ?? null
    sessions.delete(session)
    if (live === null) return
    live.sessions.delete(session)
    tellBinds(live, session, cause)
  }

  function tellBinds(live: Live, session: Session, cause: string): void {
    const bind = session.bind()
    if (bind !== null) events.onBinds({ account: live.account.systemId, bind, binds: countBinds(live, bind), cause })
  }

  /** An account without a bind is kept, so that its pace cannot be outrun by binding anew; there are only as many as accounts. */
  function renew(live: Live, account: SmppAccount): void {
    if (account.tps !== live.account.tps) live.rate = makeRate(account.tps)
    live.account = account
  }

  async function reload(): Promise<void> {
    for (const live of lives.values()) {
      if (live.sessions.size === 0) continue
      const account = await book.reload(live.account.id)
      if (account !== null && !account.suspended) renew(live, account)
      else await Promise.all([...live.sessions].map((session) => session.unbind('account_closed')))
    }
  }

  /** Every connection is counted before it says a word, TLS or not. */
  function admit(socket: Socket): void {
    socket.on('error', () => undefined)
    const address = socket.remoteAddress ?? ''
    const ofAddress = [...sockets.values()].filter((each) => each === address).length
    if (stopping || sockets.size >= limits.maxConnections || ofAddress >= limits.maxPerAddress) {
      events.onBindRefused({ reason: 'too_many_connections' })
      socket.destroy()
      return
    }
    sockets.set(socket, address)
    socket.on('close', () => sockets.delete(socket))
  }

  function serve(socket: Socket): void {
    if (socket.destroyed) return
    const session = serveClient(socket, socket.remoteAddress ?? '', shared)
    if (!sessions.has(session)) sessions.set(session, null)
  }

  const server = openServer(settings, limits, admit, serve)
  server.listen(settings.port, settings.host)
  await once(server, 'listening')
  server.on('error', (error) => events.onFailed({ error }))
  const reloads = startRounds(reload, {
    everyMs: limits.reloadEveryMs,
    onFailure: (error) => events.onFailed({ error }),
  })
  const looks = setInterval(() => {
    for (const live of lives.values()) live.deliverer.look()
  }, limits.deliverEveryMs)

  return {
    port: (server.address() as AddressInfo).port,
    binds: () =>
      [...lives.values()].map((live) => ({
        account: live.account.systemId,
        binds: Object.fromEntries(BIND_TYPES.map((bind) => [bind, countBinds(live, bind)])) as Record<BindType, number>,
      })),
    connections: () => sockets.size,
    async stop() {
      stopping = true
      const reloaded = reloads.close()
      clearInterval(looks)
      const closed = new Promise((resolve) => server.close(resolve))
      await within(FINISH_TIMEOUT_MS, settled(sessions))
      await Promise.all([...sessions.keys()].map((session) => session.unbind('stopping')))
      for (const socket of sockets.keys()) socket.destroy()
      await Promise.all([closed, reloaded, ...[...lives.values()].map((live) => live.deliverer.idle())])
    },
  }
}

function openServer(
  { tls }: SmppServerSettings,
  limits: ServerLimits,
  admit: (socket: Socket) => void,
  serve: (socket: Socket) => void,
): Server {
  if (tls === null) {
    return createTcpServer((socket) => {
      admit(socket)
      serve(socket)
    })
  }
  const keys = { key: tls.key.reveal(), cert: tls.certificate.reveal() }
  const server = createTlsServer({ ...keys, minVersion: 'TLSv1.2', handshakeTimeout: limits.bindTimeoutMs }, serve)
  server.on('connection', admit)
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  return server
}

function receiversOf({ sessions }: Live): readonly Receiver[] {
  return [...sessions]
    .filter((session) => session.bind() !== 'transmitter' && session.bound())
    .map((session) => ({ connection: session.connection, tlvs: session.version() >= 0x34 }))
}

function countBinds({ sessions }: Live, bind: BindType): number {
  return [...sessions].filter((session) => session.bind() === bind).length
}

/** Resolves when no submit is being written down any more. */
async function settled(sessions: ReadonlyMap<Session, unknown>): Promise<void> {
  while ([...sessions.keys()].some((session) => session.busy() > 0)) {
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
