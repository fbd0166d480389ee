import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { startFakeNetwork } from '../../../scripts/fakes/network.ts'
import { type PhoneStub, startPhoneStub } from '../../support/phone-stub.ts'

const folder = mkdtempSync(join(tmpdir(), 'dial-'))
const stubs: PhoneStub[] = []

afterEach(async () => {
  await Promise.all(stubs.splice(0).map((stub) => stub.close()))
})
afterAll(() => rmSync(folder, { recursive: true }))

const sendMoney = [
  'CON Nyota: Amina\n1 Send money',
  'CON Phone number:',
  'CON Send KES 500\nEnter PIN',
  'END Sent. Ref QX7K2M9PLT.',
]

describe('the phone in the terminal', () => {
  test('posts cumulative text, as Africa’s Talking does, and tells the gateway when it is over', async () => {
    const stub = await stubFor(sendMoney)
    const run = await dial(stub, ['--json'], '1\n0700000002\n73915\n')
    expect(run.code).toBe(0)
    expect(stub.posted('ussd').map(({ text }) => text)).toEqual(['', '1', '1*0700000002', '1*0700000002*73915'])
    expect(new Set(stub.posted('ussd').map(({ sessionId }) => sessionId)).size).toBe(1)
    expect(stub.posted('ussd-end')).toMatchObject([{ status: 'Success', hopsCount: '4', input: '1*0700000002*73915' }])
  })

  test('prints for a script one JSON object a line, and never what was typed', async () => {
    const run = await dial(await stubFor(sendMoney), ['--json'], '1\n0700000002\n73915\n')
    const objects = run.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(objects.map(({ type }) => type)).toEqual(['screen', 'screen', 'screen', 'screen', 'end'])
    expect(objects[0]).toMatchObject({
      text: 'Nyota: Amina\n1 Send money',
      end: false,
      encoding: 'gsm7',
      units: 25,
      limit: 160,
    })
    expect(objects[3]).toMatchObject({ text: 'Sent. Ref QX7K2M9PLT.', end: true })
    expect(objects[4]).toEqual({ type: 'end', status: 'Success' })
    expect(run.stdout + run.stderr).not.toContain('73915')
  })

  test('hangs up when it is told to, when it is put away and when another code is dialled', async () => {
    const stub = await stubFor(['CON Menu'])
    await dial(stub, [], '1\n:hangup\n:dial\n:dial *384*5#\n')
    expect(stub.posted('ussd').map(({ text }) => text)).toEqual(['', '1', '', '5'])
    expect(stub.posted('ussd-end').map(({ status }) => status)).toEqual(['Incomplete', 'Incomplete', 'Incomplete'])
  })

  test('dials a demo on other ports when it is told those ports as the demo was', async () => {
    const stub = await stubFor(sendMoney)
    const { port } = new URL(stub.url)
    const ports = { PORT: port, NETWORK_HTTP_PORT: port, OPERATOR_PORT: port }
    const run = await runDial(['--from', '+254700000001', '--json'], '1\n', ports)
    expect(run.code).toBe(0)
    expect(stub.posted('ussd').map(({ text }) => text)).toEqual(['', '1'])
  })

  test('dials a shortcut with its tail in the first text', async () => {
    const stub = await stubFor(['CON Menu'])
    await dial(stub, ['--to', '*384*1*0700000002#'], '')
    expect(stub.posted('ussd')).toMatchObject([{ serviceCode: '*384#', text: '1*0700000002' }])
  })

  test('reports a time-out as a session that was idle, not as a quick hang-up', async () => {
    const stub = await stubFor(['CON Menu'])
    await dial(stub, [], ':timeout\n')
    const [end] = stub.posted('ussd-end')
    expect(end?.status).toBe('Incomplete')
    expect(Number(end?.durationInMillis)).toBeGreaterThanOrEqual(30_000)
  })

  test('sends the last callback again and says whether the bytes were the same', async () => {
    const same = await dial(await stubFor(['CON Menu']), [], ':twice\n')
    expect(same.stdout).toContain('the same 8 bytes')
    const forgetful = await startStub((_, earlier) => `CON Screen ${earlier}`)
    const other = await dial(forgetful, ['--json'], ':twice\n')
    expect(other.stdout).toContain('{"type":"repeat","same":false,"body":"CON Screen 1"}')
    expect(forgetful.posted('ussd').map(({ text }) => text)).toEqual(['', ''])
  })

  test('draws plain frames where there is no terminal: no colours, no prompts', async () => {
    const run = await dial(await stubFor(sendMoney), [], '1\n')
    expect(run.stdout).toContain('│ Nyota: Amina                 │\n')
    expect(run.stdout).toContain('│ *384#                 25/160 │\n')
    expect(run.stdout).not.toContain('\u001b')
    expect(run.stdout).not.toMatch(/^> /m)
  })

  test('shows an SMS when it arrives, and `:sms` waits for it', async () => {
    const stub = await stubFor(['CON Menu'])
    const timer = setInterval(() => {
      stub.sendSms({ at: '2099-01-01T10:00:00.000Z', from: 'NYOTA', to: '+254700000001', text: 'KES 500 received' })
    }, 50)
    const run = await dial(stub, ['--json'], ':sms\n')
    clearInterval(timer)
    expect(run.stdout).toContain(
      '"type":"sms","at":"2099-01-01T10:00:00.000Z","from":"NYOTA","to":"+254700000001","text":"KES 500 received"',
    )
  })

  test('shows no message from before it was taken up', async () => {
    const stub = await stubFor(['CON Menu'])
    const timer = setInterval(() => {
      stub.sendSms({ at: '2001-01-01T10:00:00.000Z', from: 'NYOTA', to: '+254700000001', text: 'old' })
      stub.sendSms({ at: '2099-01-01T10:00:00.000Z', from: 'NYOTA', to: '+254700000001', text: 'new' })
    }, 50)
    const run = await dial(stub, ['--json'], ':sms\n')
    clearInterval(timer)
    expect(run.stdout).toContain('"new"')
    expect(run.stdout).not.toContain('"old"')
  })

  test('gets its messages from the fake network of the demo, long ones in one piece', async () => {
    const network = await startFakeNetwork({ smppPort: 0, httpPort: 0 })
    const stub = await stubFor(['CON Menu'])
    const text = 'x'.repeat(200)
    const timer = setInterval(() => {
      const body = new URLSearchParams({ username: 'sandbox', to: '+254700000001', message: text, from: 'NYOTA' })
      void fetch(`${network.httpUrl}/version1/messaging`, { method: 'POST', body, headers: { apikey: 'demo' } }).catch(
        () => undefined,
      )
    }, 100)
    const args = ['--from', '+254700000001', '--url', stub.url, '--network', network.httpUrl, '--json']
    const run = await runDial(args, ':sms\n')
    clearInterval(timer)
    await network.close()
    expect(run.stdout).toContain(`"from":"NYOTA","to":"+254700000001","text":"${text}"`)
  })

  test('saves the dialogue without the PIN, and never over a file that is there', async () => {
    const file = join(folder, 'saved.yaml')
    const run = await dial(await stubFor(sendMoney), ['--save', file], '1\n0700000002\n73915\n')
    expect(run.code).toBe(0)
    const saved = readFileSync(file, 'utf8')
    expect(saved).toContain('userInput: "<pin>"')
    expect(saved).not.toContain('73915')
    writeFileSync(file, 'mine')
    expect((await dial(await stubFor(sendMoney), ['--save', file], '')).code).toBe(2)
    expect(readFileSync(file, 'utf8')).toBe('mine')
  })

  test('shows a fault as a handset does and keeps the reason apart', async () => {
    const run = await dial(await startStub(() => 404), [], '')
    expect(run.code).toBe(1)
    expect(run.stdout).toContain('invalid MMI code')
    expect(run.stdout).toContain('--key')
  })

  test('says which command starts a gateway when none answers', async () => {
    const stub = await stubFor([])
    await stub.close()
    const run = await dial(stub, ['--save', join(folder, 'never.yaml')], '')
    expect(run.code).toBe(1)
    expect(run.stdout).toContain('npm run demo')
    expect(existsSync(join(folder, 'never.yaml'))).toBe(false)
  })

  test.each([
    [[], 'Whose phone'],
    [['--from', '0700000001'], 'international form'],
    [['--from', '+254700000001', '--to', '384'], 'cannot be dialled'],
    [['--from', '+254700000001', '--url', 'localhost'], '--url takes a URL'],
    [['--frm', '+254700000001'], '--help'],
  ])('%j is wrong use, with a sentence', async (args, sentence) => {
    const run = await runDial(args, '')
    expect(run).toMatchObject({ code: 2, stdout: '' })
    expect(run.stderr).toContain(sentence)
  })

  test('helps with examples', async () => {
    const run = await runDial(['--help'], '')
    expect(run.code).toBe(0)
    expect(run.stdout).toContain('npm run dial -- --from +254700000001')
  })
})

function stubFor(bodies: readonly string[]): Promise<PhoneStub> {
  return startStub(
    ({ text = '' }) => bodies[Math.min(text === '' ? 0 : text.split('*').length, bodies.length - 1)] ?? 500,
  )
}

async function startStub(answer: Parameters<typeof startPhoneStub>[0]): Promise<PhoneStub> {
  const stub = await startPhoneStub(answer)
  stubs.push(stub)
  return stub
}

function dial(stub: PhoneStub, args: readonly string[], typed: string): Promise<Run> {
  return runDial(['--from', '+254700000001', '--url', stub.url, '--network', stub.url, ...args], typed)
}

type Run = { code: number | null; stdout: string; stderr: string }

function runDial(args: readonly string[], typed: string, ports: NodeJS.ProcessEnv = {}): Promise<Run> {
  const env = { ...process.env, ...ports }
  const child = spawn(process.execPath, ['--import', 'tsx', 'scripts/dial.ts', ...args], { env })
  const run: Run = { code: null, stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => (run.stdout += String(chunk)))
  child.stderr.on('data', (chunk) => (run.stderr += String(chunk)))
  child.stdin.end(typed)
  return new Promise((resolve) => child.on('close', (code) => resolve({ ...run, code })))
}
