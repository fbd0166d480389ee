import type { MarketTariff } from '../tariff.ts'

/**
 * Uganda: fees after Airtel's published tariff of 2024, limits after MTN's tiers, whole shillings. The tax part of the fee and the
 * levy on withdrawals are the operator's to set: a withdrawal is no service of this tariff yet.
 */
export const uganda: MarketTariff = {
  market: 'UG',
  version: 'UG-2024-2',
  effectiveFrom: '2024-01-01T00:00:00+03:00',
  taxOnFeeBp: 0,
  services: {
    send: {
      minimum: 500n,
      bands: [
        { upTo: 2_500n, flat: 100n },
        { upTo: 60_000n, flat: 500n },
        { upTo: 5_000_000n, flat: 1_000n },
      ],
    },
    bill: { minimum: 500n, bands: [{ upTo: 5_000_000n, flat: 0n }] },
    airtime: { minimum: 50n, bands: [{ upTo: 5_000_000n, flat: 0n }] },
  },
  tiers: {
    basic: { perTransaction: 1_000_000n, perDay: 3_000_000n, balance: 3_000_000n },
    standard: { perTransaction: 3_000_000n, perDay: 10_000_000n, balance: 10_000_000n },
    full: { perTransaction: 5_000_000n, perDay: 20_000_000n, balance: 20_000_000n },
    restricted: { perTransaction: 50_000n, perDay: 100_000n, balance: null },
  },
}
