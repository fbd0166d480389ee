import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Field, STATUS } from '../../../src/aggregators/smpp/codec.ts'
import type { SmppServer } from '../../../src/aggregators/smpp/server/server.ts'
import { findAccount } from '../../../src/sms/accounts/account-row.ts'
import { removeAccount, setSuspended } from '../../../src/sms/accounts/manage.ts'
import { deliverSms } from '../../../src/sms/deliver.ts'
import { until } from '../../aggregators/smpp/support.ts'
import { losing, refusing } from '../world.ts'
import { type AccountsWorld, bindClient, type Client, connectClient, makeAccountsWorld, submitOf } from './world.ts'

let world: AccountsWorld
let server: SmppServer
let names = 0
beforeAll(async () => {
  world = await makeAccountsWorld()
  server = await world.serve()
})
beforeEach(async () => {
  await world.idle()
  world.sending = true
  world.link.sent.length = 0
  world.link.script = (_, count) => ({ kind: 'accepted', providerIds: [`p-${names}-${count}`], segments: 1 })
})
afterAll(() => world.close())

/** A client of a new account. */
async function open(
  overrides: Parameters<AccountsWorld['add']>[1] = {},
): Promise<{ name: string; client: Client; password: string }> {
  names += 1
  const name = `client${names}`
  const password = await world.add(name, overrides)
  const client = await bindClient(server.port, name, password)
  expect(client.status).toBe(STATUS.ok)
  return { name, client, password }
}

async function submit(client: Client, text: string, overrides: Readonly<Record<string, Field>> = {}): Promise<string> {
  const { status, fields } = await client.ask('submit_sm', submitOf(text, overrides))
  expect(status).toBe(STATUS.ok)
  return String(fields.message_id)
}

const textOf = (client: Client, at: number) => String(client.delivered[at]?.fields.short_message ?? '')
const sent = (count: number) => until(() => world.link.sent.length === count, `${count} sent`)

describe('an accepted message', () => {
  test('is in the outbox before its answer, and goes out like any other, from its own sender', async () => {
    const { name, client } = await open({ priority: 'receipt' })
    world.sending = false
    const id = await submit(client, 'hello')
    expect(await world.outboxOf(name)).toMatchObject([
      { id, state: 'queued', priority: 'receipt', flash: false, later: false },
    ])
    await deliverSms(world.sms.services, id)
    expect(world.link.sent).toMatchObject([
      { id, to: '+254700000001', from: 'Shop', text: 'hello', priority: 'receipt' },
    ])
    expect(world.link.sent[0]?.part).toBeUndefined()
  })

  test('shows neither number, sender nor text in the tables', async () => {
    const { client } = await open({ senders: ['Canary'] })
    const id = await submit(client, 'canary text', { source_addr: 'Canary' })
    for (const table of ['sms_outbox', 'smpp_submission']) {
      const key = table === 'sms_outbox' ? 'id' : 'outbox_id'
      const { rows } = await world.sms.db.owner.query<Record<string, unknown>>(
        `SELECT * FROM ${table} WHERE ${key} = $1`,
        [id],
      )
      expect(rows).toHaveLength(1)
      for (const value of Object.values(rows[0] ?? {})) {
        expect(Buffer.isBuffer(value) ? value.toString('latin1') : String(value)).not.toMatch(/canary|254700/i)
      }
    }
  })

  test('cut by the client goes out as it was cut, flash and UCS-2 as they were asked for', async () => {
    const { client } = await open()
    const cut = {
      esm_class: 0x40,
      short_message: Buffer.concat([Buffer.of(5, 0, 3, 9, 2, 2), Buffer.from('second half')]),
    }
    await submit(client, '', cut)
    await submit(client, 'now', { data_coding: 0x10 })
    await submit(client, '', { data_coding: 8, short_message: Buffer.from('ሰላም', 'utf16le').swap16() })
    await sent(3)
    const by = (text: string) => world.link.sent.find((message) => message.text === text)
    expect(by('second half')?.part).toEqual({ reference: 9, total: 2, number: 2 })
    expect([by('now')?.flash, by('ሰላም')?.flash]).toEqual([true, false])
  })

  test('may come by data_sm, and be for later', async () => {
    const { name, client } = await open()
    const fields = { ...submitOf(''), short_message: undefined, message_payload: Buffer.from('by data') }
    const { short_message: _, ...data } = fields
    expect((await client.ask('data_sm', data)).status).toBe(STATUS.ok)
    await sent(1)
    await submit(client, 'later', { schedule_delivery_time: '000000010000000R' })
    expect(await world.outboxOf(name)).toMatchObject([{ state: 'sent' }, { state: 'queued', later: true }])
    expect(world.link.sent).toHaveLength(1)
  })

  test.each([
    ['decimal', /^\d{1,19}$/],
    ['hex', /^[0-9a-f]{1,15}$/],
  ] as const)('has an id in %s where the client wants it', async (messageIds, form) => {
    const { client } = await open({ messageIds })
    const id = await submit(client, 'x')
    expect(id).toMatch(form)
    await until(() => world.link.sent.length === 1, 'sent')
    expect(await client.ask('query_sm', { message_id: id })).toMatchObject({
      status: STATUS.ok,
      fields: { message_id: id, message_state: 1 },
    })
  })
})

describe('limits of an account', () => {
  test('its pace is kept by ESME_RTHROTTLED over all its binds', async () => {
    const { name, client, password } = await open({ tps: 5 })
    const second = await bindClient(server.port, name, password)
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, at) => (at % 2 ? client : second).ask('submit_sm', submitOf('x'))),
    )
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status === STATUS.throttled)).toHaveLength(7)
    expect(await world.outboxOf(name)).toHaveLength(5)
  })

  test('its window is kept by ESME_RMSGQFUL', async () => {
    let release: () => void = () => undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const book = {
      ...world.book,
      async accept(...args: Parameters<typeof world.book.accept>) {
        await held
        return await world.book.accept(...args)
      },
    }
    const slow = await world.serve({ book })
    const password = await world.add('windowed', { window: 3 })
    const client = await bindClient(slow.port, 'windowed', password)
    const asked = Array.from({ length: 5 }, () => client.ask('submit_sm', submitOf('x')))
    expect((await Promise.all(asked.slice(3))).map(({ status }) => status)).toEqual([
      STATUS.queueFull,
      STATUS.queueFull,
    ])
    release()
    expect((await Promise.all(asked.slice(0, 3))).map(({ status }) => status)).toEqual([
      STATUS.ok,
      STATUS.ok,
      STATUS.ok,
    ])
    expect((await client.ask('submit_sm', submitOf('x'))).status).toBe(STATUS.ok)
  })

  test('its volume is counted in segments and never overdrawn, however many submit at once', async () => {
    const { name, client } = await open({ volumeLeft: 7n })
    const long = { short_message: Buffer.alloc(0), message_payload: Buffer.alloc(200, 97) }
    const answers = await Promise.all(Array.from({ length: 10 }, () => client.ask('submit_sm', submitOf('', long))))
    expect(answers.filter(({ status }) => status === STATUS.ok)).toHaveLength(3)
    expect(answers.filter(({ status }) => status === 0x45)).toHaveLength(7)
    expect(await world.volumeOf(name)).toBe(1)
    expect(await world.outboxOf(name)).toHaveLength(3)
  })

  test('volume comes back for what surely was not sent, once, and for nothing else', async () => {
    const { name, client } = await open({ volumeLeft: 10n })
    const outcomes = [refusing('ESME_RINVDSTADR', false), losing, undefined]
    for (const [at, script] of outcomes.entries()) {
      if (script !== undefined) world.link.script = script
      else world.link.script = () => ({ kind: 'accepted', providerIds: ['x'], segments: 1 })
      const id = await submit(client, 'x')
      await sent(at + 1)
      await until(() => world.sms.submitted.some((event) => event.id === id), 'its outcome is known')
    }
    expect(await world.volumeOf(name)).toBe(8)
    world.sending = false
    const id = await submit(client, '', { short_message: Buffer.alloc(0), message_payload: Buffer.alloc(400, 97) })
    expect(await world.volumeOf(name)).toBe(5)
    await client.ask('cancel_sm', { message_id: id })
    await client.ask('cancel_sm', { message_id: id })
    expect(await world.volumeOf(name)).toBe(8)
  })

  test('a long message that may have been taken in part is not given back', async () => {
    const { name, client } = await open({ volumeLeft: 10n })
    world.link.script = () => ({ kind: 'unknown', cause: 'partly_sent', providerIds: ['x'] })
    const id = await submit(client, '', { short_message: Buffer.alloc(0), message_payload: Buffer.alloc(200, 97) })
    await until(() => world.sms.submitted.some((event) => event.id === id), 'its outcome is known')
    expect(await world.volumeOf(name)).toBe(8)
  })

  test('a suspended account is refused by the acceptance itself, also before its binds are closed', async () => {
    const lazy = await world.serve({ limits: { reloadEveryMs: 60_000 } })
    const password = await world.add('lazy')
    const client = await bindClient(lazy.port, 'lazy', password)
    await setSuspended(world.manage, 'lazy', true)
    expect((await client.ask('submit_sm', submitOf('x'))).status).toBe(STATUS.invalidBindState)
    expect(await world.outboxOf('lazy')).toEqual([])
  })

  test('a receiver submits nothing', async () => {
    const password = await world.add('listener')
    const client = await bindClient(server.port, 'listener', password, 'receiver')
    expect((await client.ask('submit_sm', submitOf('x'))).status).toBe(STATUS.invalidBindState)
  })
})

describe('asking and taking back', () => {
  test('the state is the outbox row’s, and cancelling works until a link has it', async () => {
    const { client } = await open()
    world.sending = false
    const id = await submit(client, 'x')
    const stateOf = async (message_id: string) => (await client.ask('query_sm', { message_id })).fields.message_state
    expect(await stateOf(id)).toBe(1)
    expect((await client.ask('cancel_sm', { message_id: id })).status).toBe(STATUS.ok)
    expect(await stateOf(id)).toBe(4)
    expect((await client.ask('cancel_sm', { message_id: id })).status).toBe(0x11)
    await deliverSms(world.sms.services, id)
    expect(world.link.sent).toEqual([])
    world.sending = true
    const other = await submit(client, 'y')
    await sent(1)
    await until(() => world.sms.submitted.some((event) => event.id === other), 'accepted')
    expect((await client.ask('cancel_sm', { message_id: other })).status).toBe(0x11)
    await until(() => client.delivered.length === 1, 'a receipt')
    expect(textOf(client, 0)).toMatch(/stat:DELETED/)
  })

  test('nobody sees or takes back what is another’s', async () => {
    const [one, other] = [await open(), await open()]
    world.sending = false
    const id = await submit(one.client, 'x')
    expect((await other.client.ask('query_sm', { message_id: id })).status).toBe(0x67)
    expect((await other.client.ask('cancel_sm', { message_id: id })).status).toBe(0x0c)
    expect((await one.client.ask('query_sm', { message_id: "'; --" })).status).toBe(0x67)
  })

  test.each<[string, number]>([
    ['replace_sm', 0x13],
    ['submit_multi', 0x03],
    ['broadcast_sm', 0x03],
  ])('%s is refused by its own response', async (command, status) => {
    const { client } = await open()
    const answer = await client.ask(command, command === 'replace_sm' ? { message_id: 'x' } : {})
    expect(answer).toMatchObject({ status, command: `${command}_resp` })
  })
})

describe('receipts', () => {
  test('come as text and as TLVs, with the reference that the client gave, from the phone to the sender', async () => {
    const { client } = await open()
    const id = await submit(client, 'x', { user_message_reference: 77 })
    await sent(1)
    await until(() => world.sms.submitted.some((event) => event.id === id), 'accepted')
    await world.sms.report({ providerId: `p-${names}-1`, state: 'failed', reason: 'UNDELIV err:045' })
    await until(() => client.delivered.length === 1, 'a receipt')
    expect(textOf(client, 0)).toMatch(
      new RegExp(`^id:${id} sub:001 dlvrd:000 submit date:\\d{10} done date:\\d{10} stat:UNDELIV err:045 text:$`),
    )
    expect(client.delivered[0]?.fields).toMatchObject({
      ...{ esm_class: 4, source_addr: '254700000001', dest_addr_ton: 5, destination_addr: 'Shop' },
      ...{ receipted_message_id: id, message_state: 5, user_message_reference: 77 },
    })
  })

  test.each<[number, string[]]>([
    [0, []],
    [1, ['UNDELIV', 'DELIVRD']],
    [2, ['UNDELIV']],
    [3, ['DELIVRD']],
  ])('with registered_delivery %i are those asked for', async (registered_delivery, expected) => {
    const { client } = await open()
    const id = await submit(client, 'x', { registered_delivery })
    await until(() => world.sms.submitted.some((event) => event.id === id), 'accepted')
    await world.sms.report({ providerId: `p-${names}-1`, state: 'failed' })
    await world.sms.report({ providerId: `p-${names}-1`, state: 'delivered' })
    await until(() => client.delivered.length === expected.length, 'the receipts')
    expect(client.delivered.map((_, at) => /stat:(\w+)/.exec(textOf(client, at))?.[1])).toEqual(expected)
    const { rows } = await world.sms.db.owner.query('SELECT FROM smpp_delivery WHERE outbox_id = $1', [id])
    expect(rows).toHaveLength(expected.length)
  })

  test('wait for a receiver, in order, through a restart, until they are acknowledged', async () => {
    const password = await world.add('absent')
    const sender = await bindClient(server.port, 'absent', password, 'transmitter')
    const ids: string[] = []
    world.link.script = refusing('ESME_RINVDSTADR', false)
    for (let round = 0; round < 25; round += 1) {
      const id = await submit(sender, 'x')
      ids.push(id)
      await until(() => world.sms.submitted.some((event) => event.id === id), 'refused')
    }
    expect(sender.delivered).toEqual([])
    const deaf = connectClient(server.port)
    deaf.deliverStatus = null
    await deaf.ask('bind_receiver', { system_id: 'absent', password, interface_version: 0x34 })
    await until(() => deaf.delivered.length > 0, 'the first are delivered')
    deaf.connection.destroy('gone')
    const restarted = await world.serve()
    const receiver = await bindClient(restarted.port, 'absent', password, 'receiver', 0x33)
    const seen = () => receiver.delivered.map((_, at) => /id:(\S+)/.exec(textOf(receiver, at))?.[1])
    await until(() => seen().length >= ids.length, 'all receipts')
    expect(seen()).toEqual(ids)
    expect(receiver.delivered[0]?.fields.receipted_message_id).toBeUndefined()
  })

  test('are with one process at a time, and none goes before an earlier one', async () => {
    const password = await world.add('shared')
    const sender = await bindClient(server.port, 'shared', password, 'transmitter')
    world.link.script = refusing('ESME_RINVDSTADR', false)
    for (let round = 0; round < 3; round += 1) {
      const id = await submit(sender, 'x')
      await until(() => world.sms.submitted.some((event) => event.id === id), 'refused')
    }
    const account = await findAccount(world.sms.db.app, 'shared')
    if (account === null) throw new Error('no account')
    const take = async (limit: number) => (await world.book.takeDeliveries(account, limit, 60_000)).map(({ id }) => id)
    const [first = 0n, second = 0n] = await take(2)
    expect(await take(3)).toEqual([])
    await world.book.acknowledge([second])
    expect(await take(3)).toEqual([])
    await world.book.postpone([first], 0)
    expect(await take(1)).toEqual([first])
    await world.book.acknowledge([first])
    expect(await take(3)).toHaveLength(1)
  })

  test('that a client refuses for now come again, for good never', async () => {
    const { client } = await open()
    world.link.script = refusing('ESME_RINVDSTADR', false)
    client.deliverStatus = STATUS.temporaryAppError
    await submit(client, 'x')
    await until(() => client.delivered.length === 1, 'a receipt')
    client.deliverStatus = STATUS.permanentAppError
    await until(() => client.delivered.length === 2, 'it comes again')
    expect(textOf(client, 1)).toBe(textOf(client, 0))
    await until(() => world.heard.delivered.at(-1)?.outcome === 'refused', 'it is let go')
  })
})

/** A message from a phone that waits for the account. */
async function forward(name: string, text: string): Promise<void> {
  const { findOwner, forwardToOwner } = await import('../../../src/sms/accounts/deliveries.ts')
  const { Secret } = await import('../../../src/domain/secret.ts')
  const { rows } = await world.sms.db.owner.query<{ owned: string[] }>(
    'SELECT owned FROM smpp_account WHERE system_id = $1',
    [name],
  )
  const [to = ''] = rows[0]?.owned ?? []
  const owner = (await findOwner(world.sms.db.app, to)) ?? ''
  await forwardToOwner(world.sms.db.app, world.sms.services.sealer, owner, {
    ...{ link: 'mno1', id: null, from: '+254700000001' as never, to, text: new Secret(text) },
  })
}

async function waitingFor(name: string): Promise<{ open: boolean; kept: boolean; tries: number }[]> {
  const { rows } = await world.sms.db.owner.query<{ open: boolean; kept: boolean; tries: number }>(
    `SELECT acknowledged_at IS NULL AS open, message_sealed IS NOT NULL AS kept, tries FROM smpp_delivery
      JOIN smpp_account ON smpp_account.id = account_id WHERE system_id = $1 ORDER BY smpp_delivery.id`,
    [name],
  )
  return rows
}

describe('messages from phones', () => {
  test('to a number that an account owns are handed to it, and forgotten once it has them', async () => {
    const { findOwner, forwardToOwner } = await import('../../../src/sms/accounts/deliveries.ts')
    const { Secret } = await import('../../../src/domain/secret.ts')
    const { client } = await open({ owned: ['40404'] })
    const message = {
      link: 'mno1',
      id: 'm1',
      from: '+254700000001' as never,
      to: '40404',
      text: new Secret('canary ሰ'),
    }
    const { sealer } = world.sms.services
    const owner = await findOwner(world.sms.db.app, '40404')
    await forwardToOwner(world.sms.db.app, sealer, owner ?? '', message)
    expect(await findOwner(world.sms.db.app, '40405')).toBeNull()
    await until(() => client.delivered.length === 1, 'it is delivered')
    expect(client.delivered[0]?.fields).toMatchObject({
      source_addr: '254700000001',
      destination_addr: '40404',
      data_coding: 8,
    })
    const kept = async () =>
      (await world.sms.db.owner.query('SELECT FROM smpp_delivery WHERE message_sealed IS NOT NULL')).rows.length
    const endMs = Date.now() + 5_000
    while ((await kept()) > 0 && Date.now() < endMs) await new Promise((resolve) => setTimeout(resolve, 10))
    expect(await kept()).toBe(0)
  })

  test('that a client has not fetched are erased when its account is removed', async () => {
    await world.add('leaving', { owned: ['40406'] })
    await forward('leaving', 'canary')
    expect(await waitingFor('leaving')).toEqual([{ open: true, kept: true, tries: 0 }])
    expect(await removeAccount(world.manage, 'leaving')).toBe('done')
    expect(await waitingFor('leaving')).toEqual([{ open: false, kept: false, tries: 0 }])
  })

  test('that no client ever answers hold up the next ones for 120 tries, and are then erased', async () => {
    await world.add('deaf', { owned: ['40407'] })
    await forward('deaf', 'first')
    await forward('deaf', 'second')
    const account = await findAccount(world.sms.db.app, 'deaf')
    if (account === null) throw new Error('no account')
    const tried = (tries: number) =>
      world.sms.db.owner.query(
        'UPDATE smpp_delivery SET tries = $2, next_at = now() WHERE id = (SELECT min(id) FROM smpp_delivery WHERE account_id = $1)',
        [account.id, tries],
      )
    const take = async () =>
      (await world.book.takeDeliveries(account, 1, 60_000)).map((each) => 'text' in each && each.text.reveal())
    await tried(119)
    expect(await take()).toEqual(['first'])
    // The last try is with somebody, who may still be answered.
    expect(await take()).toEqual([])
    expect((await waitingFor('deaf'))[0]).toEqual({ open: true, kept: true, tries: 120 })
    await tried(120)
    expect(await take()).toEqual(['second'])
    expect(await waitingFor('deaf')).toEqual([
      { open: false, kept: false, tries: 120 },
      { open: true, kept: true, tries: 1 },
    ])
  })
})
