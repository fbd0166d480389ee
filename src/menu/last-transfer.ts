import type { Json } from './contract.ts'
import type { Types } from './program.ts'

/** How the transfer of the session before ended, for the first screen of the next. `values` by `LAST_TRANSFER_FIELDS`. */
export type LastTransfer = {
  readonly outcome: LastTransferOutcome
  readonly values: Readonly<Record<string, Json>>
}
export type LastTransferOutcome = (typeof LAST_TRANSFER_OUTCOMES)[number]

/** `sent` to a person, `paid` to a biller; `processing`: not known yet. */
export const LAST_TRANSFER_OUTCOMES = ['sent', 'paid', 'processing', 'refused'] as const

/** What its words may show; the bounds are those of transfers in the menus. */
export const LAST_TRANSFER_FIELDS: Types = {
  amount: { type: 'money', max: '100000000' },
  name: { type: 'text', max: 16 },
  reference: { type: 'text', max: 10 },
}
