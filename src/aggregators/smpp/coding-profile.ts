import type { NationalTable } from '../../domain/gsm7-national.ts'

/** How one network wants texts in its PDUs; data, named by a link's profile. */
export type CodingProfile = {
  /** `data_coding` for GSM-7, UCS-2 and the flash form of each (3GPP TS 23.038 §4). */
  readonly gsm7: number
  readonly ucs2: number
  readonly flashGsm7: number
  readonly flashUcs2: number
  /** Seven-bit text packed eight septets to seven octets; almost every network wants one septet an octet. */
  readonly packed: boolean
  /** How the parts of a long text are tied together, or the whole in one PDU. */
  readonly long: 'udh8' | 'udh16' | 'sar' | 'payload'
  /** Single shift tables that this network's phones are known to read (3GPP TS 23.038 §6.2.1.2.2); none unless agreed. */
  readonly national: readonly NationalTable[]
}

/** What nearly all networks take. */
export const ordinaryCoding: CodingProfile = {
  ...{ gsm7: 0, ucs2: 8, flashGsm7: 0x10, flashUcs2: 0x18 },
  ...{ packed: false, long: 'udh8', national: [] },
}
