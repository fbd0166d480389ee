import type { MarketTariff } from '../tariff.ts'

const cedi = 100n

/**
 * Ghana: limits of March 2024; the fee is an example of a rate with bounds (0.75 %, at most 7.50), no operator's published tariff.
 * The limits by month and the electronic levy are not part of it.
 */
export const ghana: MarketTariff = {
  market: 'GH',
  version: 'GH-2024-2',
  effectiveFrom: '2024-03-01T00:00:00Z',
  taxOnFeeBp: 0,
  services: {
    send: {
      minimum: 1n * cedi,
      bands: [
        { upTo: 50n * cedi, flat: 38n },
        { upTo: 25_000n * cedi, flat: 0n, rateBp: 75, atMost: 750n },
      ],
    },
    bill: { minimum: 1n * cedi, bands: [{ upTo: 25_000n * cedi, flat: 0n }] },
    airtime: { minimum: 1n * cedi, bands: [{ upTo: 25_000n * cedi, flat: 0n }] },
  },
  tiers: {
    basic: { perTransaction: null, perDay: 3_000n * cedi, balance: 5_000n * cedi },
    standard: { perTransaction: null, perDay: 15_000n * cedi, balance: 40_000n * cedi },
    full: { perTransaction: null, perDay: 25_000n * cedi, balance: 75_000n * cedi },
    restricted: { perTransaction: 100n * cedi, perDay: 200n * cedi, balance: null },
  },
}
