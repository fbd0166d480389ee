import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Debian's own gateway, which shares no code with ours: a client over SMPP, steered over HTTP. */
export type Kannel = {
  /** Asks its HTTP interface to send; returns its answer. */
  send(parameters: Readonly<Record<string, string>>): Promise<string>
  log(): string
  stop(): Promise<void>
}

const INSTALL_KANNEL = 'apt-get install kannel'

/** From the system's packages when we are root, and not as a service. False, with the command on standard error: there is none. */
export function haveKannel(): boolean {
  if (!isInstalled() && process.getuid?.() === 0 && works('apt-get', ['--version'])) install()
  if (isInstalled()) return true
  process.stderr.write(`Tests that need Kannel are skipped; run: ${INSTALL_KANNEL}\n`)
  return false
}

/** Starts its two processes in a folder of their own, bound to the SMPP server given. */
export async function startKannel(smpp: { port: number; systemId: string; password: string }): Promise<Kannel> {
  const folder = mkdtempSync(join(tmpdir(), 'kannel-'))
  const [admin, boxes, http] = [await freePort(), await freePort(), await freePort()]
  const file = join(folder, 'kannel.conf')
  const logs = ['bearerbox', 'smsbox'].map((name) => join(folder, `${name}.log`))
  writeFileSync(file, configuration({ ...smpp, admin, boxes, http, logs }))
  const children: ChildProcess[] = []
  const log = (): string => logs.map((path) => (existsSync(path) ? readFileSync(path, 'utf8') : '')).join('\n')
  const run = async (name: string, port: number): Promise<void> => {
    const child = spawn(name, [file], { cwd: folder, stdio: 'ignore', env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } })
    children.push(child)
    await untilListening(port, () => `${name} does not listen (${child.exitCode}):\n${log()}`)
  }
  const stop = async (): Promise<void> => {
    for (const child of children.reverse()) await end(child)
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await run('bearerbox', boxes)
    await run('smsbox', http)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    async send(parameters) {
      const query = new URLSearchParams({ username: 'tester', password: 'tester', charset: 'UTF-8', ...parameters })
      const response = await fetch(`http://127.0.0.1:${http}/cgi-bin/sendsms?${query}`)
      return `${response.status} ${await response.text()}`
    },
    log,
    stop,
  }
}

function configuration(options: {
  readonly port: number
  readonly systemId: string
  readonly password: string
  readonly admin: number
  readonly boxes: number
  readonly http: number
  readonly logs: readonly string[]
}): string {
  return `group = core
admin-port = ${options.admin}
admin-interface = 127.0.0.1
admin-password = tester
smsbox-port = ${options.boxes}
smsbox-interface = 127.0.0.1
dlr-storage = internal
log-file = ${options.logs[0]}
log-level = 1

group = smsc
smsc = smpp
smsc-id = nyota
host = 127.0.0.1
port = ${options.port}
transceiver-mode = true
smsc-username = ${options.systemId}
smsc-password = ${options.password}
system-type = ""
interface-version = 34
source-addr-autodetect = true
dest-addr-ton = 1
dest-addr-npi = 1
reconnect-delay = 1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = ${options.http}
sendsms-interface = 127.0.0.1
global-sender = 22384
log-file = ${options.logs[1]}
log-level = 1

group = sendsms-user
username = tester
password = tester
concatenation = true
max-messages = 10
`
}

function isInstalled(): boolean {
  return ['bearerbox', 'smsbox'].every((name) => ['/usr/sbin', '/usr/bin'].some((path) => existsSync(join(path, name))))
}

function works(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0
}

/** Debian asks this file whether a freshly installed service may start (invoke-rc.d(8)); 101 says no. */
function install(): void {
  const policy = '/usr/sbin/policy-rc.d'
  const isOurs = !existsSync(policy)
  if (isOurs) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  const options = {
    stdio: 'ignore' as const,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    timeout: 120_000,
  }
  try {
    const wait = ['-q', '-o', 'DPkg::Lock::Timeout=60']
    spawnSync('apt-get', ['update', ...wait], options)
    spawnSync('apt-get', ['install', '-y', ...wait, '--no-install-recommends', 'kannel'], options)
  } finally {
    if (isOurs) rmSync(policy)
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        address === null || typeof address === 'string' ? reject(new Error('no port')) : resolve(address.port),
      )
    })
  })
}

async function untilListening(port: number, problem: () => string): Promise<void> {
  for (let round = 0; round < 200; round += 1) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1')
      socket.once('connect', () => resolve(true))
      socket.once('error', () => resolve(false))
      socket.once('close', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })
    if (open) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(problem())
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  const hard = setTimeout(() => child.kill('SIGKILL'), 3_000)
  await ended
  clearTimeout(hard)
}
