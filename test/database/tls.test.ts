import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TLSSocket } from 'node:tls'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { openDatabase } from '../../src/database/database.ts'

let folder: string
let server: Server
/** What came over TLS: the startup packet with the role's name is the first thing a client sends that trusts the server. */
let heard: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nyota-tls-'))
  for (const name of ['server', 'other']) {
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
        ...['-keyout', join(folder, `${name}.key`), '-out', join(folder, `${name}.pem`)],
        ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'],
      ],
      { stdio: 'ignore' },
    )
  }
  const [key, cert] = ['server.key', 'server.pem'].map((name) => readFileSync(join(folder, name)))
  server = createServer((socket) => {
    socket.on('error', () => undefined)
    // PostgreSQL's SSLRequest is answered by S, and TLS begins.
    socket.once('data', () => {
      socket.write('S')
      const secure = new TLSSocket(socket, { isServer: true, key, cert })
      secure.on('error', () => undefined)
      secure.on('data', (bytes) => {
        heard += bytes.toString('latin1')
        secure.end()
      })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve))
  rmSync(folder, { recursive: true })
})
beforeEach(() => {
  heard = ''
})

async function greet(host: string, root: string | null): Promise<string> {
  const { port } = server.address() as AddressInfo
  const ca = root === null ? '' : `&sslrootcert=${encodeURIComponent(join(folder, root))}`
  const database = openDatabase(`postgres://canary_role:secret@${host}:${port}/nyota?sslmode=verify-full${ca}`, {
    ...{ maxConnections: 1, applicationName: 'test-tls' },
  })
  try {
    return await database.query('SELECT 1').then(
      () => 'answered',
      (error: { code?: string; message: string }) => error.code ?? error.message,
    )
  } finally {
    await database.close()
  }
}

test('a database that shows a certificate of the named authority is spoken to', async () => {
  expect(await greet('localhost', 'server.pem')).not.toMatch(/CERT|SELF_SIGNED/)
  expect(heard).toContain('canary_role')
})

test.each([
  ['of another authority', 'localhost', 'other.pem'],
  ['of an authority that nobody named', 'localhost', null],
  ['made out to another name', '127.0.0.1', 'server.pem'],
])('one whose certificate is %s hears neither the role nor anything else', async (_, host, root) => {
  expect(await greet(host, root)).toMatch(/CERT|SELF_SIGNED|ALTNAME/)
  expect(heard).toBe('')
})
