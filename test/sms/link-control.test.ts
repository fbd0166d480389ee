import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { LinkMode } from '../../src/aggregators/sms-link.ts'
import { deliverSms } from '../../src/sms/deliver.ts'
import { type LinkControl, startLinkControl } from '../../src/sms/link-control.ts'
import { makeLink, makeWorld, type SmsWorld, type TestLink } from './world.ts'

let world: SmsWorld
const opened: LinkControl[] = []
beforeAll(async () => {
  world = await makeWorld()
})
beforeEach(() => world.db.owner.query('TRUNCATE sms_link_order'))
afterAll(async () => {
  for (const control of opened) await control.close()
  await world.db.drop()
})

/** One process: its own links, told on their own of what is wanted. */
function start(links: readonly TestLink[]): { control: LinkControl; told: LinkMode[]; ordered: unknown[] } {
  const told: LinkMode[] = []
  const ordered: unknown[] = []
  const control = startLinkControl({
    database: world.db.app,
    links: links.map((link) => ({ ...link, setMode: (mode: LinkMode) => void told.push(mode) })),
    names: ['mno1', 'spare'],
    events: { linkOrdered: (event) => void ordered.push(event), linkOrdersNotRead: () => undefined },
    refreshEveryMs: 60_000,
  })
  opened.push(control)
  return { control, told, ordered }
}

test('a suspended link carries nothing, in every process and after a restart, until it is resumed', async () => {
  const [one, other] = [start([makeLink('mno1')]), start([makeLink('mno1')])]
  expect(await one.control.order('mno1', 'suspended', 'Grace')).toBe(true)
  await other.control.refresh()
  const restarted = start([makeLink('mno1')])
  await restarted.control.refresh()
  for (const { control, told, ordered } of [one, other, restarted]) {
    expect(control.links.map((link) => link.isUp())).toEqual([false])
    expect(control.list()[0]).toMatchObject({ name: 'mno1', mode: 'suspended', by: 'Grace', up: false })
    await control.refresh()
    expect(told).toEqual(['suspended'])
    expect(ordered).toEqual([{ link: 'mno1', mode: 'suspended', by: 'Grace' }])
  }
  await other.control.order('mno1', 'active', 'Otieno')
  await one.control.refresh()
  expect(one.told).toEqual(['suspended', 'active'])
  expect(one.control.links[0]?.isUp()).toBe(true)
})

test('messages go over another link meanwhile, also where the link itself cannot stop', async () => {
  const [mno1, spare] = [makeLink('mno1', { prefixes: ['254'] }), makeLink('spare')]
  const { control } = start([mno1, spare])
  await control.order('mno1', 'drained', 'Grace')
  const { id } = await world.enqueue()
  await deliverSms({ ...world.services, links: control.links }, id)
  expect([mno1.sent.length, spare.sent.length]).toEqual([0, 1])
})

test('a link that the settings do not name is refused and not stored', async () => {
  const { control } = start([])
  expect(await control.order('mno9', 'suspended', 'Grace')).toBe(false)
  expect((await world.db.app.query('SELECT FROM sms_link_order')).rowCount).toBe(0)
  expect(control.list()).toEqual([
    { name: 'mno1', mode: 'active', by: null, up: null, status: null },
    { name: 'spare', mode: 'active', by: null, up: null, status: null },
  ])
})

test('what was ordered cannot be edited by the application', async () => {
  for (const sql of ["UPDATE sms_link_order SET mode = 'active'", 'DELETE FROM sms_link_order']) {
    await expect(world.db.app.query(sql)).rejects.toThrow('permission denied')
  }
})
