import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Secret } from '../../../src/domain/secret.ts'
import { until } from '../../aggregators/smpp/support.ts'
import { type AccountsWorld, makeAccountsWorld } from './world.ts'

/** npm's `smpp` as a client as it comes: its sessions share nothing with ours. */
type LibraryPdu = {
  command_status: number
  message_id?: string
  short_message?: { message: string | Buffer }
  response(): LibraryPdu
}
type LibrarySession = {
  on(event: string, listener: (pdu: LibraryPdu) => void): void
  send(pdu: LibraryPdu): void
  close(): void
} & Record<'bind_transceiver' | 'submit_sm' | 'unbind', (fields: object, answer: (pdu: LibraryPdu) => void) => void>
const library = createRequire(import.meta.url)('smpp') as { connect(options: object): LibrarySession }

let world: AccountsWorld
beforeAll(async () => {
  world = await makeAccountsWorld()
})
afterAll(() => world.close())

function ask(
  session: LibrarySession,
  command: 'bind_transceiver' | 'submit_sm' | 'unbind',
  fields: object,
): Promise<LibraryPdu> {
  return new Promise((resolve) => session[command](fields, resolve))
}

async function journey(options: object, systemId: string): Promise<void> {
  const password = await world.add(systemId)
  const session = library.connect(options)
  const receipts: string[] = []
  session.on('error', () => undefined)
  session.on('deliver_sm', (pdu) => {
    receipts.push(String(pdu.short_message?.message))
    session.send(pdu.response())
  })
  expect((await ask(session, 'bind_transceiver', { system_id: systemId, password })).command_status).toBe(0)
  const submit = {
    source_addr: 'Shop',
    destination_addr: '254700000001',
    registered_delivery: 1,
    short_message: `hello from ${systemId}`,
  }
  const { command_status, message_id } = await ask(session, 'submit_sm', submit)
  expect(command_status).toBe(0)
  await until(() => world.link.sent.some(({ text }) => text === `hello from ${systemId}`), 'it is sent')
  await until(() => world.sms.submitted.some(({ id }) => id === message_id), 'it is accepted')
  await world.sms.report({ providerId: `mno1-${world.link.sent.length}` })
  await until(() => receipts.length === 1, 'its receipt')
  expect(receipts[0]).toMatch(new RegExp(`^id:${message_id} .*stat:DELIVRD`))
  expect((await ask(session, 'unbind', {})).command_status).toBe(0)
  session.close()
}

describe('npm’s smpp as a client', () => {
  test('binds, sends, gets its receipt and leaves', async () => {
    const server = await world.serve()
    await journey({ host: '127.0.0.1', port: server.port }, 'library')
    await until(() => server.connections() === 0, 'it has left')
  })

  test('also over TLS, where a client in the clear gets nothing', async () => {
    const { key, certificate } = makeCertificate()
    const server = await world.serve({ tls: { key, certificate } })
    const ca = certificate.reveal()
    await journey({ host: '127.0.0.1', port: server.port, tls: true, ca, servername: 'localhost' }, 'sealed')
    const plain = library.connect({ host: '127.0.0.1', port: server.port })
    plain.on('error', () => undefined)
    plain.bind_transceiver({ system_id: 'sealed', password: 'x' }, () => undefined)
    await new Promise<void>((resolve) => plain.on('close', () => resolve()))
    await until(() => server.connections() === 0, 'nobody is left')
  })
})

/** For localhost, signed by itself. */
function makeCertificate(): { key: Secret; certificate: Secret } {
  const folder = mkdtempSync(join(tmpdir(), 'tls-'))
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  const kind = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  try {
    execFileSync('openssl', [...kind, ...names, '-keyout', key, '-out', certificate], { stdio: 'ignore' })
    return { key: new Secret(readFileSync(key, 'utf8')), certificate: new Secret(readFileSync(certificate, 'utf8')) }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
