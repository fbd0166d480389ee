-- Many transfers at a time: one round trip holds or posts hundreds, with exactly the outcome of doing them one by one in their order.
-- Every writer locks the accounts first, in the order of their ids, then the transfers; accounts of the house sort last. Hence no deadlock.

---------------------------------------------------------------- tables

-- The order in which transfers were confirmed. Given out under the lock of the payer's account, so one payer's never overtake each other.
CREATE SEQUENCE transfer_ordinal;
ALTER TABLE transfer ADD COLUMN ordinal bigint NOT NULL DEFAULT nextval('transfer_ordinal');
CREATE INDEX transfer_waiting ON transfer (payer_account, ordinal) WHERE state = 'HELD';

-- What was refused stays refused: the same id gets the same answer again, also when it could be held by now.
CREATE TABLE transfer_refusal (
  id          uuid        PRIMARY KEY,
  content_mac bytea       NOT NULL,
  outcome     text        NOT NULL,
  detail      bigint,
  at          timestamptz NOT NULL DEFAULT now()
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON transfer_refusal FOR EACH ROW EXECUTE FUNCTION ledger_refuse_edit();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON transfer_refusal EXECUTE FUNCTION ledger_refuse_edit();

-- What a batch could not hold or post, down to the one item. For people; it is tried again, and the others went on without it.
CREATE TABLE ledger_poison (
  what     text        NOT NULL CHECK (what IN ('hold', 'post')),
  id       uuid        NOT NULL,
  -- NULL: the program failed, not the database.
  sqlstate text,
  message  text        NOT NULL,
  first_at timestamptz NOT NULL DEFAULT now(),
  at       timestamptz NOT NULL DEFAULT now(),
  tries    integer     NOT NULL DEFAULT 1,
  PRIMARY KEY (what, id)
);

-- A transfer's journal has the transfer's own id and reference, both unique there: an index less to find the place in for each of them.
ALTER TABLE journal DROP CONSTRAINT journal_transfer_id_key;
ALTER TABLE journal ADD CONSTRAINT journal_of_transfer CHECK (transfer_id IS NULL OR transfer_id = id);
ALTER TABLE journal DROP CONSTRAINT journal_reference_key;
CREATE UNIQUE INDEX journal_reference_key ON journal (reference) WHERE transfer_id IS NULL;
-- Holds are found by their transfer only.
DROP INDEX hold_by_account;

---------------------------------------------------------------- references between tables, checked once a statement

-- A foreign key asks for each row by itself, and locks the tariff and the house's accounts, which every transfer shares. What these
-- point to is never deleted nor given another key or currency (see the triggers), so that one look for all rows is as good.
ALTER TABLE transfer DROP CONSTRAINT transfer_payer_id_fkey;
ALTER TABLE transfer DROP CONSTRAINT transfer_payee_id_fkey;
ALTER TABLE transfer DROP CONSTRAINT transfer_payer_account_currency_fkey;
ALTER TABLE transfer DROP CONSTRAINT transfer_payee_account_currency_fkey;
ALTER TABLE transfer DROP CONSTRAINT transfer_tariff_fkey;
ALTER TABLE transfer_leg DROP CONSTRAINT transfer_leg_transfer_id_fkey;
ALTER TABLE transfer_leg DROP CONSTRAINT transfer_leg_debit_currency_fkey;
ALTER TABLE transfer_leg DROP CONSTRAINT transfer_leg_credit_currency_fkey;
ALTER TABLE transfer_event DROP CONSTRAINT transfer_event_transfer_id_fkey;
ALTER TABLE hold DROP CONSTRAINT hold_transfer_id_fkey;
ALTER TABLE hold DROP CONSTRAINT hold_account_id_fkey;
ALTER TABLE hold_resolution DROP CONSTRAINT hold_resolution_transfer_id_fkey;
ALTER TABLE journal DROP CONSTRAINT journal_transfer_id_fkey;
ALTER TABLE entry DROP CONSTRAINT entry_journal_id_fkey;
ALTER TABLE entry DROP CONSTRAINT entry_debit_currency_fkey;
ALTER TABLE entry DROP CONSTRAINT entry_credit_currency_fkey;
ALTER TABLE pair_counter DROP CONSTRAINT pair_counter_payer_account_fkey;
ALTER TABLE pair_counter DROP CONSTRAINT pair_counter_payee_account_fkey;

CREATE FUNCTION ledger_refuse_stray(p_table text, p_what text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% breaks a foreign key: it names % that is not there', p_table, p_what USING ERRCODE = 'foreign_key_violation';
END $$;

CREATE FUNCTION ledger_check_leg() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM added l WHERE (SELECT a.currency FROM account a WHERE a.id = l.debit) IS DISTINCT FROM l.currency
                OR (SELECT a.currency FROM account a WHERE a.id = l.credit) IS DISTINCT FROM l.currency) THEN
    PERFORM ledger_refuse_stray(TG_TABLE_NAME, 'an account in its currency');
  END IF;
  IF EXISTS (SELECT FROM added l WHERE (SELECT true FROM transfer t WHERE t.id = l.transfer_id) IS NULL) THEN
    PERFORM ledger_refuse_stray(TG_TABLE_NAME, 'a transfer');
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER checked AFTER INSERT ON transfer_leg REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ledger_check_leg();

CREATE FUNCTION ledger_check_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM added e WHERE (SELECT a.currency FROM account a WHERE a.id = e.debit) IS DISTINCT FROM e.currency
                OR (SELECT a.currency FROM account a WHERE a.id = e.credit) IS DISTINCT FROM e.currency) THEN
    PERFORM ledger_refuse_stray(TG_TABLE_NAME, 'an account in its currency');
  END IF;
  IF EXISTS (SELECT FROM added e WHERE (SELECT true FROM journal j WHERE j.id = e.journal_id) IS NULL) THEN
    PERFORM ledger_refuse_stray(TG_TABLE_NAME, 'a journal');
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER checked AFTER INSERT ON entry REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ledger_check_entry();

CREATE FUNCTION ledger_check_hold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM added h WHERE (SELECT true FROM transfer t WHERE t.id = h.transfer_id) IS NULL
                OR (SELECT true FROM account a WHERE a.id = h.account_id) IS NULL) THEN
    PERFORM ledger_refuse_stray(TG_TABLE_NAME, 'a transfer or an account');
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER checked AFTER INSERT ON hold REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ledger_check_hold();

CREATE FUNCTION ledger_check_of_transfer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM added x WHERE x.transfer_id IS NOT NULL AND (SELECT true FROM transfer t WHERE t.id = x.transfer_id) IS NULL) THEN
    PERFORM ledger_refuse_stray(TG_TABLE_NAME, 'a transfer');
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER checked AFTER INSERT ON transfer_event REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ledger_check_of_transfer();
CREATE TRIGGER checked AFTER INSERT ON journal REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ledger_check_of_transfer();
CREATE TRIGGER checked AFTER INSERT ON hold_resolution REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ledger_check_of_transfer();

CREATE FUNCTION ledger_refuse_other_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'what account % is, whose and in which currency, never changes', OLD.id USING ERRCODE = 'LG001';
END $$;
CREATE TRIGGER the_same BEFORE UPDATE OF id, kind, owner_id, code, currency ON account FOR EACH ROW
  WHEN ((OLD.id, OLD.kind, OLD.owner_id, OLD.code, OLD.currency) IS DISTINCT FROM (NEW.id, NEW.kind, NEW.owner_id, NEW.code, NEW.currency))
  EXECUTE FUNCTION ledger_refuse_other_account();

---------------------------------------------------------------- the rules of a transfer's row, without a function call for a good row

DROP TRIGGER guarded ON transfer;
DROP TRIGGER recorded ON transfer;
DROP FUNCTION ledger_guard_transfer();
DROP FUNCTION ledger_record_move();

CREATE FUNCTION ledger_refuse_transfer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    RAISE EXCEPTION 'a transfer begins HELD at version 1' USING ERRCODE = 'LG002';
  ELSIF TG_NAME = 'counted' THEN
    RAISE EXCEPTION 'transfer % goes from version % to the next only', OLD.id, OLD.version USING ERRCODE = 'LG002';
  END IF;
  RAISE EXCEPTION 'the content of transfer % never changes', OLD.id USING ERRCODE = 'LG001';
END $$;
CREATE TRIGGER begins BEFORE INSERT ON transfer FOR EACH ROW
  WHEN ((NEW.state, NEW.version) IS DISTINCT FROM ('HELD', 1)) EXECUTE FUNCTION ledger_refuse_transfer();
CREATE TRIGGER counted BEFORE UPDATE ON transfer FOR EACH ROW
  WHEN (NEW.version IS DISTINCT FROM OLD.version + 1) EXECUTE FUNCTION ledger_refuse_transfer();
CREATE TRIGGER guarded BEFORE UPDATE OF id, reference, kind, session_id, payer_id, payer_account, payee_id, payee_account, biller, biller_account,
    currency, amount, fee, tax, tariff, quoted_at, content_mac, business_day, created_at, ordinal ON transfer FOR EACH ROW
  EXECUTE FUNCTION ledger_refuse_transfer();

CREATE FUNCTION ledger_date_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.changed_at := now();
  RETURN NEW;
END $$;
CREATE TRIGGER moved_at BEFORE UPDATE ON transfer FOR EACH ROW
  WHEN (OLD.state IS DISTINCT FROM NEW.state AND OLD.changed_at IS NOT DISTINCT FROM NEW.changed_at) EXECUTE FUNCTION ledger_date_move();

CREATE FUNCTION ledger_record_begin() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM added t
              WHERE (SELECT a.currency FROM account a WHERE a.id = t.payer_account AND a.owner_id = t.payer_id) IS DISTINCT FROM t.currency
                 OR (SELECT a.currency FROM account a WHERE a.id = t.payee_account AND a.owner_id IS NOT DISTINCT FROM t.payee_id)
                    IS DISTINCT FROM t.currency) THEN
    PERFORM ledger_refuse_stray(TG_TABLE_NAME, 'an account of its party in its currency');
  END IF;
  IF EXISTS (SELECT FROM (SELECT DISTINCT added.tariff FROM added) t WHERE (SELECT true FROM tariff f WHERE f.version = t.tariff) IS NULL) THEN
    PERFORM ledger_refuse_stray(TG_TABLE_NAME, 'a tariff');
  END IF;
  INSERT INTO transfer_event (transfer_id, version, to_state) SELECT t.id, t.version, t.state FROM added t ORDER BY t.id;
  RETURN NULL;
END $$;
CREATE TRIGGER begun AFTER INSERT ON transfer REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ledger_record_begin();

-- States move along the edges only, and the two in which money has moved or come back need the hold resolved that way. Where a transfer
-- comes from is what was recorded last.
CREATE FUNCTION ledger_record_moves() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE v record;
BEGIN
  WITH moved AS (
    INSERT INTO transfer_event (transfer_id, version, from_state, to_state, reason)
    SELECT n.id, n.version, n.from_state, n.state, n.reason
      FROM (SELECT t.id, t.version, t.state, t.reason,
                   (SELECT e.to_state FROM transfer_event e WHERE e.transfer_id = t.id ORDER BY e.version DESC LIMIT 1) AS from_state
              FROM changed t OFFSET 0) n
     WHERE n.state IS DISTINCT FROM n.from_state
    RETURNING transfer_id, from_state, to_state
  ), judged AS MATERIALIZED (
    SELECT m.*,
           (SELECT true FROM transfer_edge e WHERE e.from_state = m.from_state AND e.to_state = m.to_state) AS allowed,
           m.to_state NOT IN ('SETTLED', 'REJECTED')
             OR (SELECT r.outcome FROM hold_resolution r WHERE r.transfer_id = m.transfer_id)
                IS NOT DISTINCT FROM CASE m.to_state WHEN 'SETTLED' THEN 'posted' ELSE 'voided' END AS resolved
      FROM moved m
  )
  SELECT j.* INTO v FROM judged j WHERE j.allowed IS NULL OR NOT j.resolved LIMIT 1;
  IF FOUND AND v.allowed IS NULL THEN
    RAISE EXCEPTION 'transfer % cannot go from % to %', v.transfer_id, v.from_state, v.to_state USING ERRCODE = 'LG003';
  ELSIF FOUND THEN
    RAISE EXCEPTION 'transfer % cannot be % while its hold is not resolved so', v.transfer_id, v.to_state USING ERRCODE = 'LG003';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER recorded AFTER UPDATE ON transfer REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION ledger_record_moves();

---------------------------------------------------------------- may this transfer be? The one place that says so, for quote and hold

-- Over numbers alone, so that it becomes part of whatever asks. NULL limits and NULL room: none of that kind. The first that applies.
CREATE FUNCTION ledger_judge(
  p_amount bigint, p_total bigint, p_minimum bigint, p_may_receive boolean, p_per_transaction bigint, p_available bigint,
  p_left_today bigint, p_left_this_month bigint, p_room bigint)
RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE
    WHEN p_amount < p_minimum THEN 'below_minimum'
    WHEN p_may_receive IS NOT TRUE THEN 'payee_unavailable'
    WHEN p_amount > p_per_transaction THEN 'over_transaction_limit'
    WHEN p_total > p_available THEN 'insufficient'
    WHEN p_amount > p_left_today THEN 'over_day_limit'
    WHEN p_amount > p_left_this_month THEN 'over_month_limit'
    WHEN p_amount > p_room THEN 'payee_full'
  END
$$;

-- The number that belongs to a refusal.
CREATE FUNCTION ledger_detail(
  p_refusal text, p_minimum bigint, p_per_transaction bigint, p_available bigint, p_left_today bigint, p_left_this_month bigint)
RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE p_refusal
    WHEN 'below_minimum' THEN p_minimum
    WHEN 'over_transaction_limit' THEN p_per_transaction
    WHEN 'insufficient' THEN p_available
    WHEN 'over_day_limit' THEN greatest(p_left_today, 0)
    WHEN 'over_month_limit' THEN greatest(p_left_this_month, 0)
  END
$$;

-- What applies to a transfer, and how much of it is used. No row: the payer has no account that may pay, or no limits for its tier.
CREATE FUNCTION ledger_terms(p_kind text, p_currency text, p_payer uuid, p_payer_account uuid, p_payee_account uuid)
RETURNS TABLE (
  minimum bigint, may_receive boolean, per_transaction bigint, available bigint, per_day bigint, sent_today bigint, per_month bigint,
  sent_this_month bigint, room bigint, receive_per_day bigint, received_today bigint, receive_per_month bigint, received_this_month bigint)
LANGUAGE sql STABLE AS $$
  SELECT service.minimum,
         (payee.status = 'open' AND (payee.owner_id IS NULL OR payee_owner.status = 'active')) IS TRUE,
         least(own.per_transaction, low.per_transaction),
         payer.credits - payer.debits - payer.held_out - payer.floor,
         least(own.per_day, low.per_day),
         CASE WHEN payer.day >= (SELECT ledger_business_day(p_currency)) THEN payer.day_out ELSE 0 END,
         least(own.per_month, low.per_month),
         CASE WHEN payer.month >= (SELECT date_trunc('month', ledger_business_day(p_currency))) THEN payer.month_out ELSE 0 END,
         payee.ceiling - (payee.credits - payee.debits + payee.held_in),
         least(payee_own.receive_per_day, payee_low.receive_per_day),
         CASE WHEN payee.day >= (SELECT ledger_business_day(p_currency)) THEN payee.day_in ELSE 0 END,
         least(payee_own.receive_per_month, payee_low.receive_per_month),
         CASE WHEN payee.month >= (SELECT date_trunc('month', ledger_business_day(p_currency))) THEN payee.month_in ELSE 0 END
    FROM account payer
    JOIN subscriber payer_owner ON payer_owner.id = payer.owner_id
    JOIN tier_limit own ON own.version = (SELECT ledger_tariff_in_force(p_currency)) AND own.tier = payer_owner.tier
    JOIN tariff_service service ON service.version = own.version AND service.kind = p_kind
    LEFT JOIN tier_limit low ON low.version = own.version AND low.tier = 'restricted' AND payer_owner.restricted_until > now()
    LEFT JOIN account payee ON payee.id = p_payee_account AND payee.currency = p_currency
                           AND payee.kind IN ('wallet', 'linked', 'biller', 'provider')
    LEFT JOIN subscriber payee_owner ON payee_owner.id = payee.owner_id
    LEFT JOIN tier_limit payee_own ON payee_own.version = own.version AND payee_own.tier = payee_owner.tier
    LEFT JOIN tier_limit payee_low ON payee_low.version = own.version AND payee_low.tier = 'restricted' AND payee_owner.restricted_until > now()
   WHERE payer.id = p_payer_account AND payer.owner_id = p_payer AND payer.kind IN ('wallet', 'linked') AND payer.currency = p_currency
     AND payer.status = 'open' AND payer_owner.status = 'active'
$$;

DROP FUNCTION ledger_refusal;

-- Why a transfer cannot be now, as a plain query: where many are quoted at once it becomes part of their query.
CREATE OR REPLACE FUNCTION ledger_ruling(
  p_kind text, p_currency text, p_payer uuid, p_payer_account uuid, p_payee_account uuid, p_amount bigint, p_total bigint)
RETURNS TABLE (refusal text, detail bigint)
LANGUAGE sql STABLE AS $$
  SELECT j.refusal, ledger_detail(j.refusal, j.minimum, j.per_transaction, j.available, j.left_today, j.left_this_month)
    FROM (SELECT t.*, ledger_judge(p_amount, p_total, t.minimum, t.may_receive, t.per_transaction, t.available, t.left_today,
                                   t.left_this_month, t.room_left) AS refusal
            FROM (SELECT r.*, r.per_day - r.sent_today AS left_today, r.per_month - r.sent_this_month AS left_this_month,
                         least(r.room, r.receive_per_day - r.received_today, r.receive_per_month - r.received_this_month) AS room_left
                    FROM ledger_terms(p_kind, p_currency, p_payer, p_payer_account, p_payee_account) r OFFSET 0) t OFFSET 0) j
$$;

---------------------------------------------------------------- hold

DROP FUNCTION ledger_hold;

-- Stores what PINs confirmed and keeps the money back, one by one in the order given; all arrays have an element an item, those of legs
-- name their item's number. Outcomes, in the order given: held; known (this very quote is stored already); conflict (the id is stored,
-- or was refused, with other content); expired; or a word of ledger_judge with its detail. What is neither held nor on record already is put
-- on record as refused. A caller's bug in one item is an exception, and nothing of the batch is stored.
CREATE FUNCTION ledger_hold_all(
  p_currency text, p_ids uuid[], p_references text[], p_kinds text[], p_sessions uuid[], p_payers uuid[], p_payer_accounts uuid[], p_payees uuid[],
  p_payee_accounts uuid[], p_billers text[], p_biller_accounts bytea[], p_amounts bigint[], p_fees bigint[], p_taxes bigint[], p_tariffs text[],
  p_quoted_ats timestamptz[], p_content_macs bytea[], p_leg_items integer[], p_leg_debits uuid[], p_leg_credits uuid[], p_leg_amounts bigint[])
RETURNS TABLE (outcome text, detail bigint, reference text, state text, version integer)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
  v record;
  v_day date; v_month date;
  -- Of each item: the places of its accounts below, and what its legs add up to.
  v_from integer[]; v_to integer[]; v_total numeric[]; v_net bigint[]; v_tax numeric[]; v_good boolean[];
  -- Of each account: what it is, what may still leave it and come in, what is counted, and what this batch keeps back.
  v_accounts uuid[]; v_kept boolean[]; v_kinds text[]; v_owners uuid[]; v_codes text[];
  v_available bigint[]; v_room bigint[]; v_days date[]; v_day_out bigint[]; v_day_in bigint[]; v_months date[]; v_month_out bigint[]; v_month_in bigint[];
  v_out bigint[]; v_in bigint[]; v_touched boolean[];
  v_outcomes text[]; v_details bigint[]; v_references text[]; v_states text[]; v_versions integer[]; v_ordinals bigint[]; v_refused boolean[];
  f integer; t integer; v_word text; v_left_today bigint; v_left_month bigint; v_room_left bigint; v_constraint text;
BEGIN
  SELECT array_agg(DISTINCT u.id ORDER BY u.id) INTO v_accounts FROM unnest(p_payer_accounts || p_payee_accounts) AS u (id);
  -- A house's account has no bounds to keep, and everybody would wait for it.
  PERFORM FROM account a WHERE a.id = ANY (v_accounts) AND (a.owner_id IS NOT NULL OR a.floor IS NOT NULL OR a.ceiling IS NOT NULL)
    ORDER BY a.id FOR NO KEY UPDATE;
  -- Of the clock after the locks: whoever waited for midnight to pass counts in the new day.
  SELECT (clock_timestamp() AT TIME ZONE m.time_zone)::date INTO v_day FROM market m WHERE m.currency = p_currency;
  v_month := date_trunc('month', v_day);

  SELECT array_agg(s.from_place ORDER BY s.n), array_agg(s.to_place ORDER BY s.n) INTO v_from, v_to
    FROM (SELECT r.n, max(r.place) FILTER (WHERE r.pays) AS from_place, max(r.place) FILTER (WHERE NOT r.pays) AS to_place
            FROM (SELECT side.n, side.pays, dense_rank() OVER (ORDER BY side.id) AS place
                    FROM (SELECT u.n, true AS pays, u.id FROM unnest(p_payer_accounts) WITH ORDINALITY AS u (id, n)
                          UNION ALL SELECT u.n, false, u.id FROM unnest(p_payee_accounts) WITH ORDINALITY AS u (id, n)) side) r
           GROUP BY r.n) s;
  SELECT array_agg(s.total ORDER BY s.n), array_agg(s.net ORDER BY s.n), array_agg(s.tax ORDER BY s.n), array_agg(s.good ORDER BY s.n)
    INTO v_total, v_net, v_tax, v_good
    FROM (SELECT l.n, sum(l.amount) FILTER (WHERE l.debit = p_payer_accounts[l.n]) AS total,
                 (p_amounts[l.n] - coalesce(sum(l.amount) FILTER (WHERE l.debit = p_payee_accounts[l.n]), 0))::bigint AS net,
                 coalesce(sum(l.amount) FILTER (WHERE l.credit_kind IN ('tax_payable', 'levy_payable')), 0) AS tax,
                 -- The first leg is the amount to the payee; the others are what the house charges payer or payee.
                 bool_and(CASE l.leg WHEN 1 THEN l.debit = p_payer_accounts[l.n] AND l.credit = p_payee_accounts[l.n] AND l.amount = p_amounts[l.n]
                          ELSE l.debit IN (p_payer_accounts[l.n], p_payee_accounts[l.n]) AND l.credit_kind IN ('fee_income', 'tax_payable', 'levy_payable') END) AS good
            FROM (SELECT i.n, NULL::bigint AS leg, NULL::uuid AS debit, NULL::uuid AS credit, NULL::bigint AS amount, NULL::text AS credit_kind
                    FROM generate_series(1, cardinality(p_ids)) AS i (n)
                  UNION ALL
                  SELECT u.item, row_number() OVER (PARTITION BY u.item ORDER BY u.n), u.debit, u.credit, u.amount,
                         (SELECT a.kind FROM account a WHERE a.id = u.credit)
                    FROM unnest(p_leg_items, p_leg_debits, p_leg_credits, p_leg_amounts) WITH ORDINALITY AS u (item, debit, credit, amount, n)) l
           WHERE l.n BETWEEN 1 AND cardinality(p_ids)
           GROUP BY l.n) s;

  FOR attempt IN 1 .. 3 LOOP
    SELECT array_agg(a.owner_id IS NOT NULL OR a.floor IS NOT NULL OR a.ceiling IS NOT NULL ORDER BY u.n), array_agg(a.kind ORDER BY u.n),
           array_agg(a.owner_id ORDER BY u.n), array_agg(a.code ORDER BY u.n),
           array_agg(a.credits - a.debits - a.held_out - a.floor ORDER BY u.n), array_agg(a.ceiling - (a.credits - a.debits + a.held_in) ORDER BY u.n),
           array_agg(greatest(a.day, v_day) ORDER BY u.n),
           array_agg(CASE WHEN a.day < v_day THEN 0 ELSE a.day_out END ORDER BY u.n), array_agg(CASE WHEN a.day < v_day THEN 0 ELSE a.day_in END ORDER BY u.n),
           array_agg(greatest(a.month, v_month) ORDER BY u.n),
           array_agg(CASE WHEN a.month < v_month THEN 0 ELSE a.month_out END ORDER BY u.n), array_agg(CASE WHEN a.month < v_month THEN 0 ELSE a.month_in END ORDER BY u.n),
           array_agg(0::bigint ORDER BY u.n), array_agg(0::bigint ORDER BY u.n), array_agg(false ORDER BY u.n)
      INTO v_kept, v_kinds, v_owners, v_codes, v_available, v_room, v_days, v_day_out, v_day_in, v_months, v_month_out, v_month_in, v_out, v_in, v_touched
      FROM unnest(v_accounts) WITH ORDINALITY AS u (id, n) LEFT JOIN account a ON a.id = u.id;
    v_outcomes := '{}'; v_details := '{}'; v_references := '{}'; v_states := '{}'; v_versions := '{}'; v_ordinals := '{}'; v_refused := '{}';

    FOR v IN
      SELECT i.n::integer AS n, i.id, i.kind, i.payer, i.payee, i.biller, i.amount, i.fee, i.tax, i.content_mac,
             i.quoted_at NOT BETWEEN now() - interval '10 minutes' AND now() + interval '1 minute' AS expired,
             min(i.n) OVER (PARTITION BY i.id)::integer AS first,
             stored.content_mac AS stored_mac, stored.reference AS stored_reference, stored.state AS stored_state, stored.version AS stored_version,
             refused.content_mac AS refused_mac, refused.outcome AS refused_outcome, refused.detail AS refused_detail,
             term.minimum, term.may_receive, term.per_transaction, term.per_day, term.per_month, term.receive_per_day, term.receive_per_month
        FROM unnest(p_ids, p_kinds, p_payers, p_payer_accounts, p_payees, p_payee_accounts, p_billers, p_amounts, p_fees, p_taxes, p_quoted_ats, p_content_macs)
             WITH ORDINALITY AS i (id, kind, payer, payer_account, payee, payee_account, biller, amount, fee, tax, quoted_at, content_mac, n)
        LEFT JOIN transfer stored ON stored.id = i.id
        LEFT JOIN transfer_refusal refused ON refused.id = i.id
        LEFT JOIN LATERAL ledger_terms(i.kind, p_currency, i.payer, i.payer_account, i.payee_account) term ON true
       ORDER BY i.n
    LOOP
      v_references[v.n] := NULL; v_states[v.n] := NULL; v_versions[v.n] := NULL; v_details[v.n] := NULL;
      v_ordinals[v.n] := NULL; v_refused[v.n] := false;
      IF v.stored_mac IS NOT NULL THEN
        IF v.stored_mac = v.content_mac THEN
          v_outcomes[v.n] := 'known'; v_references[v.n] := v.stored_reference; v_states[v.n] := v.stored_state; v_versions[v.n] := v.stored_version;
        ELSE
          v_outcomes[v.n] := 'conflict';
        END IF;
        CONTINUE;
      ELSIF v.refused_mac IS NOT NULL THEN
        IF v.refused_mac = v.content_mac THEN
          v_outcomes[v.n] := v.refused_outcome; v_details[v.n] := v.refused_detail;
        ELSE
          v_outcomes[v.n] := 'conflict';
        END IF;
        CONTINUE;
      ELSIF v.first < v.n THEN
        IF p_content_macs[v.first] <> v.content_mac THEN
          v_outcomes[v.n] := 'conflict';
        ELSIF v_outcomes[v.first] = 'held' THEN
          v_outcomes[v.n] := 'known'; v_references[v.n] := v_references[v.first]; v_states[v.n] := 'HELD'; v_versions[v.n] := 1;
        ELSE
          v_outcomes[v.n] := v_outcomes[v.first]; v_details[v.n] := v_details[v.first];
        END IF;
        CONTINUE;
      -- Longer than any session lives, and a minute for clocks that disagree.
      ELSIF v.expired THEN
        v_outcomes[v.n] := 'expired'; v_refused[v.n] := true;
        CONTINUE;
      END IF;

      f := v_from[v.n]; t := v_to[v.n];
      IF v_good[v.n] IS NOT TRUE OR v_total[v.n] IS DISTINCT FROM (v.amount + v.fee)::numeric OR v_tax[v.n] IS DISTINCT FROM v.tax::numeric OR v_net[v.n] <= 0 THEN
        RAISE EXCEPTION 'the legs of transfer % do not add up to its amounts', v.id USING ERRCODE = 'LG005';
      END IF;
      IF (v_kinds[f] IN ('wallet', 'linked') AND v_owners[f] = v.payer) IS NOT TRUE
         OR (CASE WHEN v.payee IS NOT NULL THEN v_kinds[t] IN ('wallet', 'linked') AND v_owners[t] = v.payee
                  ELSE v_kinds[t] IN ('biller', 'provider') AND v_codes[t] = v.biller END) IS NOT TRUE THEN
        RAISE EXCEPTION 'the accounts of transfer % are not those of its parties', v.id USING ERRCODE = 'LG005';
      END IF;
      IF v.minimum IS NULL THEN
        RAISE EXCEPTION 'subscriber % has no wallet that may pay, or no limits for its tier', v.payer USING ERRCODE = 'LG004';
      END IF;

      v_left_today := v.per_day - v_day_out[f];
      v_left_month := v.per_month - v_month_out[f];
      v_room_left := least(v_room[t], v.receive_per_day - v_day_in[t], v.receive_per_month - v_month_in[t]);
      v_word := ledger_judge(v.amount, v.amount + v.fee, v.minimum, v.may_receive, v.per_transaction, v_available[f], v_left_today, v_left_month, v_room_left);
      IF v_word IS NOT NULL THEN
        v_outcomes[v.n] := v_word; v_refused[v.n] := true;
        v_details[v.n] := ledger_detail(v_word, v.minimum, v.per_transaction, v_available[f], v_left_today, v_left_month);
        CONTINUE;
      END IF;

      v_available[f] := v_available[f] - v.amount - v.fee;
      v_out[f] := v_out[f] + v.amount + v.fee;
      v_day_out[f] := v_day_out[f] + v.amount;
      v_month_out[f] := v_month_out[f] + v.amount;
      v_touched[f] := true;
      IF v_kept[t] THEN
        v_room[t] := v_room[t] - v_net[v.n];
        v_in[t] := v_in[t] + v_net[v.n];
        v_day_in[t] := v_day_in[t] + v.amount;
        v_month_in[t] := v_month_in[t] + v.amount;
        v_touched[t] := true;
      END IF;
      v_ordinals[v.n] := nextval('transfer_ordinal');
      v_outcomes[v.n] := 'held'; v_references[v.n] := p_references[v.n][attempt]; v_states[v.n] := 'HELD'; v_versions[v.n] := 1;
    END LOOP;

    BEGIN
      INSERT INTO transfer (id, reference, kind, session_id, payer_id, payer_account, payee_id, payee_account, biller, biller_account,
                            currency, amount, fee, tax, tariff, quoted_at, content_mac, business_day, ordinal)
      SELECT i.id, i.reference, i.kind, i.session, i.payer, i.payer_account, i.payee, i.payee_account, i.biller, i.biller_account,
             p_currency, i.amount, i.fee, i.tax, i.tariff, i.quoted_at, i.content_mac, v_day, i.ordinal
        FROM unnest(p_ids, v_references, p_kinds, p_sessions, p_payers, p_payer_accounts, p_payees, p_payee_accounts, p_billers, p_biller_accounts,
                    p_amounts, p_fees, p_taxes, p_tariffs, p_quoted_ats, p_content_macs, v_ordinals)
             AS i (id, reference, kind, session, payer, payer_account, payee, payee_account, biller, biller_account,
                   amount, fee, tax, tariff, quoted_at, content_mac, ordinal)
       WHERE i.ordinal IS NOT NULL
       ORDER BY i.id;
      INSERT INTO transfer_refusal (id, content_mac, outcome, detail)
      SELECT i.id, i.content_mac, i.outcome, i.detail
        FROM unnest(p_ids, p_content_macs, v_outcomes, v_details, v_refused) AS i (id, content_mac, outcome, detail, refused)
       WHERE i.refused
       ORDER BY i.id;
      EXIT;
    EXCEPTION WHEN unique_violation THEN
      -- In the same moment another payer's transfer took an id or a reference: it shares no lock with these. Seen from now on.
      GET STACKED DIAGNOSTICS v_constraint = CONSTRAINT_NAME;
      IF attempt = 3 THEN
        RAISE EXCEPTION 'no room for a batch of transfers at %', v_constraint USING ERRCODE = 'unique_violation';
      END IF;
    END;
  END LOOP;

  INSERT INTO transfer_leg (transfer_id, leg, debit, credit, currency, amount)
  SELECT p_ids[l.item], row_number() OVER (PARTITION BY l.item ORDER BY l.n), l.debit, l.credit, p_currency, l.amount
    FROM unnest(p_leg_items, p_leg_debits, p_leg_credits, p_leg_amounts) WITH ORDINALITY AS l (item, debit, credit, amount, n)
   WHERE v_ordinals[l.item] IS NOT NULL;
  INSERT INTO hold (transfer_id, account_id, out_amount, in_amount)
  SELECT i.id, side.account_id, side.out_amount, side.in_amount
    FROM unnest(p_ids, p_payer_accounts, p_payee_accounts, v_from, v_to, v_total, v_net, v_ordinals)
         AS i (id, payer_account, payee_account, payer_place, payee_place, total, net, ordinal)
   CROSS JOIN LATERAL (VALUES (i.payer_account, i.total, 0, i.payer_place), (i.payee_account, 0, i.net, i.payee_place))
         AS side (account_id, out_amount, in_amount, place)
   WHERE i.ordinal IS NOT NULL AND v_kept[side.place];
  UPDATE account a
     SET held_out = a.held_out + d.out_amount, held_in = a.held_in + d.in_amount, day = d.day, day_out = d.day_out, day_in = d.day_in,
         month = d.month, month_out = d.month_out, month_in = d.month_in
    FROM unnest(v_accounts, v_touched, v_out, v_in, v_days, v_day_out, v_day_in, v_months, v_month_out, v_month_in)
         AS d (id, touched, out_amount, in_amount, day, day_out, day_in, month, month_out, month_in)
   WHERE a.id = d.id AND d.touched;
  INSERT INTO pair_counter AS c (payer_account, payee_account, day, day_out, day_count, month, month_out, month_count)
  SELECT i.payer_account, i.payee_account, v_day, sum(i.amount), count(*), v_month, sum(i.amount), count(*)
    FROM unnest(p_payer_accounts, p_payee_accounts, p_amounts, v_ordinals) AS i (payer_account, payee_account, amount, ordinal)
   WHERE i.ordinal IS NOT NULL
   GROUP BY i.payer_account, i.payee_account
  ON CONFLICT (payer_account, payee_account) DO UPDATE
     SET day = greatest(c.day, excluded.day), month = greatest(c.month, excluded.month),
         day_out = CASE WHEN c.day < excluded.day THEN 0 ELSE c.day_out END + excluded.day_out,
         day_count = CASE WHEN c.day < excluded.day THEN 0 ELSE c.day_count END + excluded.day_count,
         month_out = CASE WHEN c.month < excluded.month THEN 0 ELSE c.month_out END + excluded.month_out,
         month_count = CASE WHEN c.month < excluded.month THEN 0 ELSE c.month_count END + excluded.month_count;

  RETURN QUERY SELECT i.outcome, i.detail, i.reference, i.state, i.version
    FROM unnest(v_outcomes, v_details, v_references, v_states, v_versions) WITH ORDINALITY AS i (outcome, detail, reference, state, version, n) ORDER BY i.n;
END $$;

---------------------------------------------------------------- post and void

DROP FUNCTION ledger_post;
DROP FUNCTION ledger_void;
DROP FUNCTION ledger_release_hold;
DROP FUNCTION ledger_lock_transfer;
DROP FUNCTION ledger_fund;
DROP FUNCTION ledger_write_entries;

-- Of transfers, before these themselves are locked.
CREATE FUNCTION ledger_lock_accounts(p_ids uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM account a
    WHERE a.id = ANY (ARRAY(SELECT side.id FROM unnest(p_ids) AS u (id) JOIN transfer_leg l ON l.transfer_id = u.id
                             CROSS JOIN LATERAL (VALUES (l.debit), (l.credit)) AS side (id) GROUP BY side.id))
    ORDER BY a.id FOR NO KEY UPDATE;
END $$;

CREATE FUNCTION ledger_refuse_unknown(p_ids uuid[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE v_id uuid;
BEGIN
  SELECT u.id INTO v_id FROM unnest(p_ids) AS u (id) WHERE (SELECT true FROM transfer t WHERE t.id = u.id) IS NULL LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'there is no transfer %', v_id USING ERRCODE = 'LG006';
  END IF;
END $$;

-- Numbers the legs given at both of their accounts, in the order given, writes them, and moves the counters of each account once;
-- `p_released…`: what holds give back at the same time. The caller has locked every account. Returns both balances after each leg.
CREATE FUNCTION ledger_write_entries(
  p_journals uuid[], p_legs smallint[], p_debits uuid[], p_credits uuid[], p_amounts bigint[],
  p_released uuid[], p_released_out bigint[], p_released_in bigint[])
RETURNS TABLE (n integer, debit_balance bigint, credit_balance bigint)
LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY
  WITH side AS MATERIALIZED (
    SELECT s.n, s.is_debit, s.account_id, s.amount, a.currency,
           a.seq + row_number() OVER line AS seq,
           (a.credits - a.debits + sum(CASE WHEN s.is_debit THEN -s.amount ELSE s.amount END) OVER line)::bigint AS balance
      FROM (SELECT l.n, d.is_debit, d.account_id, l.amount
              FROM unnest(p_debits, p_credits, p_amounts) WITH ORDINALITY AS l (debit, credit, amount, n)
             CROSS JOIN LATERAL (VALUES (true, l.debit), (false, l.credit)) AS d (is_debit, account_id)) s
      JOIN account a ON a.id = s.account_id
    WINDOW line AS (PARTITION BY s.account_id ORDER BY s.n, s.is_debit DESC ROWS UNBOUNDED PRECEDING)
  ), pair AS MATERIALIZED (
    -- Joined by position: a list has no index.
    SELECT s.n::integer AS n, min(s.currency) FILTER (WHERE s.is_debit) AS currency,
           min(s.seq) FILTER (WHERE s.is_debit) AS debit_seq, min(s.seq) FILTER (WHERE NOT s.is_debit) AS credit_seq,
           min(s.balance) FILTER (WHERE s.is_debit) AS debit_balance, min(s.balance) FILTER (WHERE NOT s.is_debit) AS credit_balance
      FROM side s GROUP BY s.n
  ), written AS (
    INSERT INTO entry (journal_id, leg, debit, credit, currency, amount, debit_seq, credit_seq, debit_balance, credit_balance)
    SELECT p_journals[p.n], p_legs[p.n], p_debits[p.n], p_credits[p.n], p.currency, p_amounts[p.n], p.debit_seq, p.credit_seq, p.debit_balance, p.credit_balance
      FROM pair p ORDER BY p.n
  ), moved AS (
    UPDATE account a
       SET debits = a.debits + c.debits, credits = a.credits + c.credits, seq = a.seq + c.entries,
           held_out = a.held_out - c.released_out, held_in = a.held_in - c.released_in
      FROM (SELECT x.account_id, sum(x.debits) AS debits, sum(x.credits) AS credits, sum(x.entries) AS entries,
                   sum(x.released_out) AS released_out, sum(x.released_in) AS released_in
              FROM (SELECT s.account_id, CASE WHEN s.is_debit THEN s.amount ELSE 0 END AS debits, CASE WHEN s.is_debit THEN 0 ELSE s.amount END AS credits,
                           1 AS entries, 0::bigint AS released_out, 0::bigint AS released_in FROM side s
                    UNION ALL
                    SELECT r.account_id, 0, 0, 0, r.released_out, r.released_in
                      FROM unnest(p_released, p_released_out, p_released_in) AS r (account_id, released_out, released_in)) x
             GROUP BY x.account_id) c
     WHERE a.id = c.account_id
  )
  SELECT p.n, p.debit_balance, p.credit_balance FROM pair p ORDER BY p.n;
END $$;

-- What was counted when it was held and did not move after all.
CREATE FUNCTION ledger_uncount(p_transfer uuid, p_amount bigint, p_whole boolean) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE v transfer%ROWTYPE; v_month date;
BEGIN
  SELECT * INTO STRICT v FROM transfer t WHERE t.id = p_transfer;
  v_month := date_trunc('month', v.business_day);
  UPDATE account a SET day_out = CASE WHEN a.day = v.business_day THEN greatest(a.day_out - p_amount, 0) ELSE a.day_out END,
                       month_out = CASE WHEN a.month = v_month THEN greatest(a.month_out - p_amount, 0) ELSE a.month_out END
   WHERE a.id = v.payer_account;
  UPDATE account a SET day_in = CASE WHEN a.day = v.business_day THEN greatest(a.day_in - p_amount, 0) ELSE a.day_in END,
                       month_in = CASE WHEN a.month = v_month THEN greatest(a.month_in - p_amount, 0) ELSE a.month_in END
   WHERE a.id = v.payee_account AND (a.day_in > 0 OR a.month_in > 0);
  UPDATE pair_counter c
     SET day_out = CASE WHEN c.day = v.business_day THEN greatest(c.day_out - p_amount, 0) ELSE c.day_out END,
         day_count = CASE WHEN c.day = v.business_day AND p_whole THEN greatest(c.day_count - 1, 0) ELSE c.day_count END,
         month_out = CASE WHEN c.month = v_month THEN greatest(c.month_out - p_amount, 0) ELSE c.month_out END,
         month_count = CASE WHEN c.month = v_month AND p_whole THEN greatest(c.month_count - 1, 0) ELSE c.month_count END
   WHERE c.payer_account = v.payer_account AND c.payee_account = v.payee_account;
END $$;

-- Moves the money as quoted, all legs of a transfer as one, in the order in which the transfers were confirmed. Outcomes, in no order:
-- posted; already (settled before, nothing done); rejected (nothing done: the hold is gone). Whatever asks a partner needs the partner's answer
-- `done` on record. What is available is told as it was after each one's own posting.
-- `p_part…`: legs of which less moves than was held, none of it where 0; the rest goes back to the payer.
CREATE FUNCTION ledger_post_all(
  p_ids uuid[], p_part_ids uuid[] DEFAULT '{}', p_part_legs integer[] DEFAULT '{}', p_part_amounts bigint[] DEFAULT '{}')
RETURNS TABLE (id uuid, outcome text, payer_available bigint, payer_balance bigint, payee_available bigint, at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
  v_now timestamptz; v_bad uuid;
  v_ids uuid[]; v_payers uuid[]; v_payees uuid[];
  v_other_ids uuid[]; v_other_outcomes text[];
  v_items integer[]; v_journals uuid[]; v_legs smallint[]; v_debits uuid[]; v_credits uuid[]; v_amounts bigint[];
  v_held_items integer[]; v_held_accounts uuid[]; v_held_out bigint[]; v_held_in bigint[];
  v_debit_balances bigint[]; v_credit_balances bigint[];
  v_part record;
BEGIN
  PERFORM ledger_lock_accounts(p_ids);
  SELECT array_agg(t.id ORDER BY t.ordinal) FILTER (WHERE t.open), array_agg(t.payer_account ORDER BY t.ordinal) FILTER (WHERE t.open),
         array_agg(t.payee_account ORDER BY t.ordinal) FILTER (WHERE t.open),
         coalesce(array_agg(t.id) FILTER (WHERE NOT t.open), '{}'),
         array_agg(CASE t.state WHEN 'REJECTED' THEN 'rejected' ELSE 'already' END) FILTER (WHERE NOT t.open),
         (array_agg(t.id) FILTER (WHERE t.open AND t.kind NOT IN ('send', 'own')
            AND (SELECT true FROM partner_answer a WHERE a.transfer_id = t.id AND a.outcome = 'done' LIMIT 1) IS NULL))[1]
    INTO v_ids, v_payers, v_payees, v_other_ids, v_other_outcomes, v_bad
    FROM (SELECT x.*, x.state NOT IN ('SETTLED', 'REVERSED', 'REJECTED') AS open
            FROM transfer x WHERE x.id = ANY (p_ids) ORDER BY x.id FOR NO KEY UPDATE) t;
  IF coalesce(cardinality(v_ids), 0) + cardinality(v_other_ids) < cardinality(p_ids) THEN
    PERFORM ledger_refuse_unknown(p_ids);
  END IF;
  IF v_bad IS NOT NULL THEN
    RAISE EXCEPTION 'transfer % cannot be posted: no partner said that it is done', v_bad USING ERRCODE = 'LG003';
  END IF;
  IF cardinality(v_other_ids) > 0 THEN
    RETURN QUERY SELECT o.id, o.outcome, NULL::bigint, NULL::bigint, NULL::bigint, NULL::timestamptz FROM unnest(v_other_ids, v_other_outcomes) AS o (id, outcome);
  END IF;
  IF v_ids IS NULL THEN
    RETURN;
  END IF;
  -- Of the clock after the locks, so that the times of an account's entries follow their numbers.
  v_now := clock_timestamp();

  INSERT INTO hold_resolution (transfer_id, outcome, at) SELECT u.id, 'posted', v_now FROM unnest(v_ids) AS u (id);
  INSERT INTO journal (id, kind, transfer_id, reference, business_day, recorded_at)
  SELECT t.id, t.kind, t.id, t.reference, (v_now AT TIME ZONE (SELECT m.time_zone FROM market m WHERE m.currency = t.currency))::date, v_now
    FROM transfer t WHERE t.id = ANY (v_ids);
  SELECT array_agg(l.item), array_agg(l.id), array_agg(l.leg), array_agg(l.debit), array_agg(l.credit), array_agg(l.amount)
    INTO v_items, v_journals, v_legs, v_debits, v_credits, v_amounts
    FROM (SELECT u.n::integer AS item, u.id, x.leg, x.debit, x.credit, x.amount
            FROM unnest(v_ids) WITH ORDINALITY AS u (id, n) JOIN transfer_leg x ON x.transfer_id = u.id ORDER BY u.n, x.leg) l;
  SELECT array_agg(h.item), array_agg(h.account_id), array_agg(h.out_amount), array_agg(h.in_amount)
    INTO v_held_items, v_held_accounts, v_held_out, v_held_in
    FROM (SELECT u.n::integer AS item, x.account_id, x.out_amount, x.in_amount
            FROM unnest(v_ids) WITH ORDINALITY AS u (id, n) JOIN hold x ON x.transfer_id = u.id ORDER BY u.n) h;
  IF cardinality(p_part_ids) > 0 THEN
    FOR v_part IN SELECT p.id, p.leg, p.amount FROM unnest(p_part_ids, p_part_legs, p_part_amounts) AS p (id, leg, amount) LOOP
      CONTINUE WHEN v_part.id <> ALL (v_ids);
      v_bad := v_part.id;
      FOR n IN 1 .. cardinality(v_items) LOOP
        IF v_journals[n] = v_part.id AND v_legs[n] = v_part.leg AND v_part.amount BETWEEN (CASE v_part.leg WHEN 1 THEN 1 ELSE 0 END) AND v_amounts[n] THEN
          IF v_part.leg = 1 AND v_part.amount < v_amounts[n] THEN
            PERFORM ledger_uncount(v_part.id, v_amounts[n] - v_part.amount, false);
          END IF;
          v_amounts[n] := v_part.amount;
          v_bad := NULL;
        END IF;
      END LOOP;
      IF v_bad IS NOT NULL THEN
        RAISE EXCEPTION 'transfer % cannot be posted in part: leg % was not held for that much', v_part.id, v_part.leg USING ERRCODE = 'LG005';
      END IF;
    END LOOP;
    SELECT array_agg(l.item ORDER BY l.n), array_agg(l.journal ORDER BY l.n), array_agg(l.leg ORDER BY l.n), array_agg(l.debit ORDER BY l.n),
           array_agg(l.credit ORDER BY l.n), array_agg(l.amount ORDER BY l.n)
      INTO v_items, v_journals, v_legs, v_debits, v_credits, v_amounts
      FROM unnest(v_items, v_journals, v_legs, v_debits, v_credits, v_amounts) WITH ORDINALITY AS l (item, journal, leg, debit, credit, amount, n)
     WHERE l.amount > 0;
  END IF;

  SELECT array_agg(w.debit_balance ORDER BY w.n), array_agg(w.credit_balance ORDER BY w.n) INTO v_debit_balances, v_credit_balances
    FROM ledger_write_entries(v_journals, v_legs, v_debits, v_credits, v_amounts,
                              coalesce(v_held_accounts, '{}'), coalesce(v_held_out, '{}'), coalesce(v_held_in, '{}')) w;
  IF cardinality(v_debit_balances) IS DISTINCT FROM cardinality(v_amounts) THEN
    RAISE EXCEPTION 'a leg has no account' USING ERRCODE = 'LG005';
  END IF;
  UPDATE transfer t SET state = 'SETTLED', version = t.version + 1, next_attempt_at = NULL, ring_at = NULL, changed_at = v_now WHERE t.id = ANY (v_ids);

  RETURN QUERY
  SELECT v_ids[r.item], 'posted', (r.payer_balance - r.payer_held)::bigint, r.payer_balance, (r.payee_balance - r.payee_held)::bigint, v_now
    FROM (SELECT x.item, min(x.payer_balance) AS payer_balance, coalesce(min(x.payee_debited), max(x.payee_credited)) AS payee_balance,
                 max(x.payer_held) AS payer_held, max(x.payee_held) AS payee_held
            FROM (SELECT e.item, CASE WHEN e.debit = v_payers[e.item] THEN e.debit_balance END AS payer_balance,
                         CASE WHEN e.debit = v_payees[e.item] THEN e.debit_balance END AS payee_debited,
                         CASE WHEN e.credit = v_payees[e.item] THEN e.credit_balance END AS payee_credited,
                         NULL::numeric AS payer_held, NULL::numeric AS payee_held
                    FROM unnest(v_items, v_debits, v_credits, v_debit_balances, v_credit_balances) AS e (item, debit, credit, debit_balance, credit_balance)
                  UNION ALL
                  SELECT h.item, NULL, NULL, NULL, CASE WHEN h.account_id = v_payers[h.item] THEN h.held END, CASE WHEN h.account_id = v_payees[h.item] THEN h.held END
                    -- What later ones of this batch released was still held after this one.
                    FROM (SELECT u.item, u.account_id, a.held_out + coalesce(sum(u.out_amount) OVER (PARTITION BY u.account_id ORDER BY u.item
                                                                                              ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING), 0) AS held
                            FROM unnest(v_held_items, v_held_accounts, v_held_out) AS u (item, account_id, out_amount) JOIN account a ON a.id = u.account_id) h) x
           GROUP BY x.item) r;
END $$;

-- Gives the money back, all legs as one. Outcomes: voided; already (rejected before, nothing done); settled (nothing done: the money has
-- moved). Once something was submitted outside, it needs a partner's refusal on record, or two answers that it was never received.
CREATE FUNCTION ledger_void(p_id uuid, p_reason text, OUT outcome text, OUT payer_available bigint, OUT at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE v transfer%ROWTYPE; v_accounts uuid[]; v_out bigint[]; v_in bigint[];
BEGIN
  PERFORM ledger_refuse_unknown(ARRAY[p_id]);
  PERFORM ledger_lock_accounts(ARRAY[p_id]);
  SELECT * INTO STRICT v FROM transfer t WHERE t.id = p_id FOR NO KEY UPDATE;
  IF v.state IN ('SETTLED', 'REVERSED') THEN
    outcome := 'settled';
    RETURN;
  ELSIF v.state = 'REJECTED' THEN
    outcome := 'already';
    RETURN;
  END IF;
  IF v.state <> 'HELD'
     AND NOT EXISTS (SELECT FROM partner_answer a WHERE a.transfer_id = p_id AND a.outcome = 'refused')
     AND (SELECT count(*) FROM partner_answer a WHERE a.transfer_id = p_id AND a.outcome = 'not_found') < 2 THEN
    RAISE EXCEPTION 'transfer % cannot be voided: no partner refused it', p_id USING ERRCODE = 'LG003';
  END IF;
  IF EXISTS (SELECT FROM partner_answer a WHERE a.transfer_id = p_id AND a.outcome = 'done') THEN
    RAISE EXCEPTION 'transfer % cannot be voided: a partner said that it is done', p_id USING ERRCODE = 'LG003';
  END IF;
  INSERT INTO hold_resolution (transfer_id, outcome) VALUES (p_id, 'voided');
  SELECT array_agg(h.account_id), array_agg(h.out_amount), array_agg(h.in_amount) INTO v_accounts, v_out, v_in FROM hold h WHERE h.transfer_id = p_id;
  PERFORM ledger_write_entries('{}', '{}', '{}', '{}', '{}', v_accounts, v_out, v_in);
  PERFORM ledger_uncount(p_id, v.amount, true);
  UPDATE transfer t SET state = 'REJECTED', version = t.version + 1, reason = p_reason, next_attempt_at = NULL, ring_at = NULL
   WHERE t.id = p_id RETURNING t.changed_at INTO ledger_void.at;
  outcome := 'voided';
  SELECT a.credits - a.debits - a.held_out INTO payer_available FROM account a WHERE a.id = v.payer_account;
END $$;

-- Trust account -> wallet, not for the gateway's role. The same journal again changes nothing; with another wallet or amount it is refused.
CREATE FUNCTION ledger_fund(p_journal uuid, p_reference text, p_wallet uuid, p_amount bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_currency text; v_trust uuid; v_same boolean;
BEGIN
  SELECT a.currency INTO v_currency FROM account a WHERE a.id = p_wallet AND a.kind = 'wallet';
  SELECT a.id INTO v_trust FROM account a WHERE a.kind = 'trust' AND a.code = '' AND a.currency = v_currency;
  IF v_trust IS NULL THEN
    RAISE EXCEPTION 'no such wallet, or no trust account in its currency' USING ERRCODE = 'LG004';
  END IF;
  PERFORM FROM account a WHERE a.id IN (p_wallet, v_trust) ORDER BY a.id FOR NO KEY UPDATE;
  SELECT e.credit = p_wallet AND e.debit = v_trust AND e.amount = p_amount INTO v_same
    FROM journal j JOIN entry e ON e.journal_id = j.id WHERE j.id = p_journal;
  IF FOUND THEN
    IF NOT v_same THEN
      RAISE EXCEPTION 'funding % is on record with other content', p_reference USING ERRCODE = 'LG007';
    END IF;
    RETURN false;
  END IF;
  INSERT INTO journal (id, kind, reference, business_day, recorded_at)
  VALUES (p_journal, 'funding', p_reference, ledger_business_day(v_currency), clock_timestamp());
  PERFORM ledger_write_entries(ARRAY[p_journal], ARRAY[1::smallint], ARRAY[v_trust], ARRAY[p_wallet], ARRAY[p_amount], '{}', '{}', '{}');
  RETURN true;
END $$;

---------------------------------------------------------------- records

-- What a partner answered to an attempt.
CREATE FUNCTION ledger_record_answer(
  p_id uuid, p_attempt integer, p_outcome text, p_partner_reference text DEFAULT NULL, p_receipt bytea DEFAULT NULL, p_cause text DEFAULT NULL) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  INSERT INTO partner_answer (transfer_id, attempt, outcome, partner_reference, receipt, cause)
  VALUES (p_id, p_attempt, p_outcome, p_partner_reference, p_receipt, p_cause)
$$;

CREATE FUNCTION ledger_record_poison(p_what text, p_id uuid, p_sqlstate text, p_message text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  INSERT INTO ledger_poison AS p (what, id, sqlstate, message) VALUES (p_what, p_id, p_sqlstate, left(p_message, 500))
  ON CONFLICT (what, id) DO UPDATE SET sqlstate = excluded.sqlstate, message = excluded.message, at = now(), tries = p.tries + 1
$$;

---------------------------------------------------------------- rights

REVOKE ALL ON FUNCTION
  ledger_refuse_stray, ledger_hold_all, ledger_lock_accounts, ledger_refuse_unknown, ledger_write_entries, ledger_uncount, ledger_post_all, ledger_void, ledger_fund,
  ledger_record_answer, ledger_record_poison
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger_hold_all, ledger_post_all, ledger_void, ledger_record_answer, ledger_record_poison TO :"application";
GRANT SELECT ON transfer_refusal, ledger_poison TO :"application";
REVOKE INSERT ON partner_answer FROM :"application";
