import type { Confirmation } from '../../src/ledger/hold.ts'
import { holdTransfers } from '../../src/ledger/hold.ts'
import { postTransfer, postTransfers } from '../../src/ledger/post.ts'
import { openCpuMeter } from './cpu.ts'
import { type LedgerBench, openLedgerBench } from './ledger-world.ts'
import { median } from './load.ts'

const RATE_AIM = 10
const LONE_AIM = 1.3
const GROWTH_AIM = 1.3
const ROUNDS = 5
const BATCHES = [50, 200, 500, 1_000]
const BATCH = 500
const PER_ROUND = 3_000
const BASELINE_PER_ROUND = 600
const BASELINE_CONNECTIONS = 8
const LONE = 60
const SMALL = 10_000

/**
 * Postings a second in batches, beside a transaction for each transfer on eight connections, in turns; a lone posting's latency beside the
 * same; and the cost of a transfer, held and posted, with `size` journals present beside ten thousand.
 */
export async function benchLedger({ size }: { readonly size: number }): Promise<boolean> {
  process.stdout.write(
    `bench ledger: ${ROUNDS} rounds, three legs, one fee account, fsync on; ${SMALL} journals, then ${size}\n`,
  )
  const bench = await openLedgerBench()
  try {
    const houses = await housesOf(bench)
    const meter = await openCpuMeter(bench.owner, null)
    const postgresUs: PostgresUs = () => meter?.().postgres ?? 0
    await bench.fill(SMALL)
    await turn(bench, houses, postgresUs)
    const small: Turn[] = []
    for (let round = 0; round < ROUNDS; round += 1) small.push(await turn(bench, houses, postgresUs))
    for (const batch of BATCHES) {
      const { holdMs, postMs } = await inBatches(bench, 2 * Math.max(batch, 500), batch, postgresUs)
      process.stdout.write(
        `  batches of ${String(batch).padStart(4)}: ${perSecond(holdMs)} holds/s  ${perSecond(postMs)} postings/s\n`,
      )
    }
    process.stdout.write(`  filling ${size} journals by SQL\n`)
    await bench.fill(size)
    await turn(bench, houses, postgresUs)
    const large: Turn[] = []
    for (let round = 0; round < ROUNDS; round += 1) large.push(await turn(bench, houses, postgresUs))
    print(`${SMALL} journals`, small)
    print(`${size} journals`, large)
    return judge(small, large)
  } finally {
    await bench.close()
  }
}

/** What the database's processes have used so far; 0 where that cannot be known. */
type PostgresUs = () => number
type Houses = { readonly fee: string; readonly tax: string }
/** Milliseconds for one transfer, or for one call. */
type Turn = {
  readonly baselineMs: number
  readonly holdMs: number
  readonly postMs: number
  readonly loneMs: number
  readonly loneBaselineMs: number
  /** Of the database's CPU, for one posting and one hold. */
  readonly baselineUs: number
  readonly holdUs: number
  readonly postUs: number
}

async function housesOf({ owner }: LedgerBench): Promise<Houses> {
  const { rows } = await owner.query<Houses>(
    `SELECT (SELECT id FROM account WHERE kind = 'fee_income') AS fee, (SELECT id FROM account WHERE kind = 'tax_payable') AS tax`,
  )
  return rows[0] as Houses
}

async function turn(bench: LedgerBench, houses: Houses, postgresUs: PostgresUs): Promise<Turn> {
  const theirs = await baseline(bench, houses, postgresUs)
  return { ...theirs, ...(await inBatches(bench, PER_ROUND, BATCH, postgresUs)), ...(await lone(bench, houses)) }
}

async function baseline(
  bench: LedgerBench,
  houses: Houses,
  postgresUs: PostgresUs,
): Promise<Pick<Turn, 'baselineMs' | 'baselineUs'>> {
  const quotes = bench.confirmations(BASELINE_PER_ROUND).map(({ quote }) => quote)
  for (const quote of quotes) await holdBaseline(bench, quote)
  let next = 0
  const fromUs = postgresUs()
  const fromMs = performance.now()
  await Promise.all(
    Array.from({ length: BASELINE_CONNECTIONS }, async () => {
      for (let quote = quotes[next++]; quote !== undefined; quote = quotes[next++])
        await postBaseline(bench, houses, quote.id)
    }),
  )
  const baselineMs = (performance.now() - fromMs) / BASELINE_PER_ROUND
  return { baselineMs, baselineUs: (postgresUs() - fromUs) / BASELINE_PER_ROUND }
}

async function holdBaseline({ app }: LedgerBench, quote: Confirmation['quote']): Promise<void> {
  await app.query({
    name: 'baseline-hold',
    text: 'SELECT baseline.hold($1, $2, $3, $4, $5, $6, $7)',
    values: [quote.id, quote.id, quote.payerAccount, quote.payeeAccount, quote.amount, quote.fee, quote.tax],
  })
}

async function postBaseline({ app }: LedgerBench, { fee, tax }: Houses, id: string): Promise<void> {
  await app.query({ name: 'baseline-post', text: 'SELECT baseline.post($1, $2, $3)', values: [id, fee, tax] })
}

async function inBatches(
  bench: LedgerBench,
  count: number,
  batch: number,
  postgresUs: PostgresUs,
): Promise<Pick<Turn, 'holdMs' | 'postMs' | 'holdUs' | 'postUs'>> {
  const confirmations = bench.confirmations(count)
  const parts = Array.from({ length: Math.ceil(count / batch) }, (_, n) =>
    confirmations.slice(n * batch, (n + 1) * batch),
  )
  const fromUs = postgresUs()
  const fromMs = performance.now()
  for (const part of parts) await bench.app.transaction((tx) => holdTransfers(tx, bench.sealer, part))
  const heldMs = performance.now()
  const heldUs = postgresUs()
  for (const part of parts)
    await postTransfers(
      bench.app,
      part.map(({ quote }) => quote.id),
    )
  const postMs = (performance.now() - heldMs) / count
  const holdUs = (heldUs - fromUs) / count
  return { holdMs: (heldMs - fromMs) / count, postMs, holdUs, postUs: (postgresUs() - heldUs) / count }
}

/** In turns, call by call, so that whatever else the machine does meets both. */
async function lone(bench: LedgerBench, houses: Houses): Promise<{ loneMs: number; loneBaselineMs: number }> {
  const confirmations = bench.confirmations(2 * LONE)
  const [ours, theirs] = [confirmations.slice(0, LONE), confirmations.slice(LONE)]
  await bench.app.transaction((tx) => holdTransfers(tx, bench.sealer, ours))
  for (const { quote } of theirs) await holdBaseline(bench, quote)
  const [oursMs, theirsMs]: [number[], number[]] = [[], []]
  for (let n = 0; n < LONE; n += 1) {
    const [mine, other] = [ours[n], theirs[n]]
    if (mine === undefined || other === undefined) break
    theirsMs.push(await timed(() => postBaseline(bench, houses, other.quote.id)))
    oursMs.push(await timed(() => postTransfer(bench.app, mine.quote.id)))
  }
  return { loneMs: median(oursMs), loneBaselineMs: median(theirsMs) }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const fromMs = performance.now()
  await work()
  return performance.now() - fromMs
}

const perSecond = (ms: number): string => (1_000 / ms).toFixed(0).padStart(6)

function print(title: string, turns: readonly Turn[]): void {
  const of = (read: (turn: Turn) => number): number => median(turns.map(read))
  process.stdout.write(
    `${title}: baseline ${perSecond(of((turn) => turn.baselineMs))}/s  holds ${perSecond(of((turn) => turn.holdMs))}/s` +
      `  postings ${perSecond(of((turn) => turn.postMs))}/s` +
      `  alone ${of((turn) => turn.loneMs).toFixed(2)} ms, baseline ${of((turn) => turn.loneBaselineMs).toFixed(2)} ms\n` +
      `  CPU of the database: baseline ${of((turn) => turn.baselineUs).toFixed(0)} us a posting, in batches of ${BATCH} hold` +
      ` ${of((turn) => turn.holdUs).toFixed(0)} us, posting ${of((turn) => turn.postUs).toFixed(0)} us\n`,
  )
}

function judge(small: readonly Turn[], large: readonly Turn[]): boolean {
  const cost = (turns: readonly Turn[]): number => median(turns.map(({ holdMs, postMs }) => holdMs + postMs))
  const figures = [
    {
      name: 'postings, times the baseline',
      is: median(large.map((turn) => turn.baselineMs / turn.postMs)),
      aim: RATE_AIM,
      least: true,
    },
    {
      name: 'a lone call, of the baseline',
      is: median(large.map((turn) => turn.loneMs / turn.loneBaselineMs)),
      aim: LONE_AIM,
      least: false,
    },
    {
      name: 'cost of a transfer, of that with few journals',
      is: cost(large) / cost(small),
      aim: GROWTH_AIM,
      least: false,
    },
  ]
  let met = true
  for (const { name, is, aim, least } of figures) {
    const reached = least ? is >= aim : is <= aim
    met &&= reached
    process.stdout.write(`${name}: ${is.toFixed(2)} (aim ${aim}): ${reached ? 'met' : 'NOT met'}\n`)
  }
  const byCpu = (turns: readonly Turn[]): string =>
    median(turns.map((turn) => turn.baselineUs / turn.postUs)).toFixed(2)
  process.stdout.write(
    `postings by CPU time of the database, times the baseline: ${byCpu(small)}, ${byCpu(large)} with many journals\n`,
  )
  return met
}
