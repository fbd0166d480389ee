import { type DestinationStream, type Logger, pino } from 'pino'
import { visibleLine } from '../domain/plain-text.ts'
import { scrubLine } from './scrub.ts'

export type Log = Logger

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** JSON lines on standard output. Every line is scrubbed as a whole, so nothing depends on the names of fields. */
export function makeLog(options: { readonly level: LogLevel; readonly destination?: DestinationStream }): Log {
  const settings = {
    level: options.level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { error: describeError },
    hooks: { streamWrite: (line: string) => visibleLine(scrubLine(line)) },
  }
  return options.destination === undefined ? pino(settings) : pino(settings, options.destination)
}

type Described = { type: string; message: string; code?: string; stack?: string; cause?: Described }

/** Causes of causes: deep enough to see where it began, bounded because a cause may point back. */
const MAX_CAUSES = 4

/** Only these fields: errors of client libraries carry whole requests, keys and texts included. */
function describeError(error: unknown, depth = 0): Described {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error) }
  const code = (error as { code?: unknown }).code
  return {
    type: error.name,
    message: error.message,
    ...(typeof code === 'string' ? { code } : {}),
    ...(error.stack === undefined ? {} : { stack: error.stack }),
    ...(error.cause !== undefined && depth < MAX_CAUSES ? { cause: describeError(error.cause, depth + 1) } : {}),
  }
}
