import { type AirtimeSettings, makeAfricasTalkingAirtime } from './africastalking-airtime.ts'
import type { Biller } from './biller.ts'
import { type GsmaBillerSettings, makeGsmaBiller } from './gsma-biller.ts'
import { type HttpBillerSettings, makeHttpBiller } from './http-biller.ts'

/** Whom money is paid to: `BILLERS`, `PROVIDER_BILLERS` and `AIRTIME`. */
export type BillerSettings = {
  readonly billers: readonly HttpBillerSettings[]
  readonly providerBillers?: readonly GsmaBillerSettings[]
  readonly airtime: AirtimeSettings | null
}

/** All billers of the deployment by id, in the order of its settings; who sells airtime comes last. */
export function makeBillers({ billers, providerBillers = [], airtime }: BillerSettings): ReadonlyMap<string, Biller> {
  const all = [
    ...billers.map(makeHttpBiller),
    ...providerBillers.map(makeGsmaBiller),
    ...(airtime === null ? [] : [makeAfricasTalkingAirtime(airtime)]),
  ]
  return new Map(all.map((biller) => [biller.id, biller]))
}
