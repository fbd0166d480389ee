import { demoPeople } from '../../scripts/demo/people.ts'
import { seedPeople } from '../../scripts/demo/seed.ts'
import { keysOf, makeKeys } from '../../scripts/local/keys.ts'
import type { UssdPush } from '../../src/aggregators/ussd-push.ts'
import type { Biller } from '../../src/billers/biller.ts'
import { compileMenus } from '../../src/conversations/publish.ts'
import { makeSmsConversation, type SmsConversation } from '../../src/conversations/sms.ts'
import { markets } from '../../src/domain/markets.ts'
import { type Msisdn, parseE164 } from '../../src/domain/msisdn.ts'
import { Secret } from '../../src/domain/secret.ts'
import { loadMenuSources } from '../../src/menu/load.ts'
import { describeProblem } from '../../src/menu/problem.ts'
import type { Program } from '../../src/menu/program.ts'
import { makeAudit } from '../../src/security/audit.ts'
import { makeSealer, type Sealer } from '../../src/security/sealing.ts'
import { ownSenders } from '../../src/sms/accounts/own-senders.ts'
import { bodyContext, recipientContext } from '../../src/sms/outbox.ts'
import type { Events } from '../../src/telemetry/events.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

const kenya = markets.get('KE')
if (kenya === undefined) throw new Error('the market of the demo is gone')
const market = kenya

export type SentSms = { readonly id: string; readonly to: string; readonly text: string; readonly state: string }

export type KeywordWorld = {
  readonly db: TestDatabase
  readonly sealer: Sealer
  readonly program: Program
  /** Ids that the bell was rung for. */
  readonly rung: string[]
  /** What telemetry was told, as text. */
  readonly heard: string[]
  conversation(push?: UssdPush | null, program?: Program): SmsConversation
  /** A message with an id of its own, unless stated. */
  send(conversation: SmsConversation, from: string, text: string, id?: string): Promise<void>
  /** The outbox in the order in which it was written. */
  outbox(): Promise<SentSms[]>
  /** As if nobody had been answered yet. */
  forget(): Promise<void>
  speak(from: string, language: string): Promise<void>
}

export function numberOf(person: string): Msisdn {
  const known = Object.entries(demoPeople).find(([name]) => name === person)?.[1].number ?? person
  const number = parseE164(known)
  if (number === null) throw new Error(`nobody here is ${person}`)
  return number
}

const biller = (id: string, name: string, accountDigits: number): [string, Biller] => {
  const never = (): never => {
    throw new Error('a keyword asks no biller')
  }
  return [id, { id, name, service: 'bill', accountDigits, check: never, pay: never, query: never } as unknown as Biller]
}
const billers = new Map([
  biller('city-power', 'City Power', 11),
  biller('city-water', 'City Water', 7),
  biller('school', 'Green School', 8),
  biller('tv', 'Star TV', 5),
])

export async function compiledMenus(changes: Readonly<Record<string, string>> = {}): Promise<Program> {
  const compiled = compileMenus({ ...(await loadMenuSources('menus')), ...changes }, market)
  if (compiled.kind === 'refused') throw new Error(compiled.problems.map(describeProblem).join('\n'))
  return compiled.program
}

/** The demo's people and the menus that ship, around a conversation whose links are the test's. */
export async function makeKeywordWorld(): Promise<KeywordWorld> {
  const [db, program] = await Promise.all([createTestDatabase(), compiledMenus()])
  const keys = keysOf(makeKeys())
  await seedPeople({ database: db.app, owner: db.owner, market, keys }, Object.values(demoPeople))
  const sealer = makeSealer(keys.data)
  const rung: string[] = []
  const heard: string[] = []
  const events = new Proxy({} as Events, {
    get: (_target, name) => (event: unknown) => void heard.push(`${String(name)} ${JSON.stringify(event)}`),
  })
  let messages = 0
  return {
    ...{ db, sealer, program, rung, heard },
    conversation: (push = null, menus = program) =>
      makeSmsConversation({
        ...{ database: db.app, sealer, market, billers, events, push, program: () => menus, serviceCode: '*384#' },
        isOwnNumber: ownSenders({ smsSender: 'Nyota', serviceCodes: ['*384#'], linkSenders: ['22384'] }),
        audit: makeAudit(keys.audit, sealer),
        smsBell: { ring: ({ id }) => void rung.push(id), close: async () => undefined },
      }),
    async send(conversation, from, text, id) {
      messages += 1
      const message = { link: 'mno1', id: id ?? `message-${messages}`, from: numberOf(from), to: '22384' }
      await conversation.receive({ ...message, text: new Secret(text) })
    },
    async outbox() {
      const { rows } = await db.app.query<{
        id: string
        recipient_sealed: Buffer
        body_sealed: Buffer
        state: string
      }>(`SELECT message.id, recipient_sealed, body_sealed, state FROM sms_outbox AS message
        JOIN sms_event AS event ON outbox_id = message.id AND kind = 'queued' ORDER BY event.id`)
      return rows.map(({ id, recipient_sealed, body_sealed, state }) => ({
        id,
        to: sealer.open(recipient_sealed, recipientContext(id)),
        text: sealer.open(body_sealed, bodyContext(id)),
        state,
      }))
    },
    async forget() {
      await db.owner.query(`DO $$ BEGIN
        DELETE FROM sms_answer; DELETE FROM sms_consent; DELETE FROM sms_inbox; DELETE FROM sms_arrival; DELETE FROM sms_event; DELETE FROM sms_outbox;
      END $$`)
      rung.length = 0
      heard.length = 0
    },
    async speak(from, language) {
      const index = sealer.index(numberOf(from), 'subscriber.number')
      await db.app.query('UPDATE subscriber SET language = $2 WHERE number_index = $1', [index, language])
    },
  }
}
