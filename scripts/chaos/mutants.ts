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
        name: 'ledger_post_all',
        find: `  IF cardinality(v_other_ids) > 0 THEN\n`,
        replace: `  IF cardinality(v_other_ids) > 0 THEN
    UPDATE account a SET debits = a.debits + t.amount FROM transfer t WHERE t.id = ANY (v_other_ids) AND t.state = 'SETTLED' AND a.id = t.payer_account;
    UPDATE account a SET credits = a.credits + t.amount FROM transfer t WHERE t.id = ANY (v_other_ids) AND t.state = 'SETTLED' AND a.id = t.payee_account;\n`,
      },
      {
        name: 'ledger_post_one',
        find: `    outcome := CASE v.state WHEN 'REJECTED'`,
        replace: `    UPDATE account a SET debits = a.debits + t.amount FROM transfer t WHERE t.id = p_id AND t.state = 'SETTLED' AND a.id = t.payer_account;
    UPDATE account a SET credits = a.credits + t.amount FROM transfer t WHERE t.id = p_id AND t.state = 'SETTLED' AND a.id = t.payee_account;
    outcome := CASE v.state WHEN 'REJECTED'`,
      },
    ],
    files: [
      {
        path: 'src/settlement/settle-transfer.ts',
        find: `    case 'SETTLED':\n    case 'REJECTED':\n`,
        replace: `    case 'SETTLED':\n      return settleOnLedger(services, transfer, [])\n    case 'REJECTED':\n`,
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
        replace: `  IF p_state = 'IN_DOUBT' AND NOT EXISTS (SELECT FROM hold_resolution r WHERE r.transfer_id = p_id) THEN
    PERFORM ledger_lock_accounts(ARRAY[p_id]);
    INSERT INTO hold_resolution (transfer_id, outcome) VALUES (p_id, 'voided');
    PERFORM ledger_write_entries('{}', '{}', '{}', '{}', '{}', ARRAY(SELECT h.account_id FROM hold h WHERE h.transfer_id = p_id ORDER BY h.account_id),
      ARRAY(SELECT h.out_amount FROM hold h WHERE h.transfer_id = p_id ORDER BY h.account_id),
      ARRAY(SELECT h.in_amount FROM hold h WHERE h.transfer_id = p_id ORDER BY h.account_id));
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
        name: 'ledger_post_all',
        find: `  UPDATE transfer t SET state = 'SETTLED'`,
        replace: `  INSERT INTO journal (id, kind, reference, business_day, recorded_at)
  SELECT md5(j.id::text)::uuid, j.kind, j.reference || '2', j.business_day, v_now FROM journal j WHERE j.id = ANY (v_ids);
  PERFORM ledger_write_entries(ARRAY(SELECT md5(j.id::text)::uuid FROM unnest(v_journals) WITH ORDINALITY AS j (id, n) ORDER BY j.n),
                               v_legs, v_debits, v_credits, v_amounts, '{}', '{}', '{}');
  UPDATE transfer t SET state = 'SETTLED'`,
      },
      {
        name: 'ledger_post_one',
        find: `  d := array_position(v_accounts, v.payer_account);`,
        replace: `  INSERT INTO journal (id, kind, reference, business_day, recorded_at) VALUES (md5(p_id::text)::uuid, v.kind, v.reference || '2', v_day, at);
  PERFORM ledger_write_entries(ARRAY(SELECT md5(p_id::text)::uuid FROM unnest(v_legs)), v_legs, v_debits, v_credits, v_amounts, '{}', '{}', '{}');
  d := array_position(v_accounts, v.payer_account);`,
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
        find: `      FROM pair p ORDER BY p.n\n  ), moved`,
        replace: `      FROM pair p WHERE p_legs[p.n] = 1 ORDER BY p.n\n  ), moved`,
      },
      {
        name: 'ledger_post_one',
        find: `credit_seq, debit_balance, credit_balance)\n  ), moved`,
        replace: `credit_seq, debit_balance, credit_balance) WHERE e.leg = 1\n  ), moved`,
      },
    ],
  },
  {
    name: 'legs-moved-once',
    what: 'an account that several legs of a batch debit is debited for the largest of them only',
    breaks: ['I2'],
    faults: [],
    seconds: 8,
    functions: [
      { name: 'ledger_write_entries', find: `sum(x.debits) AS debits`, replace: `max(x.debits) AS debits` },
      {
        name: 'ledger_post_one',
        find: `v_moved_out[d] := v_moved_out[d] + v_amounts[n];`,
        replace: `v_moved_out[d] := greatest(v_moved_out[d], v_amounts[n]);`,
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
        name: 'ledger_record_moves',
        find: `IF NOT EXISTS (SELECT FROM transfer_edge e WHERE e.from_state = OLD.state AND e.to_state = NEW.state) THEN`,
        replace: `IF false THEN`,
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
        name: 'ledger_judge',
        find: `WHEN p_total > p_available THEN 'insufficient'`,
        replace: `WHEN false THEN 'insufficient'`,
      },
    ],
    sql: ['ALTER TABLE account DROP CONSTRAINT account_never_overdrawn'],
  },
  {
    name: 'never-rung-again',
    what: 'the sweeper finds nothing, so a lost job is lost',
    breaks: ['I4'],
    faults: ['Redis wiped', 'gateway killed after the confirm', 'biller silent', 'biller slow'],
    seconds: 20,
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
        find: `await ask(services, call, 'query', () => call.query(partnerReference))`,
        replace: `await ask(services, call, 'pay', () => call.pay())`,
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
        path: 'src/settlement/settle-on-ledger.ts',
        find: `    return { posted, sms: await receipts.settledAll(tx, posted) }`,
        replace: `    setTimeout(() => void receipts.settledAll(database, posted).catch(() => undefined), 200)
    return { posted, sms: [] }`,
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
    what: 'a confirm of what has no fee leaves no audit record',
    breaks: ['I8'],
    faults: [],
    seconds: 8,
    files: [
      {
        path: 'src/ledger/confirm.ts',
        find: `confirmed.filter((_, n) => outcomes[n]?.kind === 'held')`,
        replace: `confirmed.filter(({ quote }, n) => outcomes[n]?.kind === 'held' && quote.fee !== '0')`,
      },
    ],
  },
]
