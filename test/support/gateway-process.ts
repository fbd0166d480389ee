import { spawn } from 'node:child_process'
import { once } from 'node:events'

export type GatewayProcess = {
  readonly url: string
  readonly operatorUrl: string
  signal(name: NodeJS.Signals): void
  output(): string
  /** `kill -9`: nothing is finished, nothing is closed. */
  kill(): Promise<void>
  /** SIGTERM; resolves with the exit code and how long it took. */
  stop(): Promise<{ code: number | null; tookMs: number }>
}

const START_TIMEOUT_MS = 30_000

/** The gateway as people run it, in a process of its own. */
export async function startGatewayProcess(env: Readonly<Record<string, string>>): Promise<GatewayProcess> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/main.ts'], {
    env: { PATH: process.env.PATH, ...env, LOG_LEVEL: 'info' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk))
  const exited = once(child, 'exit')
  const until = Date.now() + START_TIMEOUT_MS
  let port: string | undefined
  while (port === undefined) {
    if (child.exitCode !== null || Date.now() > until) {
      child.kill('SIGKILL')
      throw new Error(`the gateway did not start:\n${output}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
    port = /"state":"ready","port":(\d+|null)/.exec(output)?.[1]
  }
  const operatorPort = /"operatorPort":(\d+)/.exec(output)?.[1]
  return {
    url: `http://127.0.0.1:${port}`,
    operatorUrl: `http://127.0.0.1:${operatorPort}`,
    signal: (name) => void child.kill(name),
    output: () => output,
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
    async stop() {
      const from = Date.now()
      child.kill('SIGTERM')
      const [code] = await exited
      return { code, tookMs: Date.now() - from }
    },
  }
}
