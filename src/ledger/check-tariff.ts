import { type Currency, formatAmount } from '../domain/money.ts'
import {
  type Band,
  chargeOf,
  type MarketTariff,
  type Rate,
  receivedOf,
  type Service,
  type ServiceKind,
} from './tariff.ts'

/** The most that a screen has room for, in minor units. */
export const MOST_AMOUNT = 99_999_999n
export const MOST_FEE = 100_000n

type Complain = (clause: string) => void

/** What makes no sense in a tariff whose form is right: a clause for each thing, with its place. */
export function tariffProblems(tariff: MarketTariff, currency: Currency): string[] {
  const problems: string[] = []
  const complain: Complain = (clause) => void problems.push(clause)
  const words = (amount: bigint): string => formatAmount({ amount, currency })
  for (const [kind, service] of Object.entries(tariff.services) as [ServiceKind, Service][]) {
    checkService(tariff, kind, service, words, complain)
  }
  for (const duty of tariff.duties) {
    if (duty.base === 'fee') continue
    const place = `duties.${duty.code}`
    duty.bands.forEach((band, n) => {
      const its = duty.bands.length === 1 ? place : `${place}.bands[${n + 1}]`
      checkRate(band, its, complain)
      const before = duty.bands[n - 1]?.upTo ?? 0n
      if (band.upTo !== null && band.upTo <= before)
        complain(`${its}.to must be more than ${words(before)}, where the band before ends`)
      if (band.upTo === null && n < duty.bands.length - 1)
        complain(`${its}.to is missing; only the last band has no end`)
    })
    if (duty.bands.at(-1)?.upTo !== null)
      complain(`${place}.bands must end with one without to, for all larger amounts`)
  }
  checkTiers(tariff, words, complain)
  return problems
}

function checkService(
  tariff: MarketTariff,
  kind: ServiceKind,
  service: Service,
  words: (amount: bigint) => string,
  complain: Complain,
): void {
  const place = `services.${kind}`
  checkBands(tariff, kind, service.bands, {}, place, words, complain)
  const seen = new Set<string>()
  for (const [n, { tier, network, bands }] of (service.others ?? []).entries()) {
    const its = `${place}.others[${n + 1}]`
    if (tier === null && network === null) complain(`${its} needs a tier, a network or both`)
    if (tier !== null && (tariff.tiers[tier] === undefined || tier === 'restricted'))
      complain(`${its}.tier is ${tier}, which is none of ${tierNames(tariff)}`)
    const key = `${tier}/${network}`
    if (seen.has(key)) complain(`${its} has the tier and network of one before it`)
    seen.add(key)
    const circumstances = { ...(tier === null ? {} : { tier }), ...(network === null ? {} : { network }) }
    checkBands(tariff, kind, bands, circumstances, its, words, complain)
  }
}

function checkBands(
  tariff: MarketTariff,
  kind: ServiceKind,
  bands: readonly Band[],
  circumstances: { tier?: string; network?: string },
  place: string,
  words: (amount: bigint) => string,
  complain: Complain,
): void {
  const minimum = tariff.services[kind]?.minimum ?? 1n
  for (const [n, band] of bands.entries()) {
    const its = `${place}.bands[${n + 1}]`
    const before = bands[n - 1]?.upTo ?? 0n
    const known = checkRate(band, its, complain)
    if (band.upTo <= before) complain(`${its}.to must be more than ${words(before)}, where the band before ends`)
    if (band.rateBp !== undefined && band.atMost === undefined)
      complain(`${its}.at_most is missing; a rate needs an end`)
    if (!known || band.upTo <= before || band.upTo < minimum) continue
    // Prices grow more slowly than amounts, so that the ends of a band show its worst.
    const lowest = before + 1n > minimum ? before + 1n : minimum
    const least = chargeOf(tariff, kind, lowest, { ...circumstances, sentToday: MOST_AMOUNT })
    const most = chargeOf(tariff, kind, band.upTo, { ...circumstances, sentToday: MOST_AMOUNT })
    if (least !== null && receivedOf(least, lowest) < 1n)
      complain(`${its} costs the payee more than the least amount of the band`)
    if (most !== null && most.fee > MOST_FEE)
      complain(`${its} costs ${words(most.fee)} at its end; screens have room for ${words(MOST_FEE)}`)
    else if (band.upTo + (most?.fee ?? 0n) > MOST_AMOUNT)
      complain(`${its}.to and its fee must be at most ${words(MOST_AMOUNT)}, which is what screens have room for`)
  }
  const end = bands.at(-1)?.upTo ?? 0n
  if (end < minimum) complain(`${place}.least is more than ${words(end)}, where its bands end`)
  for (const [tier, { perTransaction }] of Object.entries(tariff.tiers)) {
    if (circumstances.tier !== undefined && circumstances.tier !== tier) continue
    if (perTransaction !== null && perTransaction !== undefined && end < perTransaction)
      complain(`${place}.bands end at ${words(end)}, but tiers.${tier} may send ${words(perTransaction)} at one time`)
  }
}

/** Whether the band can be reckoned with. */
function checkRate({ rateBp, atLeast, atMost }: Rate, place: string, complain: Complain): boolean {
  if (rateBp === undefined && (atLeast !== undefined || atMost !== undefined)) {
    complain(`${place} has at_least or at_most, which belong to a rate; add rate or leave them out`)
    return false
  }
  if (atLeast !== undefined && atMost !== undefined && atMost < atLeast) {
    complain(`${place}.at_most must not be less than its at_least`)
    return false
  }
  return true
}

function checkTiers(tariff: MarketTariff, words: (amount: bigint) => string, complain: Complain): void {
  if (Object.keys(tariff.tiers).length < 2) complain('tiers must have one beside restricted')
  for (const [tier, limits] of Object.entries(tariff.tiers)) {
    const spans = [
      ['per_transaction', limits.perTransaction, 'per_day', limits.perDay],
      ['per_day', limits.perDay, 'per_month', limits.perMonth],
      ['receive_per_day', limits.receivePerDay, 'receive_per_month', limits.receivePerMonth],
    ] as const
    for (const [less, small, more, large] of spans) {
      if (small != null && large != null && small > large)
        complain(`tiers.${tier}.${less} must not be more than its ${more}, ${words(large)}`)
    }
  }
}

function tierNames({ tiers }: MarketTariff): string {
  return Object.keys(tiers)
    .filter((tier) => tier !== 'restricted')
    .join(', ')
}
