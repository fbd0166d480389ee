import type { Database, Queryable } from '../../src/database/database.ts'
import type { Audit } from '../../src/security/audit.ts'
import type { Sealer } from '../../src/security/sealing.ts'
import {
  findMessagesFrom,
  findMessagesTo,
  findUnmatched,
  type InboxEntry,
  type MessageHistory,
  readMessageHistory,
  readTexts,
  type UnmatchedReport,
} from '../../src/sms/history.ts'
import type { Question } from './options.ts'

export type Sent = MessageHistory & { readonly text?: string }
export type Received = InboxEntry & { readonly text?: string }

export type Answer =
  | { readonly kind: 'sent'; readonly messages: readonly Sent[] }
  | { readonly kind: 'received'; readonly messages: readonly Received[] }
  | { readonly kind: 'unmatched'; readonly reports: readonly UnmatchedReport[] }

export type Reader = {
  readonly sealer: Sealer
  /** Null where no text is asked for. */
  readonly audit: Audit | null
  /** Who reads, for the record: the name of the user on this machine. */
  readonly by: string
}

/** Reads what is asked for. Texts are given only after the record of it is committed. */
export async function answer(database: Database, reader: Reader, question: Question): Promise<Answer> {
  if (question.kind === 'unmatched')
    return { kind: 'unmatched', reports: await findUnmatched(database, question.limit) }
  return await database.transaction(async (tx) => {
    if (question.kind === 'received_from') {
      const messages = await findMessagesFrom(tx, reader.sealer, question.number, question.limit)
      const texts = await readAudited(tx, reader, question, 'inbox', messages)
      return { kind: 'received', messages: withTexts(messages, texts) }
    }
    const ids =
      question.kind === 'message'
        ? [question.id]
        : await findMessagesTo(tx, reader.sealer, question.number, question.limit)
    const messages: MessageHistory[] = []
    for (const id of ids) {
      const message = await readMessageHistory(tx, id)
      if (message !== null) messages.push(message)
    }
    const texts = await readAudited(tx, reader, question, 'outbox', messages)
    return { kind: 'sent', messages: withTexts(messages, texts) }
  })
}

async function readAudited(
  tx: Queryable,
  { sealer, audit, by }: Reader,
  question: Exclude<Question, { kind: 'unmatched' }>,
  from: 'outbox' | 'inbox',
  messages: readonly { readonly id: string }[],
): Promise<ReadonlyMap<string, string>> {
  if (!question.text || messages.length === 0) return new Map()
  if (audit === null) throw new Error('texts are read with a record of it only')
  const ids = messages.map(({ id }) => id)
  await audit.record(tx, {
    actor: { kind: 'staff', id: by },
    action: 'sms.read',
    subject: question.kind === 'message' ? question.id : null,
    payload: { from, messages: ids.join(' '), ...(question.kind === 'message' ? {} : { number: question.number }) },
  })
  return await readTexts(tx, sealer, from, ids)
}

function withTexts<Message extends { readonly id: string }>(
  messages: readonly Message[],
  texts: ReadonlyMap<string, string>,
): (Message & { readonly text?: string })[] {
  return messages.map((message) => {
    const text = texts.get(message.id)
    return text === undefined ? message : { ...message, text }
  })
}
