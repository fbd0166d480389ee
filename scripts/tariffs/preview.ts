import { type Currency, formatAmount } from '../../src/domain/money.ts'
import {
  bandsFor,
  type Charge,
  type Circumstances,
  chargeOf,
  limitNames,
  type MarketTariff,
  receivedOf,
  type ServiceKind,
  serviceKinds,
} from '../../src/ledger/tariff.ts'

export type PreviewOptions = {
  readonly currency: Currency
  /** Minor units; empty: where the bands of either version end. */
  readonly amounts: readonly bigint[]
  /** Empty: all that either version has. */
  readonly kinds: readonly ServiceKind[]
  readonly tier: string | null
}

const MARK = '*'

/** What `then` would change of `now` (null: nothing is in force): a table of costs and one of limits, changed lines marked. */
export function previewTariff(now: MarketTariff | null, then: MarketTariff, options: PreviewOptions): string {
  const { currency, tier } = options
  const words = (amount: bigint | null | undefined): string =>
    amount == null ? '-' : formatAmount({ amount, currency })
  const whose = tier === null ? '' : `, tier ${tier}`
  const names = [now?.version ?? 'nothing', then.version] as const
  const circumstances: Circumstances = tier === null ? {} : { tier }
  const services = serviceKinds
    .filter((kind) => options.kinds.length === 0 || options.kinds.includes(kind))
    .filter((kind) => now?.services[kind] !== undefined || then.services[kind] !== undefined)
    .map((kind) => {
      const sides = [now, then] as const
      const amounts = options.amounts.length > 0 ? options.amounts : endsOf(sides, kind, circumstances)
      const rows = amounts.map((amount) => [
        words(amount),
        ...sides.map((side) => costIn(side, kind, amount, circumstances, words)),
      ])
      const least = sides.map((side) => words(side?.services[kind]?.minimum))
      return table(`${kind}${whose} (${currency})`, names, [['least', ...least], ...rows])
    })
  const tiers = [...new Set([now, then].flatMap((side) => Object.keys(side?.tiers ?? {})))].sort()
  const limits = tiers.flatMap((one) =>
    limitNames
      .map((name) => [`${one} ${inFile(name)}`, ...[now, then].map((side) => words(side?.tiers[one]?.[name]))])
      .filter(([, ...sides]) => sides.some((side) => side !== '-')),
  )
  const from = `${then.version} takes effect at ${new Date(then.effectiveFrom).toISOString()}.`
  return [from, ...services, table(`limits (${currency})`, names, limits), `${MARK} changes`].join('\n\n')
}

/** What the payer pays beside the amount, and what a payee who pays is left with. */
function costIn(
  tariff: MarketTariff | null,
  kind: ServiceKind,
  amount: bigint,
  circumstances: Circumstances,
  words: (amount: bigint) => string,
): string {
  if (amount < (tariff?.services[kind]?.minimum ?? 0n)) return '-'
  const charge: Charge | null = tariff === null ? null : chargeOf(tariff, kind, amount, circumstances)
  if (charge === null) return '-'
  const parts = charge.legs
    .filter(({ what }) => what === 'tax' || what === 'levy')
    .map(({ code, amount }) => `${code} ${words(amount)}`)
  const received = receivedOf(charge, amount)
  if (received < amount) parts.push(`payee gets ${words(received)}`)
  return parts.length === 0 ? words(charge.fee) : `${words(charge.fee)} (${parts.join(', ')})`
}

function endsOf(sides: readonly (MarketTariff | null)[], kind: ServiceKind, circumstances: Circumstances): bigint[] {
  const ends = sides.flatMap((side) => {
    const service = side?.services[kind]
    return service === undefined ? [] : bandsFor(service, circumstances).map(({ upTo }) => upTo)
  })
  return [...new Set(ends)].sort((a, b) => (a < b ? -1 : 1))
}

function table(title: string, names: readonly [string, string], rows: readonly string[][]): string {
  const all = [[title, ...names], ...rows]
  const width = (column: number): number => Math.max(...all.map((row) => (row[column] ?? '').length))
  const widths = [width(0), width(1), width(2)]
  return all
    .map(([name = '', before = '', after = ''], n) => {
      const cells = [name.padEnd(widths[0] ?? 0), before.padEnd(widths[1] ?? 0), after.padEnd(widths[2] ?? 0)]
      const mark = n > 0 && before !== after ? MARK : ''
      return `${cells.join('  ')} ${mark}`.trimEnd()
    })
    .join('\n')
}

/** As the file writes it: `receive_per_day`. */
function inFile(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
