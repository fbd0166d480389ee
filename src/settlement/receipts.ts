import type { Queryable } from '../database/database.ts'
import type { TransferFacts } from '../ledger/transfer.ts'
import type { QueuedSms } from '../sms/outbox.ts'

/** Write the messages of a fact in the transaction that makes it a fact; what they return is rung after the commit. */
export type Receipts = {
  settled(tx: Queryable, transfer: TransferFacts): Promise<readonly QueuedSms[]>
  rejected(tx: Queryable, transfer: TransferFacts): Promise<readonly QueuedSms[]>
  /** It takes longer than the subscriber would expect; nothing is decided. */
  delayed(tx: Queryable, transfer: TransferFacts): Promise<readonly QueuedSms[]>
}
