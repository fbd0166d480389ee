import { z } from 'zod'
import { type Currency, parseMoney } from '../domain/money.ts'
import { type Band, type Duty, type MarketTariff, type Rate, type Service, serviceKinds } from './tariff.ts'

/**
 * The form of one version in a tariff file, every scalar still a text (YAML's failsafe schema), so that no amount is ever a float. Amounts
 * are in units of the currency, as people write them.
 */
export function tariffSchema(market: string, currency: Currency): z.ZodType<Omit<MarketTariff, 'version'>, unknown> {
  const money = z.string('must be an amount such as 1250 or 11.30').transform((text, context) => {
    const amount = parseMoney(text, currency)
    if (amount !== null) return amount
    context.issues.push({ code: 'custom', message: `must be an amount in ${currency}, such as 1250`, input: text })
    return z.NEVER
  })
  const above = money.refine((amount) => amount > 0n, 'must be more than 0')
  const rate = {
    flat: money.optional(),
    rate: percentage.optional(),
    at_least: money.optional(),
    at_most: money.optional(),
  }
  const bands = z
    .array(
      z.strictObject({ to: above, ...rate }).transform((band): Band => ({ upTo: band.to, ...rateOf(band) })),
      LIST,
    )
    .min(1, 'needs at least one band')
  const service = z
    .strictObject(
      {
        least: above,
        fee_from: payers.default('payer'),
        bands,
        others: z
          .array(
            z
              .strictObject({ tier: name.optional(), network: name.optional(), bands })
              .transform(({ tier = null, network = null, bands }) => ({ tier, network, bands })),
            LIST,
          )
          .default([]),
      },
      MAP,
    )
    .transform(({ least, fee_from, ...rest }): Service => ({ minimum: least, feeFrom: fee_from, ...rest }))
  const exempt = z.array(kind, LIST).default([])
  const tax = z.strictObject(
    { on: z.literal('fee'), name: z.string().max(20, LONG), rate: percentage, included: yesOrNo, exempt },
    MAP,
  )
  const levy = z.strictObject(
    {
      ...{ on: z.literal('amount'), name: z.string().max(20, LONG), exempt, paid_by: payers.default('payer') },
      ...{ above_per_day: above.optional(), ...rate },
      bands: z.array(z.strictObject({ to: above.optional(), ...rate }), LIST).optional(),
    },
    MAP,
  )
  const limits = z
    .strictObject(
      {
        ...{ per_transaction: above, per_day: above, per_month: above, balance: above },
        ...{ receive_per_day: above, receive_per_month: above },
      },
      MAP,
    )
    .partial()
    .transform((found) => ({
      ...{ perTransaction: found.per_transaction ?? null, perDay: found.per_day ?? null },
      ...{ perMonth: found.per_month ?? null, balance: found.balance ?? null },
      ...{ receivePerDay: found.receive_per_day ?? null, receivePerMonth: found.receive_per_month ?? null },
    }))
  return z
    .strictObject(
      {
        from: z
          .string()
          .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?([+-]\d\d:\d\d|Z)$/, WHEN)
          .refine((text) => !Number.isNaN(Date.parse(text)), WHEN),
        services: z.strictObject(
          {
            ...{ send: service, bill: service },
            ...Object.fromEntries(optionalKinds.map((one) => [one, service.optional()])),
          },
          MAP,
        ),
        duties: z.record(code, z.discriminatedUnion('on', [tax, levy], 'needs on: fee or on: amount')).default({}),
        tiers: z.record(name, limits, MAP),
      },
      MAP,
    )
    .transform(({ from, services, duties, tiers }, context): Omit<MarketTariff, 'version'> => {
      const { restricted } = tiers
      if (restricted === undefined) {
        context.issues.push({ code: 'custom', path: ['tiers', 'restricted'], message: 'is missing', input: tiers })
        return z.NEVER
      }
      const sorted = Object.entries(duties).sort(([a], [b]) => (a < b ? -1 : 1))
      return {
        ...{ market, effectiveFrom: from, services: withLinked(services as MarketTariff['services']) },
        duties: sorted.map(([code, duty]): Duty => {
          if (duty.on === 'fee')
            return {
              base: 'fee',
              code,
              name: duty.name,
              exempt: duty.exempt,
              rateBp: duty.rate,
              included: duty.included,
            }
          const { name, exempt, paid_by: paidBy, above_per_day: abovePerDay = null, bands, ...rest } = duty
          const all = bands ?? [rest]
          return {
            ...{ base: 'amount', code, name, exempt, paidBy, abovePerDay },
            bands: all.map((band) => ({ upTo: 'to' in band ? (band.to ?? null) : null, ...rateOf(band) })),
          }
        }),
        tiers: { ...tiers, restricted },
      }
    })
}

/** Money from and to accounts at other providers is free, from the least that can be sent, where a tariff does not say otherwise. */
function withLinked(services: MarketTariff['services']): MarketTariff['services'] {
  const { minimum, bands } = services.send
  const most = bands.reduce((all, { upTo }) => (upTo > all ? upTo : all), 0n)
  const free: Service = { minimum, feeFrom: 'payer', bands: [{ upTo: most, flat: 0n }], others: [] }
  return { collect: free, disburse: free, ...services }
}

const MAP = 'must be a map of its fields'
const LIST = 'must be a list'
const LONG = 'must be at most 20 characters, since it stands on statements'
const WHEN = 'must be a moment with its offset, such as 2025-07-01T00:00:00+03:00'
const NAME = 'must be small letters, digits and hyphens'

const optionalKinds = serviceKinds.filter((one) => one !== 'send' && one !== 'bill')
const kind = z.enum(serviceKinds, `must be one of ${serviceKinds.join(', ')}`)
const payers = z.enum(['payer', 'payee'], 'must be payer or payee')
const name = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,31}$/, NAME)
const code = z.string().regex(/^[a-z][a-z0-9-]{0,29}$/, NAME)
const yesOrNo = z.enum(['yes', 'no'], 'must be yes or no').transform((word) => word === 'yes')

/** To basis points. */
const percentage = z
  .string('must be a percentage such as 0.5%')
  .regex(/^\d{1,2}(\.\d{1,2})?%$|^100%$/, 'must be a percentage such as 0.5%, with two decimals at most')
  .transform((text) => {
    const [whole = '', fraction = ''] = text.slice(0, -1).split('.')
    return Number(whole + fraction.padEnd(2, '0'))
  })

type RateFields = {
  readonly flat?: bigint | undefined
  readonly rate?: number | undefined
  readonly at_least?: bigint | undefined
  readonly at_most?: bigint | undefined
}

function rateOf({ flat = 0n, rate, at_least, at_most }: RateFields): Rate {
  return {
    flat,
    ...(rate === undefined ? {} : { rateBp: rate }),
    ...(at_least === undefined ? {} : { atLeast: at_least }),
    ...(at_most === undefined ? {} : { atMost: at_most }),
  }
}
