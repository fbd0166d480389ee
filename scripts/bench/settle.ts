import { Redis } from 'ioredis'
import { ownLedger } from '../../src/account-providers/own-ledger.ts'
import { makeConfirmTransfer } from '../../src/ledger/confirm.ts'
import type { Confirmation } from '../../src/ledger/hold.ts'
import { makeAudit } from '../../src/security/audit.ts'
import { makeKey } from '../../src/security/keys.ts'
import { makeBreakers } from '../../src/settlement/breakers.ts'
import { defaultPatience } from '../../src/settlement/patience.ts'
import { openSettlement } from '../../src/settlement/queue.ts'
import type { SettleServices } from '../../src/settlement/settle-transfer.ts'
import { startSettlementWorkers } from '../../src/settlement/worker.ts'
import { enqueueSms } from '../../src/sms/outbox.ts'
import { makeReceipts } from '../../src/sms/receipts.ts'
import type { Events } from '../../src/telemetry/events.ts'
import { type CpuTimes, cpuBetween, openCpuMeter } from './cpu.ts'
import { type LedgerBench, openLedgerBench } from './ledger-world.ts'
import { median } from './load.ts'

const AIM = 4
const ROUNDS = 5
const COUNT = 2_000
const BASELINE_COUNT = 400
/** Sessions that confirm at the same time. */
const CALLERS = 256
const BASELINE_CONNECTIONS = 8
const TEXT = 'You sent KES 200.00 to Person N. Fee KES 7.00. Balance KES 249,793.00. Reference QX7T2M4K9A.'

/**
 * From the confirm's commit (hold and audit row) through BullMQ to settled with both receipts in the outbox: transfers a second, beside the
 * same work as one transaction for each confirm and one for each settlement, in turns. Bell, worker and callers share this process.
 */
export async function benchSettle({ size }: { readonly size: number }): Promise<boolean> {
  process.stdout.write(
    `bench settle: ${ROUNDS} rounds of ${COUNT} transfers, ${CALLERS} confirms at a time, ${size} journals present\n`,
  )
  const bench = await openLedgerBench()
  try {
    await bench.fill(size)
    const meter = await openCpuMeter(bench.owner, await redisPidOf(bench))
    const path = openPath(bench)
    await path.run(bench.confirmations(500))
    const [ratios, cpuRatios]: [number[], number[]] = [[], []]
    for (let round = 0; round < ROUNDS; round += 1) {
      const from = meter?.()
      const baseline = await runBaseline(bench)
      const between = meter?.()
      const confirmations = bench.confirmations(COUNT)
      const fromOurs = meter?.()
      const { perSecond, p50Ms, confirmShare } = await path.run(confirmations)
      const until = meter?.()
      ratios.push(perSecond / baseline)
      process.stdout.write(
        `  baseline ${baseline.toFixed(0).padStart(5)}/s  nyota ${perSecond.toFixed(0).padStart(5)}/s  p50 ${p50Ms.toFixed(0)} ms` +
          `  of it until held ${(confirmShare * 100).toFixed(0)} %\n`,
      )
      if (from === undefined || between === undefined || fromOurs === undefined || until === undefined) continue
      const theirs = cpuOf(cpuBetween(from, between), BASELINE_COUNT)
      const ours = cpuOf(cpuBetween(fromOurs, until), COUNT)
      cpuRatios.push(theirs.us / ours.us)
      process.stdout.write(`    CPU a transfer: baseline ${theirs.text}; nyota ${ours.text}\n`)
    }
    await path.close()
    const ratio = median(ratios)
    process.stdout.write(`median ratio ${ratio.toFixed(2)} (aim ${AIM}): ${ratio >= AIM ? 'met' : 'NOT met'}\n`)
    if (cpuRatios.length > 0) process.stdout.write(`median ratio by CPU time ${median(cpuRatios).toFixed(2)}\n`)
    return ratio >= AIM
  } finally {
    await bench.close()
  }
}

async function redisPidOf({ world }: LedgerBench): Promise<number | null> {
  const redis = new Redis(world.redisUrl)
  const found = /process_id:(\d+)/.exec(await redis.info('server'))
  redis.disconnect()
  return found === null ? null : Number(found[1])
}

function cpuOf({ own, postgres, redis }: CpuTimes, count: number): { readonly us: number; readonly text: string } {
  const each = (us: number): string => (us / count).toFixed(0)
  const us = own + postgres + redis
  const parts = `this process ${each(own)}, PostgreSQL ${each(postgres)}, Redis ${each(redis)}`
  return { us: us / count, text: `${each(us)} us (${parts})` }
}

type Run = { readonly perSecond: number; readonly p50Ms: number; readonly confirmShare: number }

function openPath({ app, sealer, world }: LedgerBench) {
  const store = { redisUrl: world.redisUrl, prefix: 'bench-settle' }
  const fail = (error: unknown): never => {
    throw error
  }
  const ended = new Map<string, () => void>()
  const quiet: Partial<Events> = {
    transferMoved: ({ id }) => ended.get(id)?.(),
    settlementFailed: ({ error }) => fail(error),
    connectionLost: ({ error }) => fail(error),
  }
  const events = quiet as Events
  const services: Omit<SettleServices, 'announce'> = {
    ...{ database: app, sealer, provider: ownLedger, billers: new Map(), events, patience: defaultPatience },
    receipts: makeReceipts({
      ...{ sealer, nameOfBiller: (id) => id, lowBalance: { standard: 10_000n } },
      messages: () => ({ render: () => TEXT }),
      quiet: { hours: null, timeZone: 'Africa/Nairobi', now: Date.now },
    }),
    smsBell: { ring: () => undefined },
    breakers: makeBreakers({ database: app, events }),
  }
  const confirm = makeConfirmTransfer(app, sealer, makeAudit(makeKey(Buffer.alloc(32, 2)), sealer))
  const settlement = openSettlement({ store, database: app, billers: [], onError: fail })
  const workers = startSettlementWorkers({ store, services, events })
  return {
    async run(confirmations: readonly Confirmation[]): Promise<Run> {
      const latencies: number[] = []
      let [next, confirmMs] = [0, 0]
      const fromMs = performance.now()
      await Promise.all(
        Array.from({ length: CALLERS }, async () => {
          for (let one = confirmations[next++]; one !== undefined; one = confirmations[next++]) {
            const { quote } = one
            const end = new Promise<void>((resolve) => ended.set(quote.id, resolve))
            const askedMs = performance.now()
            const held = await confirm({ ...one, by: quote.payerId })
            if (held.kind !== 'held') throw new Error(`not held: ${held.kind}`)
            confirmMs += performance.now() - askedMs
            settlement.ring({ id: quote.id, version: held.version, biller: null })
            await end
            ended.delete(quote.id)
            latencies.push(performance.now() - askedMs)
          }
        }),
      )
      const all = latencies.reduce((sum, ms) => sum + ms, 0)
      return {
        perSecond: (confirmations.length * 1_000) / (performance.now() - fromMs),
        p50Ms: median(latencies),
        confirmShare: confirmMs / all,
      }
    },
    async close(): Promise<void> {
      await workers.close()
      await settlement.close()
    },
  }
}

/** No queue: whoever confirms posts as well, so that it is as fast as one by one can be. */
async function runBaseline({ app, owner, sealer, confirmations }: LedgerBench): Promise<number> {
  const { rows } = await owner.query<{ fee: string; tax: string }>(
    `SELECT (SELECT id FROM account WHERE kind = 'fee_income') AS fee, (SELECT id FROM account WHERE kind = 'tax_payable') AS tax`,
  )
  const { fee, tax } = rows[0] as { fee: string; tax: string }
  const audit = makeAudit(makeKey(Buffer.alloc(32, 2)), sealer)
  const quotes = confirmations(BASELINE_COUNT).map(({ quote }) => quote)
  let next = 0
  const fromMs = performance.now()
  await Promise.all(
    Array.from({ length: BASELINE_CONNECTIONS }, async () => {
      for (let quote = quotes[next++]; quote !== undefined; quote = quotes[next++]) {
        const { id, payerId, payerAccount, payeeAccount, amount } = quote
        const values = [id, id, payerAccount, payeeAccount, amount, quote.fee, quote.tax]
        await app.transaction(async (tx) => {
          await tx.query({ name: 'baseline-hold', text: 'SELECT baseline.hold($1, $2, $3, $4, $5, $6, $7)', values })
          const payload = { kind: quote.kind, amount, fee: quote.fee, currency: quote.currency }
          const actor = { kind: 'subscriber', id: payerId } as const
          await audit.record(tx, { actor, action: 'transfer.confirmed', subject: id, payload })
        })
        await app.transaction(async (tx) => {
          await tx.query({ name: 'baseline-post', text: 'SELECT baseline.post($1, $2, $3)', values: [id, fee, tax] })
          for (const party of ['payer', 'payee'] as const) {
            const number = '+254710000000' as Parameters<typeof enqueueSms>[2]['to']
            const to = {
              factKey: `${id}:${party}`,
              subscriberId: payerId,
              to: number,
              priority: 'receipt',
              expiresAt: null,
            } as const
            await enqueueSms(tx, sealer, { ...to, body: { kind: 'text', text: TEXT } })
          }
        })
      }
    }),
  )
  return (BASELINE_COUNT * 1_000) / (performance.now() - fromMs)
}
