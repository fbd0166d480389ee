export type TransferKind = 'send' | 'bill' | 'airtime'

/** The fee, tax on it included, of amounts up to `upTo`: a flat part and a rate in basis points, the rate's part kept within bounds. Minor units. */
export type Band = {
  readonly upTo: bigint
  readonly flat: bigint
  readonly rateBp?: number
  readonly atLeast?: bigint
  readonly atMost?: bigint
}

export type Service = { readonly minimum: bigint; readonly bands: readonly Band[] }

/** Null: no limit of that kind. */
export type TierLimits = {
  readonly perTransaction: bigint | null
  readonly perDay: bigint | null
  readonly balance: bigint | null
}

/** What one country charges and allows from a day on. Data: an edit is a new version, never a change. */
export type MarketTariff = {
  /** The code of the market in domain/markets.ts. */
  readonly market: string
  readonly version: string
  /** ISO 8601 with offset. */
  readonly effectiveFrom: string
  /** Tax that is part of the fee, in basis points of the fee without tax. */
  readonly taxOnFeeBp: number
  readonly services: Readonly<Record<TransferKind, Service>>
  /** The tier `restricted` applies beside a person's own while they are held to lower limits. */
  readonly tiers: Readonly<Record<string, TierLimits>> & { readonly restricted: TierLimits }
}

/** `fee` includes `tax`; the rest of it is income. */
export type Charge = { readonly fee: bigint; readonly tax: bigint }

/** What a transfer of `amount` costs; null where the tariff has no band for it. Half a minor unit rounds up. */
export function chargeOf(
  tariff: Pick<MarketTariff, 'services' | 'taxOnFeeBp'>,
  kind: TransferKind,
  amount: bigint,
): Charge | null {
  const band = tariff.services[kind].bands.find(({ upTo }) => amount <= upTo)
  if (band === undefined) return null
  const fee = band.flat + rated(band, amount)
  return { fee, tax: rounded(fee * BigInt(tariff.taxOnFeeBp), 10_000n + BigInt(tariff.taxOnFeeBp)) }
}

function rated({ rateBp = 0, atLeast = 0n, atMost }: Band, amount: bigint): bigint {
  const part = rounded(amount * BigInt(rateBp), 10_000n)
  if (part < atLeast) return atLeast
  return atMost !== undefined && part > atMost ? atMost : part
}

function rounded(numerator: bigint, denominator: bigint): bigint {
  return (2n * numerator + denominator) / (2n * denominator)
}
