import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Field, numberField, textField } from '../../src/aggregators/smpp/codec.ts'
import { type Connection, openConnection } from '../../src/aggregators/smpp/connection.ts'
import { deliverSms } from '../../src/sms/deliver.ts'
import { recordDelivery } from '../../src/sms/record-delivery.ts'
import { linkTo, rawPeer, until } from '../aggregators/smpp/support.ts'
import { AMINA, JUMA, makeWorld, type SmsWorld } from './world.ts'

let world: SmsWorld
beforeAll(async () => {
  world = await makeWorld()
})
afterAll(() => world.db.drop())

test('a network that calls every message the same, and tells receipts by the submit’s reference alone, settles each of them', async () => {
  const submits: { phone: string; reference: number | null }[] = []
  const connections: Connection[] = []
  const peer = await rawPeer((socket) => {
    const connection = openConnection(socket, {
      onRequest(pdu) {
        if (pdu.command !== 'submit_sm') connection.respond(pdu, 0)
        else {
          const phone = textField(pdu, 'destination_addr')
          submits.push({ phone, reference: numberField(pdu, 'user_message_reference') })
          connection.respond(pdu, 0, { message_id: 'msg_id_not_implemented' })
        }
      },
      onClose: () => undefined,
    })
    connections.push(connection)
  })
  const { link, heard } = linkTo(peer.port, {}, (report) => recordDelivery(world.services, report))
  try {
    await until(() => link.isUp(), 'bound')
    world.services.links = [link]
    const long = { kind: 'text', text: 'x'.repeat(300) } as const
    const first = await world.enqueue({ to: AMINA })
    const second = await world.enqueue({ to: AMINA, body: long })
    const third = await world.enqueue({ to: JUMA })
    for (const { id } of [first, second, third]) await deliverSms(world.services, id)
    expect(submits).toHaveLength(4)
    const [one, two, three, other] = submits.map(({ reference }) => reference ?? -1)
    expect(three).toBe(((two ?? 0) + 1) % 65_536)

    const receipt = (phone: string, reference: number | undefined, state: number): Record<string, Field> => ({
      ...{ source_addr: phone, destination_addr: 'NYOTA', esm_class: 4, data_coding: 4 },
      ...{ receipted_message_id: 'msg_id_not_implemented', message_state: state },
      ...(reference === undefined ? {} : { user_message_reference: reference }),
    })
    const [amina, juma] = [AMINA.slice(1), JUMA.slice(1)]
    for (const [phone, reference, state] of [
      [amina, three, 2],
      [juma, other, 5],
      [amina, two, 2],
    ] as const)
      await connections[0]?.request('deliver_sm', receipt(phone, reference, state), 1_000)
    await until(() => heard.reports.length === 3, 'three receipts')
    expect(await Promise.all([first, second, third].map(({ id }) => world.stateOf(id)))).toEqual([
      'sent',
      'delivered',
      'failed',
    ])
    await connections[0]?.request('deliver_sm', receipt(amina, one, 2), 1_000)
    expect(await world.stateOf(first.id)).toBe('delivered')
  } finally {
    await link.close()
    await peer.close()
  }
})
