import { isUuid } from '../../domain/ids.ts'
import type { MessageIdForm } from './account-row.ts'

/** The id that a client is given, for the outbox row's. */
export function messageIdOf(outboxId: string, form: MessageIdForm): string {
  if (form === 'uuid') return outboxId
  return form === 'hex' ? numberOf(outboxId).toString(16) : String(numberOf(outboxId))
}

/** The random end of a version 7 UUID, fifteen hexadecimal digits: below 2^60, as no client's integers overflow. */
export function numberOf(outboxId: string): bigint {
  return BigInt(`0x${outboxId.replaceAll('-', '').slice(-15)}`)
}

/** What a client may mean by an id: ours, or the number in the form that it was given. Null: no id at all. */
export function readMessageId(text: string, form: MessageIdForm): { outboxId: string } | { number: bigint } | null {
  if (form === 'uuid') return isUuid(text.toLowerCase()) ? { outboxId: text.toLowerCase() } : null
  if (form === 'hex') return /^[0-9a-f]{1,15}$/i.test(text) ? { number: BigInt(`0x${text}`) } : null
  return /^\d{1,19}$/.test(text) && BigInt(text) < 2n ** 60n ? { number: BigInt(text) } : null
}

/** Ties a submission's sealed addresses to its row. */
export function addressesContext(outboxId: string): string {
  return `smpp_submission.addresses:${outboxId}`
}

/** Ties a message that waits for an account to its row. */
export function messageContext(name: string): string {
  return `smpp_delivery.message:${name}`
}
