import { createSecureContext } from 'node:tls'
import type { SmppServerSettings } from './aggregators/smpp/server/server.ts'
import type { SettingsReader } from './settings-reader.ts'

/** `SMPP_SERVER_…`; null where no port is set. */
export function readSmppServer(reader: SettingsReader): SmppServerSettings | null {
  const key = reader.secret('SMPP_SERVER_TLS_KEY')
  const certificate = reader.secret('SMPP_SERVER_TLS_CERTIFICATE')
  const host = reader.text('SMPP_SERVER_HOST')
  const port = reader.whole('SMPP_SERVER_PORT', { from: 0, to: 65_535, usual: -1 })
  if (port < 0) {
    if (host !== null || key !== null || certificate !== null) {
      reader.problems.push(
        'SMPP_SERVER_PORT is missing, so nobody could bind; set it, or leave out all of SMPP_SERVER_.',
      )
    }
    return null
  }
  if ((key === null) !== (certificate === null)) {
    reader.problems.push(
      'SMPP_SERVER_TLS_KEY and SMPP_SERVER_TLS_CERTIFICATE belong together, or passwords would cross in the clear; set both or none.',
    )
  }
  const tls = key === null || certificate === null ? null : { key, certificate }
  if (tls !== null) checkPair(reader, tls)
  return { host: host ?? '127.0.0.1', port, tls }
}

function checkPair(reader: SettingsReader, { key, certificate }: NonNullable<SmppServerSettings['tls']>): void {
  try {
    createSecureContext({ key: key.reveal(), cert: certificate.reveal() })
  } catch {
    reader.problems.push(
      'SMPP_SERVER_TLS_KEY and SMPP_SERVER_TLS_CERTIFICATE are not a key and its certificate, both PEM; check the files.',
    )
  }
}
