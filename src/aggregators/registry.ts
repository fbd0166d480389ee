import { africastalking } from './africastalking/callbacks.ts'
import type { Aggregator } from './aggregator.ts'
import { SMPP } from './smpp/ussd/dialogue.ts'

type AggregatorSettings = Parameters<typeof africastalking>[0]

/** Every partner that may call us, by the first part of its path. */
export function makeAggregators(settings: AggregatorSettings): ReadonlyMap<string, Aggregator> {
  return new Map([africastalking(settings)].map((aggregator) => [aggregator.name, aggregator]))
}

/** The names that a session's channel can have; menus may set limits for each. */
export const aggregatorNames: readonly string[] = [...makeAggregators({ serviceCodes: [] }).keys(), SMPP]
