import type { Biller } from './biller.ts'
import { type HttpBillerSettings, makeHttpBiller } from './http-biller.ts'

/** All billers of the deployment by id, in the order of its settings. */
export function makeBillers(settings: readonly HttpBillerSettings[]): ReadonlyMap<string, Biller> {
  return new Map(settings.map((biller) => [biller.id, makeHttpBiller(biller)]))
}
