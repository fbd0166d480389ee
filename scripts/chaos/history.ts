import type { JourneyKind } from './plan.ts'

/**
 * One request of a client. `ok`: answered, with these words; `fail`: it surely did nothing, since nobody took it; `info`: nobody knows, the
 * answer was lost.
 */
export type Call = {
  readonly step: 'hop' | 'confirm' | 'copy' | 'stale'
  readonly invokedAtMs: number
  readonly endedAtMs: number
  readonly outcome: 'ok' | 'fail' | 'info'
  /** What the screen said, without `CON` or `END`; null where nothing came. */
  readonly words: string | null
}

/** One dialogue of one subscriber, and everything that was shown in it. Amounts in minor units. */
export type Journey = {
  readonly id: string
  readonly kind: JourneyKind
  readonly payerId: string
  /** What it would send or pay; null where it moves no money. In no other journey. */
  readonly amount: bigint | null
  /** Whether a PIN was ever sent for it. */
  readonly confirmed: boolean
  readonly calls: readonly Call[]
}

/** An SMS as it lay in a subscriber's phone. */
export type Received = { readonly subscriberId: string; readonly atMs: number; readonly words: string }

/** A payment as a biller has it. `received`: how often it was asked to pay under this reference. */
export type BillerPayment = {
  readonly transferId: string
  readonly status: 'done' | 'pending' | 'refused'
  readonly received: number
  /** Minor units. */
  readonly amount: bigint
}

/** A run as seen from outside: by the phones and by the billers. */
export type History = {
  readonly journeys: readonly Journey[]
  readonly messages: readonly Received[]
  readonly payments: readonly BillerPayment[]
}
