import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { demoPeople } from '../../scripts/demo/people.ts'
import { makeAfricasTalkingClient } from '../../scripts/dialogues/client.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { plainKeywords } from '../support/plain-keywords.ts'
import { withoutShortcuts } from '../support/without-shortcuts.ts'

const LONG = 'a'.repeat(151)
const MAIN = `start: bye\nscreens:\n  bye: { end: { text: "${LONG}", short: "Goodbye." }, sms: welcome, with: { name: "Visitor" } }\n`

let menus: string
let world: TestGateway
beforeAll(async () => {
  menus = await mkdtemp(join(tmpdir(), 'menus-'))
  for (const file of ['service.yaml', 'messages.yaml']) await cp(join('menus', file), join(menus, file))
  const service = await readFile(join(menus, 'service.yaml'), 'utf8')
  const limits = 'lines: 10, channels: { africastalking: { gsm7: 150 } }'
  await writeFile(join(menus, 'service.yaml'), withoutShortcuts(service.replace('lines: 10', limits)))
  await writeFile(join(menus, 'main.yaml'), MAIN)
  await writeFile(join(menus, 'keywords.yaml'), await plainKeywords())
  world = await startTestGateway({ env: { MENUS_DIR: menus } })
})
afterAll(async () => {
  await world?.stop()
  if (menus !== undefined) await rm(menus, { recursive: true, force: true })
})

test('a dialogue is held to the limits of the aggregator that it comes over', async () => {
  const client = makeAfricasTalkingClient({ url: world.url, key: world.callbackKey }, 'once')
  const session = await client.dial(demoPeople.amina.number, '*384#')
  expect(session.body()).toBe('END Goodbye.')
})
