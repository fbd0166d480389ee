import { execFile } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { demoPeople } from '../../scripts/demo/people.ts'
import { dialAnew, makeAfricasTalkingClient, type UssdSession } from '../../scripts/dialogues/client.ts'
import { listVersions, type Version } from '../../src/conversations/drain.ts'
import { countSessions } from '../../src/conversations/sessions.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
import { editMenus, menusWith } from '../support/menus.ts'

const { amina, juma } = demoPeople

/** Two gateways in processes of their own on the same stores and the same menu files. */
let world: TestGateway
let folder: string
let gateways: readonly [GatewayProcess, GatewayProcess]
let redis: Redis

beforeAll(async () => {
  folder = await menusWith({})
  world = await startTestGateway({ started: false })
  const start = (): Promise<GatewayProcess> => startGatewayProcess({ ...world.env, MENUS_DIR: folder })
  gateways = [await start(), await start()]
  redis = new Redis(world.redis.url)
}, 60_000)
afterAll(async () => {
  redis?.disconnect()
  await Promise.all((gateways ?? []).map((gateway) => gateway.kill()))
  await world?.stop()
  await rm(folder, { recursive: true, force: true })
})

/** A phone whose every hop may arrive at another gateway. */
async function dial(from: string, hops: readonly (0 | 1)[] = [0]): Promise<UssdSession> {
  let hop = 0
  const address = {
    key: 'demo',
    get url(): string {
      return gateways[hops[hop++ % hops.length] ?? 0].url
    },
  }
  return dialAnew(makeAfricasTalkingClient(address), from)
}

async function publishAt(
  gateway: 0 | 1,
): Promise<{ status: number; body: { outcome?: string; problems?: unknown[] } }> {
  const response = await fetch(`${gateways[gateway].operatorUrl}/menus/publish`, { method: 'POST' })
  return { status: response.status, body: (await response.json()) as { outcome?: string; problems?: unknown[] } }
}

const versions = (): Promise<readonly Version[]> =>
  listVersions(world.database.app, redis, world.redis.prefix, world.settings.market)

async function until(what: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 15_000; !(await what()); await sleep(50))
    if (Date.now() > end) throw new Error('not within fifteen seconds')
}

/** Waits until both gateways begin dials with the same words. */
const bothSay = (words: string): Promise<void> =>
  until(async () => {
    const first = await Promise.all(([0, 1] as const).map((gateway) => dial(amina.number, [gateway])))
    for (const session of first) await session.end('Incomplete')
    return first.every((session) => session.body().includes(words))
  })

const NAMES = ['Services', 'Wallet', 'Nyumbani', 'Nyota']

type Script = { readonly from: string; readonly inputs: readonly string[] }

/** One at a time: attempts at one PIN that run side by side are counted before any is known to be right. */
const withPin: Script = { from: amina.number, inputs: ['1', '0', '5', '00', '3', amina.pin ?? ''] }

/** What is typed; who does not come to a last screen hangs up. */
const scripts: readonly Script[] = [
  { from: amina.number, inputs: ['1', '0', '9', '9', '9', '9'] },
  { from: juma.number, inputs: ['3', '0', '5', '0', '2', '0'] },
  { from: amina.number, inputs: ['1', '07', '0', '2', '1', '00'] },
  { from: juma.number, inputs: ['2', '0', '9', '5', '00'] },
]

async function play(script: Script, hops: readonly (0 | 1)[], pauseMs: number): Promise<readonly string[]> {
  const session = await dial(script.from, hops)
  const screens = [session.body()]
  for (const input of script.inputs) {
    await sleep(pauseMs)
    screens.push(await session.answer(input))
  }
  if (!session.body().startsWith('END')) await session.end('Incomplete')
  return screens
}

describe('new menus, published while people are in the middle of a session', () => {
  test('leave a session as it is on every process, and new dials on every process begin with them', async () => {
    const [, menus] = [await bothSay('Nyota: Amina'), folder]
    const reference = await play(withPin, [0, 1], 0)
    const session = await dial(amina.number, [0, 1])
    const screens = [session.body(), await session.answer(withPin.inputs[0] ?? '')]
    await editMenus(menus, { 'main.yaml': { 'Nyota: {me': 'Shilingi: {me' }, 'service.yaml': { '0 Back': '0 Undo' } })
    expect(await publishAt(0)).toMatchObject({ status: 200, body: { outcome: 'published' } })
    await bothSay('Shilingi: Amina')
    const [before] = (await versions()).filter(({ current }) => !current)
    expect(before?.sessions).toBe(1)
    for (const input of withPin.inputs.slice(1)) screens.push(await session.answer(input))
    expect(screens).toEqual(reference)
    expect((await versions()).map(({ current, sessions }) => [current, sessions])).toEqual([
      [true, 0],
      [false, 0],
    ])
    await editMenus(menus, { 'main.yaml': { 'Shilingi: {me': 'Nyota: {me' }, 'service.yaml': { '0 Undo': '0 Back' } })
    expect(await publishAt(1)).toMatchObject({ status: 200, body: { outcome: 'published' } })
    await bothSay('Nyota: Amina')
  }, 60_000)

  test('change nothing where they do not compile, whoever publishes them', async () => {
    const good = { 'main.yaml': { 'go: nowhere': 'go: balance' } }
    await editMenus(folder, { 'main.yaml': { 'go: balance': 'go: nowhere' } })
    const known = (await versions()).length
    const refused = await publishAt(1)
    expect(refused.status).toBe(422)
    expect(refused.body.problems).toContainEqual(expect.objectContaining({ code: 'E-REF', file: 'main.yaml' }))
    gateways[0].signal('SIGHUP')
    await until(async () => gateways[0].output().includes('menus_refused'))
    expect((await versions()).length).toBe(known)
    await bothSay('Nyota: Amina')
    await editMenus(folder, good)
  }, 30_000)

  test('are taken up on SIGHUP, by the other process too, and its workers send their words', async () => {
    const changed = {
      'main.yaml': { 'Nyota: {me': 'Hujambo: {me' },
      'messages.yaml': { ' confirmed. {amount}': ' done. {amount}' },
    }
    await editMenus(folder, changed)
    gateways[1].signal('SIGHUP')
    await bothSay('Hujambo: Amina')
    const session = await dial(amina.number, [0, 1])
    for (const input of ['1', juma.number, '60', amina.pin ?? '']) await session.answer(input)
    const [receipt] = await world.network.waitForMessages(amina.number, 1, 15_000)
    expect(receipt?.text).toContain(' done. KES 60 sent to Juma K')
    const undone = {
      'main.yaml': { 'Hujambo: {me': 'Nyota: {me' },
      'messages.yaml': { ' done. {amount}': ' confirmed. {amount}' },
    }
    await editMenus(folder, undone)
    gateways[0].signal('SIGHUP')
    await bothSay('Nyota: Amina')
  }, 60_000)

  test('are published by nobody else: not by a page that a browser shows', async () => {
    const page = await fetch(`${gateways[0].operatorUrl}/menus/publish`, {
      method: 'POST',
      headers: { origin: 'http://evil.example' },
    })
    expect(page.status).toBe(403)
  })
})

const LEAST_DIALOGUES = 200
const MOST_DIALOGUES = 800

test('three publications under a load of dialogues over two processes disturb none of them, and old versions drain', async () => {
  const edition = (n: number): string => `${NAMES[n]}: {me`
  let at = NAMES.length - 1
  const publishNext = async (n: number, gateway: 0 | 1): Promise<void> => {
    await editMenus(folder, { 'main.yaml': { [edition(at)]: edition(n) } })
    at = n
    expect((await publishAt(gateway)).body.outcome).toBe('published')
  }
  // What each version says without anybody publishing in between.
  const references = new Map<string, readonly (readonly string[])[]>()
  for (const [n, name] of NAMES.entries()) {
    await publishNext(n, 0)
    await bothSay(`${name}: `)
    const all: (readonly string[])[] = []
    for (const script of scripts) all.push(await play(script, [0, 1], 0))
    references.set(name, all)
  }
  expect(new Set([...references.values()].map((screens) => JSON.stringify(screens))).size).toBe(NAMES.length)

  const hashes = (await versions()).map(({ hash }) => hash)
  const live = async (): Promise<number> => {
    const counts = await countSessions(redis, world.redis.prefix, hashes)
    return counts.filter((count) => count > 0).length
  }
  const ways = [[0, 1], [1, 0], [0], [1], [1, 1, 0], [0, 0, 1]] as const
  const dialogue = async (index: number): Promise<{ index: number; screens: readonly string[] }> => {
    const script = scripts[index % scripts.length] ?? withPin
    return { index, screens: await play(script, ways[index % ways.length] ?? [0], 350) }
  }
  let published = false
  const atOnce: number[] = []
  const publishing = (async () => {
    for (const [n, name] of NAMES.slice(0, 3).entries()) {
      await sleep(1000)
      await publishNext(n, n % 2 === 0 ? 1 : 0)
      atOnce.push(await live())
      await bothSay(`${name}: `)
    }
    await sleep(1000)
    published = true
  })()
  const dialogues: ReturnType<typeof dialogue>[] = []
  for (; dialogues.length < LEAST_DIALOGUES || (!published && dialogues.length < MOST_DIALOGUES); await sleep(45))
    dialogues.push(dialogue(dialogues.length))
  const [played] = await Promise.all([Promise.all(dialogues), publishing])
  const byVersion = new Map<string, number>()
  for (const { index, screens } of played) {
    const name = NAMES.find((each) => screens[0]?.startsWith(`CON ${each}: `)) ?? 'none'
    byVersion.set(name, (byVersion.get(name) ?? 0) + 1)
    expect(screens, `dialogue ${index} began on ${name}`).toEqual(references.get(name)?.[index % scripts.length])
  }
  expect([...byVersion.keys()].sort()).toEqual([...NAMES].sort())
  expect(Math.min(...byVersion.values())).toBeGreaterThan(5)
  // There are sessions at every publication, and afterwards of the old menus too, until they have ended.
  expect(Math.min(...atOnce)).toBeGreaterThan(0)
  for (const { current, sessions } of await versions()) expect({ current, sessions }).toEqual({ current, sessions: 0 })
}, 120_000)

test('the tool publishes too, and says who is left on what', async () => {
  const env = { ...world.env, PATH: process.env.PATH ?? '', MENUS_DIR: folder }
  const menus = (...args: string[]): Promise<string> =>
    promisify(execFile)(process.execPath, ['--import', 'tsx', 'scripts/menus.ts', ...args], { env }).then(
      ({ stdout }) => stdout,
      (error: { stdout: string; stderr: string; code: number }) => `exit ${error.code}\n${error.stderr}${error.stdout}`,
    )
  const session = await dial(amina.number)
  await editMenus(folder, { 'service.yaml': { 'Please try again.': 'Try once more.' } })
  expect(await menus('publish', '--by', 'Grace')).toMatch(/^Published [0-9a-f]{12}\.\n$/)
  expect(await menus('publish')).toMatch(/is in force already\.\n$/)
  const report = JSON.parse(await menus('drain', '--json')) as { versions: Version[] }
  expect(report.versions.map(({ current, sessions }) => [current, sessions])).toEqual([
    [true, 0],
    [false, 1],
  ])
  const status = await (await fetch(`${gateways[0].operatorUrl}/status`)).text()
  expect(status).toContain(`sessions   1 on ${report.versions[1]?.hash.slice(0, 12)}\n`)
  expect(await menus('drain')).toMatch(/\n {7}0 {2}[0-9a-f]{12} .* Grace {2}\(in force\)\n {7}1 {2}[0-9a-f]{12} /)
  await redis.flushdb()
  expect((await versions()).every(({ sessions }) => sessions === 0)).toBe(true)
  await session.end('Incomplete')
  await editMenus(folder, {
    'main.yaml': { 'lines:\n    list': 'rows:\n    list', 'go: lines }\n      none': 'go: rows }\n      none' },
    'languages/sw.yaml': { 'main.lines.': 'main.rows.' },
    'languages/fr.yaml': { 'main.lines.': 'main.rows.' },
    'languages/am.yaml': { 'main.lines.': 'main.rows.' },
  })
  for (const verb of [
    ['publish'],
    ['check', '--against', 'published'],
    ['check', '--against', gateways[0].operatorUrl],
  ])
    expect(await menus(...verb)).toMatch(/^exit 1\n.*E-MIG.* the screen main\.lines, /)
  expect(await menus('publish', '--force')).toMatch(/^Published/)
  expect(await menus('check', '--against', 'published')).toMatch(/^KE: \d+ screens/)
}, 120_000)
