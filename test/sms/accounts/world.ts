import { connect } from 'node:net'
import { type Field, type Pdu, STATUS } from '../../../src/aggregators/smpp/codec.ts'
import { type Connection, openConnection } from '../../../src/aggregators/smpp/connection.ts'
import type { AccountBook, ServerEvents } from '../../../src/aggregators/smpp/server/account.ts'
import type { ServerLimits } from '../../../src/aggregators/smpp/server/limits.ts'
import {
  type SmppServer,
  type SmppServerSettings,
  startSmppServer,
} from '../../../src/aggregators/smpp/server/server.ts'
import { markets } from '../../../src/domain/markets.ts'
import { makeAudit } from '../../../src/security/audit.ts'
import { makeKey } from '../../../src/security/keys.ts'
import { makeAccountBook } from '../../../src/sms/accounts/book.ts'
import { addAccount, type ManageServices, type NewAccount } from '../../../src/sms/accounts/manage.ts'
import { ownSenders } from '../../../src/sms/accounts/own-senders.ts'
import { makePasswordHasher } from '../../../src/sms/accounts/passwords.ts'
import { deliverSms } from '../../../src/sms/deliver.ts'
import { makeLink, makeWorld, type SmsWorld, type TestLink } from '../world.ts'

type EventsHeard = {
  binds: Parameters<ServerEvents['onBinds']>[0][]
  refused: string[]
  answers: Parameters<ServerEvents['onAnswered']>[0][]
  delivered: Parameters<ServerEvents['onDelivered']>[0][]
  failures: unknown[]
}

export type AccountsWorld = {
  readonly sms: SmsWorld
  /** Where accepted messages go once the bell has rung. */
  readonly link: TestLink
  readonly manage: ManageServices
  readonly book: AccountBook
  readonly heard: EventsHeard
  /** Accepted messages stay in the outbox while it is off. */
  sending: boolean
  /** Returns the password. */
  add(systemId: string, overrides?: Partial<NewAccount>): Promise<string>
  serve(options?: {
    limits?: Partial<ServerLimits>
    book?: AccountBook
    tls?: SmppServerSettings['tls']
  }): Promise<SmppServer>
  volumeOf(systemId: string): Promise<number | null>
  /** Accepted messages of an account, oldest first. */
  outboxOf(systemId: string): Promise<{ id: string; state: string; priority: string; flash: boolean; later: boolean }[]>
  /** Resolves when nothing that was accepted is on its way to the link any more. */
  idle(): Promise<void>
  close(): Promise<void>
}

const PLENTY: Omit<NewAccount, 'systemId'> = {
  ...{ bindTypes: ['transmitter', 'receiver', 'transceiver'], maxBinds: 5, tps: 1_000, window: 100 },
  ...{ senders: ['Shop', '22384'], prefixes: [], owned: [], priority: 'bulk', messageIds: 'uuid', volumeLeft: null },
  category: 'transactional',
}

/** Quick where the product is patient. */
const QUICK: Partial<ServerLimits> = { refusalDelayMs: 20, deliverEveryMs: 20, reloadEveryMs: 50 }

export async function makeAccountsWorld(): Promise<AccountsWorld> {
  const sms = await makeWorld()
  const { database, sealer } = sms.services
  const dataKey = makeKey(Buffer.alloc(32, 1))
  const link = makeLink('mno1')
  sms.services.links = [link]
  const hasher = makePasswordHasher(dataKey)
  const audit = makeAudit(makeKey(Buffer.alloc(32, 3)), sealer)
  const manage: ManageServices = { database: sms.db.app, audit, hasher, by: { kind: 'system', id: 'test' } }
  const heard: EventsHeard = { binds: [], refused: [], answers: [], delivered: [], failures: [] }
  const work = new Set<Promise<void>>()
  const servers: SmppServer[] = []
  const bell = {
    ring({ id }: { id: string }) {
      if (!world.sending) return
      const sent: Promise<void> = deliverSms(sms.services, id).finally(() => work.delete(sent))
      work.add(sent)
    },
    close: async () => undefined,
  }
  const world: AccountsWorld = {
    ...{ sms, link, manage, heard, sending: true },
    book: makeAccountBook({ database: sms.db.app, sealer, bell, hasher }),
    async add(systemId, overrides = {}) {
      const added = await addAccount(manage, { ...PLENTY, systemId, ...overrides })
      if (added.kind !== 'added') throw new Error(added.kind)
      return added.password.reveal()
    },
    async serve({ limits = {}, book = world.book, tls = null } = {}) {
      const market = markets.get('KE')
      if (market === undefined) throw new Error('no market')
      const server = await startSmppServer({
        ...{ settings: { host: '127.0.0.1', port: 0, tls }, book, numbering: market.numbering },
        isOwnSender: ownSenders({ smsSender: 'Nyota', serviceCodes: ['*384#'], linkSenders: [null] }),
        limits: { ...QUICK, ...limits },
        events: {
          onBinds: (event) => heard.binds.push(event),
          onBindRefused: ({ reason }) => heard.refused.push(reason),
          onAnswered: (event) => heard.answers.push(event),
          onDelivered: (event) => heard.delivered.push(event),
          onFailed: ({ error }) => heard.failures.push(error),
        },
      })
      servers.push(server)
      return server
    },
    async volumeOf(systemId) {
      const { rows } = await database.query<{ left: number | null }>(
        'SELECT volume_left::float8 AS left FROM smpp_account WHERE system_id = $1',
        [systemId],
      )
      return rows[0]?.left ?? null
    },
    async outboxOf(systemId) {
      const { rows } = await database.query<{
        id: string
        state: string
        priority: string
        flash: boolean
        later: boolean
      }>(
        `SELECT sms_outbox.id, state, sms_outbox.priority, flash, not_before > now() AS later FROM sms_outbox
          JOIN smpp_account ON smpp_account.id = account_id WHERE system_id = $1 ORDER BY sms_outbox.id`,
        [systemId],
      )
      return rows
    },
    async idle() {
      while (work.size > 0) await Promise.all(work)
    },
    async close() {
      await Promise.all(servers.map((server) => server.stop()))
      await world.idle()
      await sms.db.drop()
    },
  }
  return world
}

/** A client of ours, by the same connection as the server's but with all in its hands. */
export type Client = {
  readonly connection: Connection
  /** Status and fields of the answer; its cause where there is none. */
  ask(
    command: string,
    fields?: Pdu['fields'],
  ): Promise<{ status: number | string; fields: Pdu['fields']; command: string }>
  /** deliver_sm received, in order. */
  readonly delivered: Pdu[]
  /** What the next deliveries are answered with; null: not at all. */
  deliverStatus: number | null
  readonly closed: Promise<string>
  readonly isClosed: () => boolean
}

export function connectClient(port: number): Client {
  const socket = connect({ host: '127.0.0.1', port })
  let why: string | null = null
  let close: (cause: string) => void = () => undefined
  const closed = new Promise<string>((resolve) => {
    close = resolve
  })
  const delivered: Pdu[] = []
  const connection = openConnection(socket, {
    onRequest(pdu) {
      if (pdu.command !== 'deliver_sm') return
      delivered.push(pdu)
      if (client.deliverStatus !== null) connection.respond(pdu, client.deliverStatus)
    },
    onClose(cause) {
      why = cause
      close(cause)
    },
  })
  const client: Client = {
    ...{ connection, delivered, deliverStatus: STATUS.ok, closed, isClosed: () => why !== null },
    async ask(command, fields = {}) {
      const answer = await connection.request(command, fields, 15_000)
      if (answer.kind !== 'answered') return { status: answer.cause, fields: {}, command: '' }
      return { status: answer.pdu.status, fields: answer.pdu.fields, command: answer.pdu.command }
    },
  }
  return client
}

export async function bindClient(
  port: number,
  systemId: string,
  password: string,
  type: 'transmitter' | 'receiver' | 'transceiver' = 'transceiver',
  version: number = 0x34,
): Promise<Client & { status: number | string; answer: Pdu['fields'] }> {
  const client = connectClient(port)
  const fields = { system_id: systemId, password, interface_version: version }
  const { status, fields: answer } = await client.ask(`bind_${type}`, fields)
  return Object.assign(client, { status, answer })
}

/** A submit_sm from Shop to Amina that asks for a receipt. */
export function submitOf(text: string, overrides: Readonly<Record<string, Field>> = {}): Pdu['fields'] {
  return {
    ...{ source_addr_ton: 5, source_addr_npi: 0, source_addr: 'Shop' },
    ...{ dest_addr_ton: 1, dest_addr_npi: 1, destination_addr: '254700000001' },
    ...{ esm_class: 0, registered_delivery: 1, data_coding: 0, short_message: Buffer.from(text, 'latin1') },
    ...overrides,
  }
}
