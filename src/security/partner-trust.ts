import type { AddressList } from '../domain/addresses.ts'
import type { Secret } from '../domain/secret.ts'

/** What an operator demands of a partner beside the key in its path, and how much it may bring; null: nothing is demanded. */
export type PartnerTrust = {
  readonly partner: string
  /** Whether it calls us over HTTP; those that do not have no addresses, signatures and certificates to check. */
  readonly calls: boolean
  readonly addresses: AddressList | null
  readonly signatureKey: Secret | null
  /** SHA-256 of the client certificates that it may show, in hexadecimal. */
  readonly certificates: readonly string[] | null
  readonly caps: PartnerCaps
}

/** The most that a partner may bring; null: no end. */
export type PartnerCaps = {
  /** In a second, to one process. */
  readonly dials: number | null
  readonly hops: number | null
  /** Confirmed in an hour and in a day over all processes, in minor units of the market's currency. */
  readonly hourly: bigint | null
  readonly daily: bigint | null
}

/** `africastalking key in its path, any address, unsigned, no certificate`: for the start and the status page. */
export function describeTrust({ partner, calls, addresses, signatureKey, certificates }: PartnerTrust): string {
  if (!calls) return `${partner} over links that we open`
  return [
    `${partner} key in its path`,
    addresses === null ? 'ANY ADDRESS' : `${addresses.words.length} addresses or networks`,
    signatureKey === null ? 'unsigned' : 'signed',
    certificates === null ? 'no certificate' : 'certificate',
  ].join(', ')
}
