import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { demoPeople, STRANGER } from '../../scripts/demo/people.ts'
import { makeAfricasTalkingClient } from '../../scripts/dialogues/client.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { plainKeywords } from '../support/plain-keywords.ts'
import { withoutShortcuts } from '../support/without-shortcuts.ts'

const GOODBYE = `start: ask
screens:
  ask: { menu: "Stay?", choices: [{ key: "1", text: "No", go: bye }] }
  bye: { end: "Goodbye.", sms: welcome, with: { name: "Visitor" } }
`

let menus: string
let world: TestGateway
beforeAll(async () => {
  menus = await mkdtemp(join(tmpdir(), 'menus-'))
  await cp('menus', menus, { recursive: true })
  await rm(join(menus, 'languages'), { recursive: true })
  const kept = ['service.yaml', 'messages.yaml', 'keywords.yaml']
  for (const file of await readdir(menus)) {
    if (file.endsWith('.yaml') && !kept.includes(file)) await rm(join(menus, file))
  }
  await writeFile(join(menus, 'main.yaml'), GOODBYE)
  const service = join(menus, 'service.yaml')
  await writeFile(service, withoutShortcuts(await readFile(service, 'utf8')))
  await writeFile(join(menus, 'keywords.yaml'), await plainKeywords())
  world = await startTestGateway({ env: { MENUS_DIR: menus } })
})
afterAll(async () => {
  await world?.stop()
  if (menus !== undefined) await rm(menus, { recursive: true, force: true })
})

const client = (delivery: 'once' | 'thrice') =>
  makeAfricasTalkingClient({ url: world.url, key: world.callbackKey }, delivery)

test('the message of a last screen goes to the phone once, however often the request comes', async () => {
  const { number } = demoPeople.amina
  const session = await client('thrice').dial(number, '*384#')
  expect(await session.answer('1')).toBe('END Goodbye.')
  await session.repeat()
  const [message] = await world.network.waitForMessages(number, 1)
  expect(message?.text).toMatch(/^Welcome to Nyota, Visitor!/)
  const { rows } = await world.database.owner.query(`SELECT FROM sms_outbox WHERE fact_key LIKE 'end:%'`)
  expect(rows).toHaveLength(1)
})

test('whoever is not on file gets the words and no message', async () => {
  const session = await client('once').dial(STRANGER, '*384*1#')
  expect(session.body()).toBe('END Goodbye.')
  expect(world.network.messages(STRANGER)).toEqual([])
})
