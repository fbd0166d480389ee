import type { HistoryAttempt, HistoryEvent, UnmatchedReport } from '../../src/sms/history.ts'
import type { Answer, Received, Sent } from './answer.ts'

/** The answer for people; empty where nothing was found. */
export function wordsOf(answer: Answer): string {
  switch (answer.kind) {
    case 'sent':
      return answer.messages.map(sentWords).join('\n')
    case 'received':
      return answer.messages.map(receivedWords).join('')
    case 'unmatched':
      return answer.reports.map(reportWords).join('')
  }
}

function sentWords(message: Sent): string {
  const { id, state, priority, factKey, subscriberId, createdAt, expiresAt, attempts, events, text } = message
  return [
    `${id}  ${state}`,
    `  reports ${factKey}, priority ${priority}, ${subscriberId === null ? 'to no subscriber' : `to subscriber ${subscriberId}`}`,
    `  written ${time(createdAt)}, of use until ${time(expiresAt)}`,
    ...(text === undefined ? [] : [`  text    ${JSON.stringify(text)}`]),
    ...attempts.flatMap(attemptWords),
    ...events.map(eventWords),
    '',
  ].join('\n')
}

function attemptWords({ number, link, state, reason, segments, parts }: HistoryAttempt): string[] {
  const head = `  attempt ${number} over ${link}: ${state}${because(reason)}, ${segments} segment${segments === 1 ? '' : 's'}`
  return [
    head,
    ...parts.map(
      (part) => `    part ${part.number} ${part.providerId || '(no id)'}: ${part.state}${because(part.reason)}`,
    ),
  ]
}

function eventWords({ at, kind, attempt, part, link, reason }: HistoryEvent): string {
  const where = [
    attempt === null ? '' : `attempt ${attempt}`,
    part === null ? '' : `part ${part}`,
    link === null ? '' : `over ${link}`,
  ].filter(Boolean)
  return `  ${time(at)}  ${kind.padEnd(9)} ${where.join(', ')}${because(reason)}`.trimEnd()
}

function receivedWords({ id, receivedAt, link, recipient, parts, partsMissing, text }: Received): string {
  const size = parts === 1 ? '' : `, ${parts} parts`
  const missing = partsMissing === 0 ? '' : `, ${partsMissing} never came`
  const words = text === undefined ? '' : `\n  ${JSON.stringify(text)}`
  return `${time(receivedAt)}  ${id}  to ${recipient} over ${link}${size}${missing}${words}\n`
}

function reportWords({ receivedAt, link, providerId, state, reason, phoneKnown, expired }: UnmatchedReport): string {
  const notes = [phoneKnown ? '' : 'names no phone', expired ? 'no longer looked at' : ''].filter(Boolean)
  const note = notes.length === 0 ? '' : ` (${notes.join(', ')})`
  return `${time(receivedAt)}  ${link}  ${providerId || '(no id)'}  ${state}${because(reason)}${note}\n`
}

function because(reason: string | null): string {
  return reason === null ? '' : ` (${reason})`
}

function time(at: Date): string {
  return at.toISOString().replace('T', ' ')
}
