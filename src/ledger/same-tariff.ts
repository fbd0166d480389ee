import { type Band, limitNames, type MarketTariff, type Rate } from './tariff.ts'

/** Whether two tariffs say the same, in whatever order and form they say it. */
export function sameTariff(one: MarketTariff, other: MarketTariff): boolean {
  return contentOf(one) === contentOf(other)
}

function contentOf({ market, version, effectiveFrom, services, duties, tiers }: MarketTariff): string {
  const content = {
    ...{ market, version, effectiveFrom: Date.parse(effectiveFrom) },
    services: Object.entries(services)
      .map(([kind, { minimum, feeFrom = 'payer', bands, others = [] }]) => [
        ...[kind, minimum, feeFrom, bands.map(bandContent)],
        ...sorted(others.map(({ tier, network, bands }) => [`${tier}/${network}`, bands.map(bandContent)])),
      ])
      .sort(byFirst),
    duties: duties
      .map((duty) => {
        const facts = [duty.code, duty.name, duty.base, [...duty.exempt].sort()]
        return duty.base === 'fee'
          ? [...facts, duty.rateBp, duty.included]
          : [...facts, duty.bands.map(bandContent), duty.abovePerDay, duty.paidBy]
      })
      .sort(byFirst),
    tiers: sorted(
      Object.entries(tiers).map(([tier, limits]) => [tier, limitNames.map((name) => limits[name] ?? null)]),
    ),
  }
  return JSON.stringify(content, (_key, value) => (typeof value === 'bigint' ? String(value) : value))
}

function bandContent({
  upTo,
  flat,
  rateBp = 0,
  atLeast = 0n,
  atMost,
}: Rate & { upTo: Band['upTo'] | null }): unknown[] {
  return [upTo, flat, rateBp, atLeast, atMost ?? null]
}

function sorted(rows: readonly unknown[][]): unknown[][] {
  return [...rows].sort(byFirst)
}

function byFirst([a]: readonly unknown[], [b]: readonly unknown[]): number {
  return String(a) < String(b) ? -1 : 1
}
