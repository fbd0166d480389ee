import { type SmppServer, startSmppServer } from './aggregators/smpp/server/server.ts'
import { type OnStop, ownSendersOf, type Parts } from './parts.ts'
import { makeAccountBook } from './sms/accounts/book.ts'
import { makePasswordHasher } from './sms/accounts/passwords.ts'

/** Opens the port where clients bind; null where the settings name none. */
export async function startClientServer(parts: Parts, onStop: OnStop): Promise<SmppServer | null> {
  const { settings, database, sealer, smsBell, events } = parts
  if (settings.smppServer === null) return null
  const hasher = makePasswordHasher(settings.keys.data)
  const server = await startSmppServer({
    settings: settings.smppServer,
    book: makeAccountBook({ database, sealer, bell: smsBell, hasher }),
    events: {
      onBinds: events.clientBound,
      onBindRefused: events.clientRefused,
      onAnswered: events.clientAnswered,
      onDelivered: events.clientDelivered,
      onFailed: events.clientFailed,
    },
    numbering: settings.market.numbering,
    isOwnSender: ownSendersOf(settings),
  })
  onStop(() => server.stop())
  return server
}
