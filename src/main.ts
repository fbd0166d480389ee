import { startApp } from './app.ts'
import { readSettings } from './settings.ts'

/** From the signal to the end; a supervisor kills after ten seconds. */
const STOP_TIMEOUT_MS = 9000

const read = readSettings(process.env)
if (read.kind === 'bad') {
  process.stderr.write(`Nyota cannot start:\n${read.problems.map((problem) => `  - ${problem}\n`).join('')}`)
  process.exit(1)
}

try {
  const app = await startApp(read.settings, process.stdout)
  let stopping = false
  const stop = (): void => {
    if (stopping) return
    stopping = true
    setTimeout(() => process.exit(1), STOP_TIMEOUT_MS).unref()
    app.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    )
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
} catch (error) {
  process.stderr.write(`Nyota cannot start: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}
