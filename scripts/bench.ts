import { benchAudit } from './bench/audit.ts'
import { benchHop } from './bench/hop.ts'
import { benchLedger } from './bench/ledger.ts'
import { benchMenus } from './bench/menus.ts'
import { benchPin } from './bench/pin.ts'
import { benchSession } from './bench/session.ts'
import { benchSettle } from './bench/settle.ts'
import { benchSmpp } from './bench/smpp.ts'
import { benchSms } from './bench/sms.ts'
import { benchStep } from './bench/step.ts'

/** Each prints what it measured beside a baseline of the same run, and whether the aim is met. */
const benchmarks: Readonly<Record<string, (options: { readonly size: number }) => Promise<boolean>>> = {
  hop: benchHop,
  pin: benchPin,
  step: benchStep,
  session: benchSession,
  menus: benchMenus,
  smpp: benchSmpp,
  sms: benchSms,
  ledger: benchLedger,
  settle: benchSettle,
  audit: benchAudit,
}

const SIZE = 1_000_000

const HELP = `Measures speed as ratios against a baseline in the same run. Stores of its own in .data/bench.

  npm run bench            all of them
  npm run bench hop        hops per second beside an Express handler with one GET and one SET
  npm run bench pin        ordinary hops while PIN checks run at full capacity, beside the same without
  npm run bench step       one step of the menu engine, beside a session through JSON and back
  npm run bench session    bytes of Redis for a live session
  npm run bench menus      a thousand screens compiled, beside the yaml library parsing the same files
  npm run bench smpp       submits a second at windows 1, 10 and 100, with a peer that answers at once and one that takes 20 ms,
                           receipts and history kept, beside npm's smpp alone
  npm run bench sms        from the outbox row through the queue to its submit, beside BullMQ alone, and where the time goes
  npm run bench ledger     postings a second in batches, and a lone one's latency, beside a transaction for each; few journals and many
  npm run bench settle     from the confirm's commit through BullMQ to settled with receipts, beside transactions for each transfer
  npm run bench audit      events a second that become leaves of the audit log, beside the INSERT of the rows; confirms with and without
                           their audit rows

  --size 1000000           journals present in ledger and settle, put there by SQL
`

const args = process.argv.slice(2)
const at = args.indexOf('--size')
const size = at === -1 ? SIZE : Number(args.splice(at, 2)[1])
const [name, ...rest] = args
const chosen = name === undefined ? Object.values(benchmarks) : [benchmarks[name]]
if (name === '--help' || name === '-h') process.stdout.write(HELP)
else if (rest.length > 0 || chosen.includes(undefined)) {
  process.stderr.write(`There is no benchmark ${[name, ...rest].join(' ')}.\n\n${HELP}`)
  process.exitCode = 2
} else if (!Number.isInteger(size) || size < 10_000) {
  process.stderr.write('--size is a whole number of journals, 10000 or more.\n')
  process.exitCode = 2
} else {
  for (const run of chosen) if (run !== undefined && !(await run({ size }))) process.exitCode = 1
}
