/** What a tariff has prices for: everything a transfer can be, and taking out cash, which has levies of its own. */
export const serviceKinds = ['send', 'bill', 'airtime', 'own', 'collect', 'disburse', 'withdraw'] as const
export type ServiceKind = (typeof serviceKinds)[number]
export type TransferKind = Exclude<ServiceKind, 'withdraw'>

/** What amounts up to `upTo` cost: a flat part and a rate in basis points, the rate's part kept within bounds. Minor units. */
export type Band = Rate & { readonly upTo: bigint }

export type Rate = {
  readonly flat: bigint
  readonly rateBp?: number
  readonly atLeast?: bigint
  readonly atMost?: bigint
}

/** Prices that hold for payers of one tier, for payees on one network, or for both together. */
export type OtherPrices = {
  readonly tier: string | null
  readonly network: string | null
  readonly bands: readonly Band[]
}

export type Service = {
  readonly minimum: bigint
  /** Whose money the fee is taken from; the payer's unless stated. */
  readonly feeFrom?: 'payer' | 'payee'
  /** Everybody's. The fee contains the taxes that are included in it. */
  readonly bands: readonly Band[]
  /** The first that says more than the others about the payer, then about the payee, holds. */
  readonly others?: readonly OtherPrices[]
}

type DutyFacts = {
  /** Names the account that it goes to: `tax_payable` for a tax, `levy_payable` for a levy. */
  readonly code: string
  /** On statements, as the other party. */
  readonly name: string
  readonly exempt: readonly ServiceKind[]
}

/** A tax on the fee, in basis points of the fee without tax; paid by whoever pays the fee. */
export type TaxOnFee = DutyFacts & {
  readonly base: 'fee'
  readonly rateBp: number
  /** Part of the fee, rather than on top of it. */
  readonly included: boolean
}

/** A levy on the amount. `upTo` is null for the band without end. */
export type Levy = DutyFacts & {
  readonly base: 'amount'
  readonly bands: readonly (Rate & { readonly upTo: bigint | null })[]
  /** Only on what the payer sends beyond this on the market's day; null: on all of it. */
  readonly abovePerDay: bigint | null
  readonly paidBy: 'payer' | 'payee'
}

export type Duty = TaxOnFee | Levy

/** What one person may do; minor units. Missing or null: no limit of that kind. */
export const limitNames = [
  'perTransaction',
  'perDay',
  'perMonth',
  'balance',
  'receivePerDay',
  'receivePerMonth',
] as const
export type TierLimits = Readonly<Partial<Record<(typeof limitNames)[number], bigint | null>>>

/** What one country charges and allows from a day on. Data: an edit is a new version, never a change. */
export type MarketTariff = {
  /** The code of the market in domain/markets.ts. */
  readonly market: string
  readonly version: string
  /** ISO 8601 with offset. */
  readonly effectiveFrom: string
  readonly services: Readonly<Record<'send' | 'bill', Service> & Partial<Record<ServiceKind, Service>>>
  readonly duties: readonly Duty[]
  /** The tier `restricted` applies beside a person's own while they are held to lower limits. */
  readonly tiers: Readonly<Record<string, TierLimits>> & { readonly restricted: TierLimits }
}

/** What a price may depend on beside the amount. `sentToday`: what the payer has sent on the market's day so far, without fees. */
export type Circumstances = {
  readonly tier?: string
  readonly network?: string
  readonly sentToday?: bigint
}

export type LegKind = 'amount' | 'fee' | 'tax' | 'levy'

/** One movement of money. `code`: of the tax or levy, null for the amount and the fee. */
export type ChargeLeg = {
  readonly what: LegKind
  readonly code: string | null
  readonly from: 'payer' | 'payee'
  readonly amount: bigint
}

/**
 * `fee`: all that the payer pays beside the amount; `tax`: taxes and levies, whoever pays them. `legs`, none of them empty: the amount to the
 * payee first, then what goes to the house. Those from the payer sum to amount and fee; those from the payee are less than the amount.
 */
export type Charge = { readonly fee: bigint; readonly tax: bigint; readonly legs: readonly ChargeLeg[] }

type Tariff = Pick<MarketTariff, 'services' | 'duties'>

/**
 * What a transfer of `amount`, from the service's minimum on, costs, and where it goes; null where the tariff has no price for it.
 * Every leg rounds half a minor unit up; where a fee is shared out its last leg takes what rounding leaves.
 */
export function chargeOf(
  tariff: Tariff,
  kind: ServiceKind,
  amount: bigint,
  circumstances: Circumstances = {},
): Charge | null {
  const service = tariff.services[kind]
  const band = service === undefined ? undefined : bandsFor(service, circumstances).find(({ upTo }) => amount <= upTo)
  if (service === undefined || band === undefined) return null
  const duties = tariff.duties.filter(({ exempt }) => !exempt.includes(kind))
  const charged = [
    ...feeLegs(priceOf(band, amount), duties, service.feeFrom ?? 'payer'),
    ...levyLegs(duties, amount, circumstances.sentToday ?? 0n),
  ].filter((leg) => leg.amount > 0n)
  return {
    fee: sum(charged.filter(({ from }) => from === 'payer')),
    tax: sum(charged.filter(({ what }) => what !== 'fee')),
    legs: [{ what: 'amount', code: null, from: 'payer', amount }, ...charged],
  }
}

/** What the payee is left with. */
export function receivedOf({ legs }: Charge, amount: bigint): bigint {
  return amount - sum(legs.filter(({ from }) => from === 'payee'))
}

/** Whether a service's charge depends on more than the amount, so that the payer must be looked at first. */
export function dependsOnPayer({ services, duties }: Tariff, kind: ServiceKind): boolean {
  return (
    (services[kind]?.others ?? []).some(({ tier }) => tier !== null) ||
    duties.some((duty) => duty.base === 'amount' && duty.abovePerDay !== null && !duty.exempt.includes(kind))
  )
}

/** The bands that hold for this payer and this payee. */
export function bandsFor({ bands, others = [] }: Service, { tier, network }: Circumstances): readonly Band[] {
  const fitting = others.filter((prices) => (prices.tier ?? tier) === tier && (prices.network ?? network) === network)
  const weight = (prices: OtherPrices): number => (prices.tier === null ? 0 : 2) + (prices.network === null ? 0 : 1)
  return [...fitting].sort((a, b) => weight(b) - weight(a))[0]?.bands ?? bands
}

/** The fee's own leg first, then its taxes. */
function feeLegs(price: bigint, duties: readonly Duty[], from: ChargeLeg['from']): ChargeLeg[] {
  const taxes = duties.filter((duty): duty is TaxOnFee => duty.base === 'fee')
  const included = taxes.filter((tax) => tax.included)
  const [income = 0n, ...shares] = share(price, [10_000n, ...included.map(({ rateBp }) => BigInt(rateBp))])
  return [
    { what: 'fee', code: null, from, amount: income },
    ...included.map(({ code }, n) => ({ what: 'tax', code, from, amount: shares[n] ?? 0n }) as const),
    ...taxes
      .filter((tax) => !tax.included)
      .map(
        ({ code, rateBp }) => ({ what: 'tax', code, from, amount: rounded(price * BigInt(rateBp), 10_000n) }) as const,
      ),
  ]
}

function levyLegs(duties: readonly Duty[], amount: bigint, sentToday: bigint): ChargeLeg[] {
  return duties
    .filter((duty) => duty.base === 'amount')
    .map(({ code, bands, abovePerDay, paidBy }) => {
      const free = atLeastZero((abovePerDay ?? 0n) - sentToday)
      const taxed = atLeastZero(amount - free)
      const band = bands.find(({ upTo }) => upTo === null || taxed <= upTo)
      const levy = taxed === 0n || band === undefined ? 0n : priceOf(band, taxed)
      return { what: 'levy', code, from: paidBy, amount: levy }
    })
}

function priceOf({ flat, rateBp = 0, atLeast = 0n, atMost }: Rate, amount: bigint): bigint {
  const part = rounded(amount * BigInt(rateBp), 10_000n)
  if (part < atLeast) return flat + atLeast
  return flat + (atMost !== undefined && part > atMost ? atMost : part)
}

/** Splits by weight. Each part is the rounded sum up to it less the rounded sum before, so that none is negative and nothing is left. */
function share(whole: bigint, weights: readonly bigint[]): bigint[] {
  const total = weights.reduce((all, weight) => all + weight, 0n)
  let weighed = 0n
  let given = 0n
  return weights.map((weight) => {
    weighed += weight
    const part = rounded(whole * weighed, total) - given
    given += part
    return part
  })
}

function sum(legs: readonly { readonly amount: bigint }[]): bigint {
  return legs.reduce((all, { amount }) => all + amount, 0n)
}

function atLeastZero(amount: bigint): bigint {
  return amount > 0n ? amount : 0n
}

function rounded(numerator: bigint, denominator: bigint): bigint {
  return (2n * numerator + denominator) / (2n * denominator)
}
