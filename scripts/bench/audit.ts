import { makeConfirmTransfer } from '../../src/ledger/confirm.ts'
import { holdTransfers } from '../../src/ledger/hold.ts'
import { type AuditEvent, makeAudit } from '../../src/security/audit.ts'
import { makeLogSigner } from '../../src/security/audit-log/checkpoint.ts'
import { makeSealLeaf } from '../../src/security/audit-log/leaf.ts'
import { sequenceAll, sequenceNew } from '../../src/security/audit-log/sequence.ts'
import { makeKey } from '../../src/security/keys.ts'
import { type LedgerBench, openLedgerBench } from './ledger-world.ts'
import { median } from './load.ts'

const RATE_AIM = 10_000
const CONFIRM_AIM = 1.5
const ROUNDS = 5
const EVENTS = 20_000
const WRITE_BATCH = 200
const CONFIRMS = 200

/**
 * Events a second that become leaves under a signed checkpoint, beside the plain INSERT of the same rows, in turns; and confirms of
 * transfers with their audit rows, beside the same without.
 */
export async function benchAudit(): Promise<boolean> {
  process.stdout.write(`bench audit: ${ROUNDS} rounds of ${EVENTS} events, fsync on\n`)
  const bench = await openLedgerBench()
  try {
    const key = makeKey(Buffer.alloc(32, 2))
    const audit = makeAudit(key, bench.sealer)
    const services = { database: bench.app, signer: makeLogSigner(key, 'bench/audit'), sealLeaf: makeSealLeaf(key) }
    await sequenceNew(services)
    await sequenceAll(services, null)
    const rates: number[] = []
    const ratios: number[] = []
    const confirms: number[] = []
    for (let round = 0; round < ROUNDS; round += 1) {
      const insertMs = await timed(async () => {
        for (let at = 0; at < EVENTS; at += WRITE_BATCH) await audit.recordAll(bench.app, events(WRITE_BATCH))
      })
      const sequenceMs = await timed(async () => {
        for (let more = true; more; ) {
          const done = await sequenceNew(services)
          more = done.kind === 'done' && done.more
        }
      })
      const { withMs, withoutMs } = await confirmBoth(bench, audit)
      rates.push((EVENTS / sequenceMs) * 1_000)
      ratios.push(insertMs / sequenceMs)
      confirms.push(withMs / withoutMs)
      process.stdout.write(
        `  inserted ${perSecond(insertMs)}/s  sequenced ${perSecond(sequenceMs)}/s` +
          `  confirm ${withMs.toFixed(2)} ms, without its audit row ${withoutMs.toFixed(2)} ms\n`,
      )
    }
    const [rate, confirm] = [median(rates), median(confirms)]
    process.stdout.write(
      `sequenced ${rate.toFixed(0)}/s (aim ${RATE_AIM}), ${median(ratios).toFixed(2)} times as fast as the rows are inserted: ${rate >= RATE_AIM ? 'met' : 'NOT met'}\n` +
        `a confirm with its audit row ${confirm.toFixed(2)} of one without (aim ${CONFIRM_AIM}): ${confirm <= CONFIRM_AIM ? 'met' : 'NOT met'}\n`,
    )
    return rate >= RATE_AIM && confirm <= CONFIRM_AIM
  } finally {
    await bench.close()
  }
}

function events(count: number): AuditEvent[] {
  return Array.from({ length: count }, (_, n) => ({
    actor: { kind: 'subscriber', id: '018f0000-0000-7000-8000-000000000001' },
    action: 'transfer.confirmed',
    subject: `subject-${n}`,
    payload: { kind: 'send', amount: '20000', fee: '700', currency: 'KES' },
  }))
}

/** One after another, in turns, so that whatever else the machine does meets both. */
async function confirmBoth(
  { app, sealer, confirmations }: LedgerBench,
  audit: ReturnType<typeof makeAudit>,
): Promise<{ withMs: number; withoutMs: number }> {
  const confirm = makeConfirmTransfer(app, sealer, audit)
  const [withMs, withoutMs]: [number[], number[]] = [[], []]
  for (const confirmation of confirmations(CONFIRMS)) {
    withMs.push(await timed(() => confirm({ ...confirmation, by: confirmation.quote.payerId })))
    const [other] = confirmations(1)
    if (other !== undefined)
      withoutMs.push(await timed(() => app.transaction((tx) => holdTransfers(tx, sealer, [other]))))
  }
  return { withMs: median(withMs), withoutMs: median(withoutMs) }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const fromMs = performance.now()
  await work()
  return performance.now() - fromMs
}

const perSecond = (ms: number): string => ((EVENTS / ms) * 1_000).toFixed(0).padStart(6)
