import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runLinks } from '../../scripts/links/run.ts'
import type { ControlledLink } from '../../src/sms/link-control.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'

let gateway: TestGateway
let operator: string
beforeAll(async () => {
  gateway = await startTestGateway()
  operator = `http://127.0.0.1:${gateway.app.operatorPort}`
  const endMs = Date.now() + 10_000
  while (!(await text('/status')).includes('link       network up, 1 of 1 bound')) {
    if (Date.now() > endMs) throw new Error('the link is not up')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
})
afterAll(() => gateway.stop())

async function text(path: string): Promise<string> {
  return (await fetch(`${operator}${path}`)).text()
}

async function listed(): Promise<ControlledLink | undefined> {
  return ((await (await fetch(`${operator}/links`)).json()) as { links: ControlledLink[] }).links[0]
}

/** `npm run links -- …`, as its exit code and what it says. */
async function call(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' }
  const code = await runLinks([...args, '--operator', operator], {
    out: (words) => (said.out += words),
    err: (words) => (said.err += words),
  })
  return { code, ...said }
}

describe('npm run links', () => {
  test('shows every link with its binds and windows', async () => {
    const { code, out } = await call('list')
    expect(code).toBe(0)
    expect(out).toMatch(
      /^link +wanted +here +bound +in flight +waiting\nnetwork +active +takes messages +1 of 1 +0 of 10 +0\n$/,
    )
    expect(JSON.parse((await call('list', '--json')).out)).toMatchObject({
      links: [{ name: 'network', mode: 'active', by: null, up: true, status: { binds: [{ state: 'bound' }] } }],
    })
  })

  test('suspends, drains and resumes, as /links, /status and /metrics show', async () => {
    expect((await call('suspend', 'network', '--by', 'Grace')).code).toBe(0)
    expect(await listed()).toMatchObject({ mode: 'suspended', by: 'Grace', up: false })
    expect(await text('/status')).toContain('link       network suspended by Grace, 1 of 1 bound, 0 of 10 in flight')
    expect(await text('/metrics')).toContain('smpp_link_mode{link="network",mode="suspended"} 1')
    expect(gateway.network.links()).toHaveLength(1)
    expect((await call('drain', 'network')).code).toBe(0)
    const endMs = Date.now() + 5_000
    while (gateway.network.links().length > 0 && Date.now() < endMs) await new Promise((done) => setTimeout(done, 10))
    expect(gateway.network.links()).toHaveLength(0)
    expect(await text('/metrics')).toContain('smpp_binds{link="network",state="closed"} 1')
    const { code, out } = await call('resume', 'network')
    expect(code).toBe(0)
    expect(out).toContain('network')
    while (!(await listed())?.up && Date.now() < endMs) await new Promise((done) => setTimeout(done, 10))
    expect(await listed()).toMatchObject({ mode: 'active', up: true })
    const metrics = await text('/metrics')
    for (const line of [
      'smpp_window_used{link="network"} 0',
      'smpp_window_size{link="network"} 10',
      'smpp_waiting{link="network",priority="bulk"} 0',
      'smpp_binds{link="network",state="bound"} 1',
    ]) {
      expect(metrics).toContain(line)
    }
  })

  test.each([
    ['a link that is none', ['suspend', 'mno9'], 1, /There is no such link; there are: network\./],
    ['no name', ['drain'], 2, /Name the link: npm run links -- drain <name>/],
    ['a verb that is none', ['stop', 'network'], 2, /There is no verb stop; there are list, suspend, drain, resume\./],
    ['an option that is none', ['list', '--now'], 2, /--help names the options/],
    ['a name for the list', ['list', 'network'], 2, /list takes no name/],
  ])('%s is told in a sentence', async (_, args, code, sentence) => {
    const said = await call(...args)
    expect(said.code).toBe(code)
    expect(said.err).toMatch(sentence)
    expect(said.out).toBe('')
  })

  test('says where nothing answers, and helps', async () => {
    const words: string[] = []
    const output = { out: (word: string) => void words.push(word), err: (word: string) => void words.push(word) }
    expect(await runLinks(['list', '--operator', 'http://127.0.0.1:1'], output)).toBe(1)
    expect(words.join('')).toMatch(/No gateway or worker answers at http:\/\/127\.0\.0\.1:1; start one/)
    expect(await runLinks(['--help'], output)).toBe(0)
    expect(words.join('')).toContain('npm run links -- suspend mno1')
  })
})

describe('the operator port', () => {
  test('takes no order from a page that a browser shows', async () => {
    const status = await new Promise((resolve, reject) => {
      const options = { method: 'POST', headers: { origin: 'http://evil.example' } }
      request(`${operator}/links/network/suspend`, options, (response) => resolve(response.statusCode))
        .on('error', reject)
        .end()
    })
    expect(status).toBe(403)
    expect(await listed()).toMatchObject({ mode: 'active' })
  })

  test.each([
    ['an unknown verb', '/links/network/stop', 404],
    ['a name that is no text', `/links/network/suspend?by=${encodeURIComponent('ሰላም')}`, 400],
  ])('refuses %s', async (_, path, status) => {
    expect((await fetch(`${operator}${path}`, { method: 'POST' })).status).toBe(status)
    expect(await listed()).toMatchObject({ mode: 'active' })
  })
})
