import { type App, startApp } from './app.ts'
import { readSettings } from './settings.ts'
import { makeLog } from './telemetry/log.ts'

/** From the signal to the end; a supervisor kills after ten seconds. */
const STOP_TIMEOUT_MS = 9000

const read = readSettings(process.env)
if (read.kind === 'bad') {
  process.stderr.write(`Nyota cannot start:\n${read.problems.map((problem) => `  - ${problem}\n`).join('')}`)
  process.exit(1)
}

// Node would print the whole error, and those of client libraries carry requests, keys and texts.
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error: unknown) => {
    makeLog({ level: 'error', destination: process.stdout }).fatal({ event: 'crashed', error })
    process.exit(1)
  })
}

let app: App | null = null
try {
  // Before the start, which may wait for migrations: the first process of a container ignores signals nobody handles.
  const stopped = new Promise<void>((resolve) => {
    process.once('SIGTERM', resolve)
    process.once('SIGINT', resolve)
  })
  // A start compiles the files anyway; a signal that nobody handles would end it.
  process.on('SIGHUP', () => void app?.publishMenus())
  app = await startApp(read.settings, process.stdout)
  const { stop } = app
  void stopped.then(() => {
    setTimeout(() => process.exit(1), STOP_TIMEOUT_MS).unref()
    stop().then(
      () => process.exit(0),
      () => process.exit(1),
    )
  })
} catch (error) {
  process.stderr.write(`Nyota cannot start: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}
