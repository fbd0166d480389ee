import type { Market } from '../../src/domain/market.ts'
import { markets } from '../../src/domain/markets.ts'
import { shippedTariffs } from '../../src/ledger/shipped-tariffs.ts'
import type { MarketTariff } from '../../src/ledger/tariff.ts'

export function marketOf(code: string): Market {
  const market = markets.get(code)
  if (market === undefined) throw new Error(`no market ${code}`)
  return market
}

/** The last of those that come with the program. */
function latest(code: string): MarketTariff {
  const tariff = shippedTariffs(marketOf(code)).at(-1)
  if (tariff === undefined) throw new Error(`no tariff of ${code}`)
  return tariff
}

export const kenya: MarketTariff = latest('KE')
export const uganda: MarketTariff = latest('UG')
export const ghana: MarketTariff = latest('GH')
