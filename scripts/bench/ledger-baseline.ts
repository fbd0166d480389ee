import type { Queryable } from '../../src/database/database.ts'

/**
 * What one would write first: a function for each transfer, called in a transaction of its own. It locks its account rows in the order of
 * their ids, and does the work of a posting: hold released, journal, three entries with numbers and running balances, balances, state,
 * history; holding likewise, and both receipts in the outbox. Foreign keys, unique ids and CHECKs keep the rules.
 */
export async function createBaseline(owner: Queryable): Promise<void> {
  await owner.query(SCHEMA)
}

const SCHEMA = `
CREATE SCHEMA baseline;
GRANT USAGE ON SCHEMA baseline TO PUBLIC;
CREATE TABLE baseline.account (
  id uuid PRIMARY KEY, floor bigint, debits bigint NOT NULL DEFAULT 0, credits bigint NOT NULL DEFAULT 0, held bigint NOT NULL DEFAULT 0,
  seq bigint NOT NULL DEFAULT 0, CHECK (floor IS NULL OR credits - debits - held >= floor)
) WITH (fillfactor = 60);
INSERT INTO baseline.account (id, floor, credits) SELECT id, floor, CASE WHEN floor IS NULL THEN 0 ELSE 25000000 END FROM account WHERE kind <> 'biller';
CREATE TABLE baseline.transfer (
  id uuid PRIMARY KEY, reference text NOT NULL UNIQUE, payer uuid NOT NULL REFERENCES baseline.account, payee uuid NOT NULL REFERENCES baseline.account,
  amount bigint NOT NULL CHECK (amount > 0), fee bigint NOT NULL, tax bigint NOT NULL, state text NOT NULL DEFAULT 'HELD', version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(), changed_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 70);
CREATE INDEX ON baseline.transfer (payer, created_at DESC);
CREATE TABLE baseline.transfer_event (
  transfer_id uuid NOT NULL REFERENCES baseline.transfer, version integer NOT NULL, state text NOT NULL, at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (transfer_id, version)
);
CREATE TABLE baseline.hold_resolution (transfer_id uuid PRIMARY KEY REFERENCES baseline.transfer, outcome text NOT NULL, at timestamptz NOT NULL DEFAULT now());
CREATE TABLE baseline.journal (
  id uuid PRIMARY KEY REFERENCES baseline.transfer, reference text NOT NULL UNIQUE, recorded_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE baseline.entry (
  journal_id uuid NOT NULL REFERENCES baseline.journal, leg smallint NOT NULL, debit uuid NOT NULL REFERENCES baseline.account,
  credit uuid NOT NULL REFERENCES baseline.account, amount bigint NOT NULL CHECK (amount > 0),
  debit_seq bigint NOT NULL, credit_seq bigint NOT NULL, debit_balance bigint NOT NULL, credit_balance bigint NOT NULL,
  PRIMARY KEY (journal_id, leg), UNIQUE (debit, debit_seq), UNIQUE (credit, credit_seq)
);

CREATE FUNCTION baseline.hold(p_id uuid, p_reference text, p_payer uuid, p_payee uuid, p_amount bigint, p_fee bigint, p_tax bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE v_available bigint;
BEGIN
  PERFORM FROM baseline.account WHERE id IN (p_payer, p_payee) ORDER BY id FOR UPDATE;
  SELECT credits - debits - held INTO v_available FROM baseline.account WHERE id = p_payer;
  IF v_available < p_amount + p_fee THEN
    RETURN false;
  END IF;
  INSERT INTO baseline.transfer (id, reference, payer, payee, amount, fee, tax) VALUES (p_id, p_reference, p_payer, p_payee, p_amount, p_fee, p_tax);
  INSERT INTO baseline.transfer_event (transfer_id, version, state) VALUES (p_id, 1, 'HELD');
  UPDATE baseline.account SET held = held + p_amount + p_fee WHERE id = p_payer;
  RETURN true;
END $$;

CREATE FUNCTION baseline.enter(p_journal uuid, p_leg smallint, p_debit uuid, p_credit uuid, p_amount bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE d record; c record;
BEGIN
  UPDATE baseline.account SET debits = debits + p_amount, seq = seq + 1 WHERE id = p_debit RETURNING seq, credits - debits AS balance INTO d;
  UPDATE baseline.account SET credits = credits + p_amount, seq = seq + 1 WHERE id = p_credit RETURNING seq, credits - debits AS balance INTO c;
  INSERT INTO baseline.entry VALUES (p_journal, p_leg, p_debit, p_credit, p_amount, d.seq, c.seq, d.balance, c.balance);
END $$;

CREATE FUNCTION baseline.post(p_id uuid, p_fee_account uuid, p_tax_account uuid) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE t baseline.transfer%ROWTYPE;
BEGIN
  SELECT * INTO t FROM baseline.transfer WHERE id = p_id;
  PERFORM FROM baseline.account WHERE id IN (t.payer, t.payee, p_fee_account, p_tax_account) ORDER BY id FOR UPDATE;
  SELECT * INTO t FROM baseline.transfer WHERE id = p_id FOR UPDATE;
  IF t.state <> 'HELD' THEN
    RETURN false;
  END IF;
  INSERT INTO baseline.hold_resolution (transfer_id, outcome) VALUES (p_id, 'posted');
  UPDATE baseline.account SET held = held - t.amount - t.fee WHERE id = t.payer;
  INSERT INTO baseline.journal (id, reference) VALUES (p_id, t.reference);
  PERFORM baseline.enter(p_id, 1::smallint, t.payer, t.payee, t.amount);
  PERFORM baseline.enter(p_id, 2::smallint, t.payer, p_fee_account, t.fee - t.tax);
  PERFORM baseline.enter(p_id, 3::smallint, t.payer, p_tax_account, t.tax);
  UPDATE baseline.transfer SET state = 'SETTLED', version = version + 1, changed_at = now() WHERE id = p_id;
  INSERT INTO baseline.transfer_event (transfer_id, version, state) VALUES (p_id, 2, 'SETTLED');
  RETURN true;
END $$;

CREATE FUNCTION baseline.fill(p_amount bigint, p_fee bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO baseline.transfer (id, reference, payer, payee, amount, fee, tax, state, version) SELECT id, reference, payer, payee, p_amount, p_fee, 91, 'SETTLED', 2 FROM fresh ORDER BY n;
  INSERT INTO baseline.transfer_event (transfer_id, version, state) SELECT f.id, e.version, e.state FROM fresh f CROSS JOIN (VALUES (1, 'HELD'), (2, 'SETTLED')) AS e (version, state);
  INSERT INTO baseline.hold_resolution (transfer_id, outcome) SELECT id, 'posted' FROM fresh ORDER BY n;
  INSERT INTO baseline.journal (id, reference) SELECT id, reference FROM fresh ORDER BY n;
  INSERT INTO baseline.entry SELECT e.id, e.leg, e.debit, e.credit, e.amount, 1000000000 + e.debit_seq, 1000000000 + e.credit_seq, e.debit_balance, e.credit_balance
    FROM fresh_entry e;
END $$;

-- What is filled in names what is there, and its order is known: asking row by row, and finding each row's place in every index, would take
-- most of the time.
CREATE TABLE baseline.loosened (of_table text, name text, definition text, is_constraint boolean, is_reference boolean);
CREATE FUNCTION baseline.loosen() RETURNS void LANGUAGE plpgsql AS $$
DECLARE c record;
BEGIN
  INSERT INTO baseline.loosened
  SELECT conrelid::regclass, conname, pg_get_constraintdef(oid), true, contype = 'f' FROM pg_constraint
   WHERE (contype = 'f' AND connamespace = 'baseline'::regnamespace)
      OR (contype IN ('p', 'u') AND conrelid IN ('entry'::regclass, 'transfer_leg'::regclass, 'transfer_event'::regclass, 'hold'::regclass,
            'hold_resolution'::regclass, 'baseline.entry'::regclass, 'baseline.transfer_event'::regclass, 'baseline.hold_resolution'::regclass))
      OR (contype = 'u' AND conrelid IN ('transfer'::regclass, 'baseline.transfer'::regclass, 'baseline.journal'::regclass))
  UNION ALL
  SELECT i.indrelid::regclass, i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid), false, false FROM pg_index i
   WHERE i.indrelid IN ('transfer'::regclass, 'transfer_event'::regclass, 'baseline.transfer'::regclass)
     AND NOT EXISTS (SELECT FROM pg_constraint o WHERE o.conindid = i.indexrelid);
  FOR c IN SELECT * FROM baseline.loosened ORDER BY NOT is_reference LOOP
    IF c.is_constraint THEN
      EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', c.of_table, c.name);
    ELSE
      EXECUTE format('DROP INDEX %s', c.name);
    END IF;
  END LOOP;
END $$;
CREATE FUNCTION baseline.bind() RETURNS void LANGUAGE plpgsql SET maintenance_work_mem = '256MB' AS $$
DECLARE c record;
BEGIN
  FOR c IN SELECT * FROM baseline.loosened ORDER BY is_reference LOOP
    IF c.is_constraint THEN
      EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I %s %s', c.of_table, c.name, c.definition, CASE WHEN c.is_reference THEN 'NOT VALID' END);
    ELSE
      EXECUTE c.definition;
    END IF;
  END LOOP;
  DELETE FROM baseline.loosened;
END $$;
`
