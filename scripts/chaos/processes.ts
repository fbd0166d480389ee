import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, type WriteStream } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** What runs the program: Node's arguments up to the main file. */
export type Program = readonly string[]

/** A gateway or a worker, started anew whenever it ends, as a supervisor does. */
export type Member = {
  readonly name: string
  readonly role: 'gateway' | 'worker'
  /** Resolves once it has said that it is ready. */
  ready(): Promise<void>
  /** `kill -9`; a new one starts a moment later. False: there was none at that moment. */
  kill(): boolean
  /** SIGSTOP, and SIGCONT that much later. False: there was none at that moment. */
  freeze(forMs: number): Promise<boolean>
  /** How often it ended by itself. */
  falls(): number
  stop(): Promise<void>
}

export type MemberOptions = {
  readonly name: string
  readonly role: Member['role']
  readonly program: Program
  readonly env: Readonly<Record<string, string>>
  /** Of its log. */
  readonly folder: string
}

const RESTART_MS = 400
const READY_TIMEOUT_MS = 60_000

/** Starts it at once. In a process group of its own, so that Ctrl-C reaches the harness alone, which then ends what it started. */
export function startMember(options: MemberOptions): Member {
  const { name, role, program, folder } = options
  const log: WriteStream = createWriteStream(join(folder, `${name}.log`), { flags: 'a' })
  let child: ChildProcess | null = null
  let isReady = false
  let stopped = false
  let killed = false
  let falls = 0
  let running: Promise<void> = Promise.resolve()

  async function run(): Promise<void> {
    while (!stopped) {
      killed = false
      isReady = false
      const started = spawn(process.execPath, [...program], {
        env: { PATH: process.env.PATH ?? '', ...options.env },
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
      })
      child = started
      for (const stream of [started.stdout, started.stderr])
        stream.on('data', (chunk: Buffer) => {
          log.write(chunk)
          if (!isReady && String(chunk).includes('"state":"ready"')) isReady = true
        })
      await once(started, 'exit')
      child = null
      isReady = false
      if (stopped) return
      if (!killed) falls += 1
      await sleep(RESTART_MS)
    }
  }

  const atExit = (): void => void child?.kill('SIGKILL')
  process.on('exit', atExit)
  running = run()
  return {
    name,
    role,
    falls: () => falls,
    async ready() {
      for (const until = Date.now() + READY_TIMEOUT_MS; !isReady; await sleep(20))
        if (Date.now() > until)
          throw new Error(`${name} was not ready within ${READY_TIMEOUT_MS / 1000} s; see ${folder}/${name}.log.`)
    },
    kill() {
      if (child === null) return false
      killed = true
      return child.kill('SIGKILL')
    },
    async freeze(forMs) {
      const frozen = child
      if (frozen === null || !frozen.kill('SIGSTOP')) return false
      await sleep(forMs)
      frozen.kill('SIGCONT')
      return true
    },
    async stop() {
      stopped = true
      child?.kill('SIGKILL')
      await running
      process.off('exit', atExit)
      await new Promise<void>((resolve) => void log.end(resolve))
    },
  }
}
