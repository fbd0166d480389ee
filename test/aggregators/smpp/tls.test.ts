import { readFileSync } from 'node:fs'
import { createServer } from 'node:tls'
import { afterEach, expect, test } from 'vitest'
import { STATUS } from '../../../src/aggregators/smpp/codec.ts'
import { openConnection } from '../../../src/aggregators/smpp/connection.ts'
import type { SmppTls } from '../../../src/aggregators/smpp/settings.ts'
import { linkTo, sms, until } from './support.ts'

const pem = (name: string): string => readFileSync(new URL(`./tls/${name}.pem`, import.meta.url), 'utf8')

const cleanUps: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

/** A message centre behind TLS; counts what binds were sent to it. */
async function startTlsSmsc(): Promise<{ port: number; binds: () => number }> {
  let binds = 0
  const server = createServer({ cert: pem('server'), key: pem('server-key') }, (socket) => {
    const connection = openConnection(socket, {
      onRequest(pdu) {
        if (pdu.command.startsWith('bind_')) binds += 1
        connection.respond(pdu, STATUS.ok, pdu.command === 'submit_sm' ? { message_id: '1' } : {})
      },
      onClose: () => undefined,
    })
    cleanUps.push(() => connection.destroy('over'))
  })
  server.on('tlsClientError', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanUps.push(() => new Promise((resolve) => server.close(resolve)))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return { port: address.port, binds: () => binds }
}

test.each<[string, SmppTls]>([
  ['the pinned authority and the right name', { ca: pem('ca'), servername: 'smsc.test' }],
  ['the pinned authority and an address', { ca: pem('ca'), servername: '127.0.0.1' }],
])('a link over TLS is made with %s', async (_, tls) => {
  const smsc = await startTlsSmsc()
  const { link } = linkTo(smsc.port, { tls })
  cleanUps.push(() => link.close())
  await until(() => link.isUp(), 'the link is up')
  expect((await link.send(sms('x'))).kind).toBe('accepted')
})

test.each<[string, SmppTls, RegExp]>([
  ['another authority', { ca: pem('other-ca'), servername: 'smsc.test' }, /UNABLE_TO_VERIFY|SELF_SIGNED|UNABLE_TO_GET/],
  ['only the public authorities', { ca: null, servername: 'smsc.test' }, /UNABLE_TO_VERIFY|SELF_SIGNED|UNABLE_TO_GET/],
  ['a certificate for another name', { ca: pem('ca'), servername: 'elsewhere.test' }, /ERR_TLS_CERT_ALTNAME_INVALID/],
])('no password is sent where %s is believed', async (_, tls, reason) => {
  const smsc = await startTlsSmsc()
  const { link, heard } = linkTo(smsc.port, { tls })
  cleanUps.push(() => link.close())
  await until(() => heard.states.length >= 2, 'two tries')
  for (const state of heard.states) expect(state).toMatchObject({ up: false, reason: expect.stringMatching(reason) })
  expect(smsc.binds()).toBe(0)
})
