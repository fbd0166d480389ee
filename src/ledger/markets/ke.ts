import type { MarketTariff } from '../tariff.ts'

const shilling = 100n

/**
 * Kenya, after M-Pesa's published tariff and limits of 2025: sending is charged by band, the excise duty of 15 % is part of the fee,
 * and a bill and airtime are free to the payer. An operator checks these against its own licence before use.
 */
export const kenya: MarketTariff = {
  market: 'KE',
  version: 'KE-2025-2',
  effectiveFrom: '2025-01-01T00:00:00+03:00',
  taxOnFeeBp: 1500,
  services: {
    send: {
      minimum: 1n * shilling,
      bands: [
        { upTo: 100n * shilling, flat: 0n },
        { upTo: 500n * shilling, flat: 7n * shilling },
        { upTo: 1_000n * shilling, flat: 13n * shilling },
        { upTo: 1_500n * shilling, flat: 23n * shilling },
        { upTo: 2_500n * shilling, flat: 33n * shilling },
        { upTo: 3_500n * shilling, flat: 53n * shilling },
        { upTo: 5_000n * shilling, flat: 57n * shilling },
        { upTo: 7_500n * shilling, flat: 78n * shilling },
        { upTo: 10_000n * shilling, flat: 90n * shilling },
        { upTo: 15_000n * shilling, flat: 100n * shilling },
        { upTo: 20_000n * shilling, flat: 105n * shilling },
        { upTo: 250_000n * shilling, flat: 108n * shilling },
      ],
    },
    bill: { minimum: 1n * shilling, bands: [{ upTo: 250_000n * shilling, flat: 0n }] },
    airtime: { minimum: 5n * shilling, bands: [{ upTo: 250_000n * shilling, flat: 0n }] },
  },
  tiers: {
    basic: { perTransaction: 50_000n * shilling, perDay: 100_000n * shilling, balance: 100_000n * shilling },
    standard: { perTransaction: 250_000n * shilling, perDay: 500_000n * shilling, balance: 500_000n * shilling },
    restricted: { perTransaction: 1_000n * shilling, perDay: 2_000n * shilling, balance: null },
  },
}
