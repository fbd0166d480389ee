import type { Market } from './market.ts'

/** Numbers, money and time of each country served, by `MARKET`. What a country charges and allows is in ledger/markets, as data. */
export const markets: ReadonlyMap<string, Market> = new Map(
  (
    [
      {
        code: 'KE',
        currency: 'KES',
        timeZone: 'Africa/Nairobi',
        numbering: { countryCode: '254', trunkPrefix: '0', nationalLength: 9, mobilePrefixes: ['7', '1'] },
      },
      {
        code: 'UG',
        currency: 'UGX',
        timeZone: 'Africa/Kampala',
        numbering: { countryCode: '256', trunkPrefix: '0', nationalLength: 9, mobilePrefixes: ['7', '39'] },
      },
      {
        code: 'GH',
        currency: 'GHS',
        timeZone: 'Africa/Accra',
        numbering: { countryCode: '233', trunkPrefix: '0', nationalLength: 9, mobilePrefixes: ['2', '5'] },
      },
    ] satisfies Market[]
  ).map((market) => [market.code, market]),
)
