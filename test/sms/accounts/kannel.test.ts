import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pause, until } from '../../aggregators/smpp/support.ts'
import { haveKannel, type Kannel, startKannel } from '../../support/kannel.ts'
import { type AccountsWorld, makeAccountsWorld } from './world.ts'

const LONG = 'Every part of a long message has its place in a header, and the phone puts them together again. '
  .repeat(3)
  .trim()

describe.skipIf(!haveKannel())('Kannel as a client', () => {
  let world: AccountsWorld
  let kannel: Kannel
  let receipts: Server
  const heard: URLSearchParams[] = []
  beforeAll(async () => {
    world = await makeAccountsWorld()
    const server = await world.serve()
    const password = await world.add('kannel', { messageIds: 'decimal' })
    receipts = createServer((request, response) => {
      heard.push(new URL(request.url ?? '/', 'http://here').searchParams)
      response.end('ok')
    })
    await new Promise<void>((resolve) => receipts.listen(0, '127.0.0.1', resolve))
    kannel = await startKannel({ port: server.port, systemId: 'kannel', password })
    await until(() => world.heard.binds.some(({ account }) => account === 'kannel'), 'Kannel binds', 15_000)
  }, 60_000)
  afterAll(async () => {
    await kannel?.stop()
    await new Promise((resolve) => receipts?.close(resolve))
    await world?.close()
  })

  async function send(name: string, parameters: Readonly<Record<string, string>>): Promise<void> {
    const { port } = receipts.address() as AddressInfo
    const word = name.replaceAll(' ', '-')
    const answer = await kannel.send({
      ...{ from: 'Shop', to: '254700000001', 'dlr-mask': '31', ...parameters },
      'dlr-url': `http://127.0.0.1:${port}/?name=${word}&type=%d`,
    })
    expect(answer, kannel.log()).toMatch(/^202 /)
  }

  const receiptsOf = (name: string) =>
    heard.filter((each) => each.get('name') === name.replaceAll(' ', '-')).map((each) => each.get('type'))

  test.each<[string, string, Record<string, string>, number, object]>([
    ['a plain message', 'Habari @ £5 {now}', {}, 1, { flash: false }],
    ['a long message', LONG, {}, 2, { flash: false }],
    ['a message in UCS-2', 'ሰላም, Amina', { coding: '2' }, 1, { flash: false }],
    ['a flash message', 'Look now', { mclass: '0' }, 1, { flash: true }],
  ])('sends %s and gets its receipt', async (name, text, parameters, parts, expected) => {
    world.link.sent.length = 0
    await send(name, { text, ...parameters })
    await until(() => world.link.sent.length === parts, `${name} is sent\n${kannel.log()}`, 10_000)
    const sent = [...world.link.sent].sort((a, b) => (a.part?.number ?? 0) - (b.part?.number ?? 0))
    expect(sent.map((message) => message.text).join('')).toBe(text)
    expect(sent.map((message) => message.part?.number ?? null)).toEqual(parts === 1 ? [null] : [1, 2])
    for (const message of sent) expect(message).toMatchObject({ from: 'Shop', to: '+254700000001', ...expected })
    const ids = new Set(sent.map(({ id }) => id))
    await until(() => world.sms.submitted.filter(({ id }) => ids.has(id)).length === parts, 'all are accepted')
    await pause(50)
    const { rows } = await world.sms.db.owner.query<{ provider_id: string }>(
      'SELECT provider_id FROM sms_part WHERE outbox_id = ANY ($1)',
      [[...ids]],
    )
    for (const { provider_id: providerId } of rows) await world.sms.report({ providerId, state: 'delivered' })
    // 8: we took it; 1: the phone has it.
    await until(() => receiptsOf(name).includes('1'), `the receipt of ${name}\n${kannel.log()}`, 10_000)
    expect(receiptsOf(name)).toContain('8')
    expect(receiptsOf(name)).not.toContain('16')
  })

  test('is told what is refused', async () => {
    await send('refused', { text: 'x', from: 'Stranger' })
    await until(() => receiptsOf('refused').includes('16'), `the refusal\n${kannel.log()}`, 10_000)
  })
})
