import { causeOf } from './gateway.ts'

/** An SMS as the fake network shows it. `at` is an ISO 8601 moment. */
export type ReceivedSms = { readonly at: string; readonly from: string; readonly to: string; readonly text: string }

export type Inbox = { stop(): void }

const RETRY_MS = 1000

/**
 * Follows the messages of one phone (`GET <network>/phones/<number>/messages?follow`, one JSON object a line) and calls back for each that
 * arrives from `sinceMs` on. A network that is away is told once and asked again every second.
 */
export function followInbox(
  inbox: { networkUrl: string; phoneNumber: string; sinceMs: number },
  listeners: { onMessage(message: ReceivedSms): void; onAway(cause: string): void },
): Inbox {
  const stopped = new AbortController()
  void follow(inbox, listeners, stopped.signal)
  return { stop: () => stopped.abort() }
}

async function follow(
  inbox: { networkUrl: string; phoneNumber: string; sinceMs: number },
  listeners: { onMessage(message: ReceivedSms): void; onAway(cause: string): void },
  signal: AbortSignal,
): Promise<void> {
  const url = `${inbox.networkUrl.replace(/\/+$/, '')}/phones/${encodeURIComponent(inbox.phoneNumber)}/messages?follow`
  const seen = new Set<string>()
  let told = false
  while (!signal.aborted) {
    try {
      const response = await fetch(url, { signal })
      if (!response.ok || response.body === null) throw new Error(`HTTP ${response.status}`)
      told = false
      for await (const line of readLines(response.body)) {
        const message = readMessage(line)
        // A connection that is taken up again may tell the same messages once more.
        if (message === null || Date.parse(message.at) < inbox.sinceMs || seen.has(line)) continue
        seen.add(line)
        listeners.onMessage(message)
      }
    } catch (error) {
      if (!signal.aborted && !told) listeners.onAway(causeOf(error))
      told = true
    }
    await pause(RETRY_MS, signal)
  }
}

async function* readLines(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
}

function readMessage(line: string): ReceivedSms | null {
  if (line.trim() === '') return null
  const { at, from, to, text }: Partial<Record<keyof ReceivedSms, unknown>> = JSON.parse(line)
  return { at: String(at), from: String(from), to: String(to), text: String(text) }
}

function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const timer = setTimeout(resolve, durationMs)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
