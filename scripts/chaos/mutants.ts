import type { FaultKind } from './plan.ts'

/** Text that must stand exactly once, and what is put in its place. */
export type Change = { readonly find: string; readonly replace: string }

/** A fault planted on purpose: the harness is worth something because it finds each of these. */
export type Mutant = {
  readonly name: string
  readonly what: string
  /** The invariants of which one must be found broken. */
  readonly breaks: readonly string[]
  /** What it takes to show; the kinds of an ordinary run. */
  readonly faults: readonly FaultKind[]
  readonly seconds: number
  /** In a function of the run's own database, as `pg_get_functiondef` has it. */
  readonly functions?: readonly (Change & { readonly name: string })[]
  /** Run in it as its owner. */
  readonly sql?: readonly string[]
  /** In a copy of `src` and `menus`. */
  readonly files?: readonly (Change & { readonly path: string })[]
}

export const mutants: readonly Mutant[] = [
  {
    name: 'settled-twice',
    what: 'nobody asks if a transfer was settled before, and its balances move again',
    breaks: ['I2'],
    // A Redis that is wiped forgets the job that would run a second time.
    faults: ['worker killed after its commit'],
    seconds: 25,
    functions: [
      {
        name: 'ledger_post',
        find: `    outcome := 'already';\n`,
        replace: `    UPDATE account SET debits = debits + v.amount WHERE id = v.payer_account;
    UPDATE account SET credits = credits + v.amount WHERE id = v.payee_account;
    outcome := 'already';\n`,
      },
    ],
    files: [
      {
        path: 'src/settlement/settle-transfer.ts',
        find: `    case 'REVIEW':\n    case 'SETTLED':\n`,
        replace: `    case 'SETTLED':\n      return settleOnLedger(services, transfer)\n    case 'REVIEW':\n`,
      },
    ],
  },
  {
    name: 'hold-released-on-timeout',
    what: 'a biller that does not answer in time counts as one that refused',
    breaks: ['I7'],
    faults: ['biller slow', 'biller silent', 'biller errs after success'],
    seconds: 15,
    functions: [
      {
        name: 'ledger_wait',
        find: `  UPDATE transfer t SET state = CASE`,
        replace: `  IF p_state = 'IN_DOUBT' THEN
    PERFORM ledger_release_hold(p_id, 'voided');
    UPDATE transfer t SET state = 'REJECTED', version = t.version + 1, next_attempt_at = NULL, ring_at = NULL WHERE t.id = p_id;
    RETURN true;
  END IF;
  UPDATE transfer t SET state = CASE`,
      },
    ],
  },
  {
    name: 'posted-twice',
    what: 'each transfer is posted under two journals',
    breaks: ['I5'],
    faults: [],
    seconds: 8,
    functions: [
      {
        name: 'ledger_post',
        find: `  PERFORM ledger_write_entries(p_id, v.currency, v_debits, v_credits, v_amounts);\n`,
        replace: `  PERFORM ledger_write_entries(p_id, v.currency, v_debits, v_credits, v_amounts);
  INSERT INTO journal (id, kind, reference, business_day) VALUES (md5(p_id::text)::uuid, v.kind, v.reference || '2', v.business_day);
  PERFORM ledger_write_entries(md5(p_id::text)::uuid, v.currency, v_debits, v_credits, v_amounts);\n`,
      },
    ],
  },
  {
    name: 'balance-without-entry',
    what: 'fees change balances and leave no entry',
    breaks: ['I2'],
    faults: [],
    seconds: 8,
    functions: [
      {
        name: 'ledger_write_entries',
        find: `    INSERT INTO entry (`,
        replace: `    CONTINUE WHEN n > 1;\n    INSERT INTO entry (`,
      },
    ],
  },
  {
    name: 'state-goes-back',
    what: 'a bill in doubt is held again, as if it had never been submitted',
    breaks: ['I4'],
    faults: ['biller in doubt', 'biller silent', 'biller undecided'],
    seconds: 12,
    functions: [
      {
        name: 'ledger_guard_transfer',
        find: `IF NOT EXISTS (SELECT FROM transfer_edge`,
        replace: `IF false AND NOT EXISTS (SELECT FROM transfer_edge`,
      },
      { name: 'ledger_wait', find: `ELSE p_state END`, replace: `ELSE 'HELD' END` },
    ],
  },
  {
    name: 'nothing-refused',
    what: 'who has not got the money may pay all the same',
    breaks: ['I3'],
    faults: [],
    seconds: 15,
    functions: [
      {
        name: 'ledger_ruling',
        find: `WHEN p_total > payer.available THEN 'insufficient'`,
        replace: `WHEN false THEN 'insufficient'`,
      },
    ],
    sql: ['ALTER TABLE account DROP CONSTRAINT account_never_overdrawn'],
  },
  {
    name: 'never-rung-again',
    what: 'the sweeper finds nothing, so a lost job is lost',
    breaks: ['I4'],
    faults: ['Redis wiped', 'gateway killed after the confirm', 'Redis killed', 'biller silent'],
    seconds: 15,
    functions: [{ name: 'ledger_take_due', find: `d.ring_at <= now()`, replace: `false` }],
  },
  {
    name: 'biller-paid-again',
    what: 'a biller that has not answered is paid again instead of asked',
    breaks: ['I7'],
    faults: ['biller slow', 'biller silent', 'biller errs after success'],
    seconds: 15,
    files: [
      {
        path: 'src/settlement/settle-transfer.ts',
        find: `await call(services, asked, 'query')`,
        replace: `await call(services, asked, 'pay')`,
      },
    ],
  },
  {
    name: 'receipt-after-commit',
    what: 'receipts are written after the commit of what they report',
    breaks: ['I6'],
    faults: ['worker killed after its commit'],
    seconds: 12,
    files: [
      {
        path: 'src/settlement/settle-transfer.ts',
        find: `  return { outcome: { kind: 'moved', to: 'SETTLED' }, sms: await services.receipts.settled(tx, facts) }`,
        replace: `  setTimeout(() => void services.receipts.settled(services.database, facts).catch(() => undefined), 200)
  return { outcome: { kind: 'moved', to: 'SETTLED' }, sms: [] }`,
      },
    ],
  },
  {
    name: 'pin-counted-late',
    what: 'a PIN attempt is counted after its hash is computed',
    breaks: ['PIN'],
    faults: [],
    seconds: 10,
    files: [
      {
        path: 'src/subscribers/pin-guard.ts',
        find: `counting = CASE WHEN locked_until IS NULL THEN counting + 1 ELSE 1 END`,
        replace: `counting = CASE WHEN locked_until IS NULL THEN counting ELSE 0 END`,
      },
      {
        path: 'src/subscribers/pin-guard.ts',
        find: `UPDATE pin_guard SET wrong = wrong + 1 WHERE`,
        replace: `UPDATE pin_guard SET wrong = wrong + 1, counting = least(3, counting + 1), forgiven = greatest(forgiven, wrong - 2),
        locked_until = CASE WHEN counting + 1 >= 3 THEN now() + interval '15 minutes' ELSE locked_until END WHERE`,
      },
      {
        path: 'src/subscribers/pin-guard.ts',
        find: `counting = counting - 1 - greatest(0, $3 - forgiven)`,
        replace: `counting = counting - greatest(0, $3 - forgiven)`,
      },
    ],
  },
  {
    name: 'pin-in-log',
    what: 'what was typed is written to the log',
    breaks: ['I9'],
    faults: [],
    seconds: 8,
    files: [
      {
        path: 'src/aggregators/africastalking/ussd.ts',
        find: `  if (text === null) return bad(`,
        replace: `  process.stdout.write(\`\${JSON.stringify({ text })}\\n\`)\n  if (text === null) return bad(`,
      },
    ],
  },
  {
    name: 'sms-sent-again',
    what: 'a message of which nobody knows if the network took it is sent again',
    breaks: ['I6'],
    faults: ['SMPP answers lost', 'SMPP links cut', 'SMPP links half dead'],
    seconds: 25,
    files: [
      {
        path: 'src/sms/deliver.ts',
        find: `      return settleUnknown(services, id, row, attempts, outcome.cause, outcome.providerIds)`,
        replace: `      return refuse(services, id, attempts, link, 'no answer', false).then(() => postpone(services, id, attempts, 'no answer'))`,
      },
    ],
  },
  {
    name: 'told-before-it-is',
    what: 'the last screen says "Sent" of what is only held',
    breaks: ['I6'],
    faults: ['worker killed before its commit', 'worker frozen past its lock', 'Redis wiped', 'biller silent'],
    seconds: 15,
    files: [
      {
        path: 'src/actions/transfer.ts',
        find: `    default:\n      return 'processing'`,
        replace: `    default:\n      return 'settled'`,
      },
    ],
  },
  {
    name: 'confirm-not-recorded',
    what: 'a confirm leaves no audit record',
    breaks: ['I8'],
    faults: [],
    seconds: 8,
    files: [
      {
        path: 'src/actions/transfer.ts',
        find: `      await audit.record(tx, { actor, action: 'transfer.confirmed'`,
        replace: `      if (quote.fee > 0n) await audit.record(tx, { actor, action: 'transfer.confirmed'`,
      },
    ],
  },
]
