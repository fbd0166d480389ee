-- Faster ways to the same outcomes; and what a person moves between accounts of their own is neither limited nor counted.

---------------------------------------------------------------- what names another row, checked where the writer has not looked it up

-- `ledger.referenced` is set by the two functions that write most, while they write: they have read, and locked or found unchangeable,
-- whatever they name. The application writes these tables through functions only, so there is nothing in it for who sets it by hand.
DROP TRIGGER checked ON transfer_leg;
DROP TRIGGER checked ON entry;
DROP TRIGGER checked ON hold;
DROP TRIGGER checked ON transfer_event;
DROP TRIGGER checked ON journal;
DROP TRIGGER checked ON hold_resolution;

CREATE OR REPLACE FUNCTION ledger_check_leg() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT count(*) FROM account a WHERE a.id IN (NEW.debit, NEW.credit) AND a.currency = NEW.currency) < 2 THEN
    PERFORM ledger_refuse_stray(TG_TABLE_NAME, 'an account in its currency');
  ELSIF NOT EXISTS (SELECT FROM transfer t WHERE t.id = NEW.transfer_id) THEN
    PERFORM ledger_refuse_stray(TG_TABLE_NAME, 'a transfer');
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION ledger_check_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT count(*) FROM account a WHERE a.id IN (NEW.debit, NEW.credit) AND a.currency = NEW.currency) < 2 THEN
    PERFORM ledger_refuse_stray(TG_TABLE_NAME, 'an account in its currency');
  ELSIF NOT EXISTS (SELECT FROM journal j WHERE j.id = NEW.journal_id) THEN
    PERFORM ledger_refuse_stray(TG_TABLE_NAME, 'a journal');
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION ledger_check_hold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM transfer t WHERE t.id = NEW.transfer_id) OR NOT EXISTS (SELECT FROM account a WHERE a.id = NEW.account_id) THEN
    PERFORM ledger_refuse_stray(TG_TABLE_NAME, 'a transfer or an account');
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION ledger_check_of_transfer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.transfer_id IS NOT NULL AND NOT EXISTS (SELECT FROM transfer t WHERE t.id = NEW.transfer_id) THEN
    PERFORM ledger_refuse_stray(TG_TABLE_NAME, 'a transfer');
  END IF;
  RETURN NULL;
END $$;
DO $$
DECLARE v record;
BEGIN
  FOR v IN SELECT * FROM (VALUES ('transfer_leg', 'ledger_check_leg'), ('entry', 'ledger_check_entry'), ('hold', 'ledger_check_hold'),
      ('transfer_event', 'ledger_check_of_transfer'), ('journal', 'ledger_check_of_transfer'), ('hold_resolution', 'ledger_check_of_transfer'))
      AS c (name, checks) LOOP
    EXECUTE format('CREATE TRIGGER checked AFTER INSERT ON %I FOR EACH ROW WHEN (current_setting(''ledger.referenced'', true) IS DISTINCT FROM ''yes'') '
                   'EXECUTE FUNCTION %I()', v.name, v.checks);
  END LOOP;
END $$;

CREATE OR REPLACE FUNCTION ledger_record_begin() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('ledger.referenced', true) IS DISTINCT FROM 'yes'
     AND EXISTS (SELECT FROM added t
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

-- Posting keeps the day open and records the move itself: only `ledger_post_all` makes anything but a reversal SETTLED.
CREATE FUNCTION ledger_keep_day_open(p_day date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE v_closed date;
BEGIN
  PERFORM pg_advisory_xact_lock_shared(ledger_day_lock(p_day));
  SELECT max(c.business_day) INTO v_closed FROM day_close c;
  IF p_day <= v_closed THEN
    RAISE EXCEPTION 'the day % is closed, and % too: nothing can be posted on it', v_closed, p_day USING ERRCODE = 'LG008';
  END IF;
END $$;

DROP TRIGGER days_stay_closed ON journal;
CREATE OR REPLACE FUNCTION ledger_refuse_closed_day() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM ledger_keep_day_open(NEW.business_day);
  RETURN NULL;
END $$;
CREATE TRIGGER days_stay_closed AFTER INSERT ON journal FOR EACH ROW
  WHEN (NEW.kind NOT IN ('send', 'bill', 'airtime', 'own', 'collect', 'disburse') OR current_setting('ledger.referenced', true) IS DISTINCT FROM 'yes')
  EXECUTE FUNCTION ledger_refuse_closed_day();

DROP TRIGGER recorded ON transfer;
CREATE OR REPLACE FUNCTION ledger_record_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO transfer_event (transfer_id, version, from_state, to_state, reason) VALUES (NEW.id, NEW.version, OLD.state, NEW.state, NEW.reason);
  IF NOT EXISTS (SELECT FROM transfer_edge e WHERE e.from_state = OLD.state AND e.to_state = NEW.state) THEN
    RAISE EXCEPTION 'transfer % cannot go from % to %', NEW.id, OLD.state, NEW.state USING ERRCODE = 'LG003';
  ELSIF NEW.state IN ('SETTLED', 'REJECTED')
        AND (SELECT r.outcome FROM hold_resolution r WHERE r.transfer_id = NEW.id)
            IS DISTINCT FROM (CASE NEW.state WHEN 'SETTLED' THEN 'posted' ELSE 'voided' END) THEN
    RAISE EXCEPTION 'transfer % cannot be % while its hold is not resolved so', NEW.id, NEW.state USING ERRCODE = 'LG003';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER recorded AFTER UPDATE ON transfer FOR EACH ROW
  WHEN (OLD.state IS DISTINCT FROM NEW.state
        AND (NEW.state <> 'SETTLED' OR NEW.kind = 'reversal' OR current_setting('ledger.referenced', true) IS DISTINCT FROM 'yes'))
  EXECUTE FUNCTION ledger_record_moves();

---------------------------------------------------------------- what waits before a transfer

-- Its condition is one that `transfer_unfinished` cannot be shown to fit: both look empty to the planner, and that one holds what waits of everybody.
DROP INDEX transfer_waiting;
CREATE INDEX transfer_waiting ON transfer (payer_account, ordinal) WHERE CASE state WHEN 'HELD' THEN true ELSE false END;

---------------------------------------------------------------- what is one's own is neither limited nor counted

-- What applies to a transfer, and how much of it is used. No row: the payer has no account that may pay, or no limits for its tier.
-- Between accounts of one person only the minimum, what is there and the room apply; and what comes back to the main wallet had its room all along.
CREATE OR REPLACE FUNCTION ledger_terms(p_kind text, p_currency text, p_payer uuid, p_payer_account uuid, p_payee_account uuid)
RETURNS TABLE (
  minimum bigint, may_receive boolean, per_transaction bigint, available bigint, per_day bigint, sent_today bigint, per_month bigint,
  sent_this_month bigint, room bigint, receive_per_day bigint, received_today bigint, receive_per_month bigint, received_this_month bigint)
LANGUAGE sql STABLE AS $$
  SELECT service.minimum,
         (payee.status = 'open' AND (payee.owner_id IS NULL OR payee_owner.status = 'active')) IS TRUE,
         CASE WHEN p_kind <> 'own' THEN least(own.per_transaction, low.per_transaction) END,
         payer.credits - payer.debits - payer.held_out - payer.floor,
         CASE WHEN p_kind <> 'own' THEN least(own.per_day, low.per_day) END,
         CASE WHEN payer.day >= (SELECT ledger_business_day(p_currency)) THEN payer.day_out ELSE 0 END,
         CASE WHEN p_kind <> 'own' THEN least(own.per_month, low.per_month) END,
         CASE WHEN payer.month >= (SELECT date_trunc('month', ledger_business_day(p_currency))) THEN payer.month_out ELSE 0 END,
         CASE WHEN p_kind <> 'own' OR payee.code <> 'main' THEN payee.ceiling - (payee.credits - payee.debits + payee.held_in) END,
         CASE WHEN p_kind <> 'own' THEN least(payee_own.receive_per_day, payee_low.receive_per_day) END,
         CASE WHEN payee.day >= (SELECT ledger_business_day(p_currency)) THEN payee.day_in ELSE 0 END,
         CASE WHEN p_kind <> 'own' THEN least(payee_own.receive_per_month, payee_low.receive_per_month) END,
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

-- What was counted when it was held and did not move after all.
CREATE OR REPLACE FUNCTION ledger_uncount(p_transfer uuid, p_amount bigint, p_whole boolean) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE v transfer%ROWTYPE; v_month date;
BEGIN
  SELECT * INTO STRICT v FROM transfer t WHERE t.id = p_transfer;
  IF v.kind = 'own' THEN
    RETURN;
  END IF;
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
---------------------------------------------------------------- hold

-- Stores what PINs confirmed and keeps the money back, one by one in the order given; all arrays have an element an item, those of legs
-- name their item's number. Outcomes, in the order given: held; known (this very quote is stored already); conflict (the id is stored,
-- or was refused, with other content); expired; or a word of ledger_judge with its detail. What is neither held nor on record already is put
-- on record as refused. A caller's bug in one item is an exception, and nothing of the batch is stored.
CREATE OR REPLACE FUNCTION ledger_hold_all(
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
  f integer; t integer; v_word text; v_left_today bigint; v_left_month bigint; v_room_left bigint; v_constraint text; v_mark text;
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
                 bool_and(CASE WHEN l.leg IS NULL THEN NULL
                               WHEN l.leg = 1 THEN (l.debit = p_payer_accounts[l.n] AND l.credit = p_payee_accounts[l.n] AND l.amount = p_amounts[l.n]) IS TRUE
                               ELSE (l.debit IN (p_payer_accounts[l.n], p_payee_accounts[l.n])
                                 AND l.credit_kind IN ('fee_income', 'tax_payable', 'levy_payable')) IS TRUE END) AS good
            FROM (SELECT i.n, NULL::bigint AS leg, NULL::uuid AS debit, NULL::uuid AS credit, NULL::bigint AS amount, NULL::text AS credit_kind
                    FROM generate_series(1, cardinality(p_ids)) AS i (n)
                  UNION ALL
                  SELECT u.item, row_number() OVER (PARTITION BY u.item ORDER BY u.n), u.debit, u.credit, u.amount,
                         (SELECT a.kind FROM account a WHERE a.id = u.credit AND a.currency = p_currency)
                    FROM unnest(p_leg_items, p_leg_debits, p_leg_credits, p_leg_amounts) WITH ORDINALITY AS u (item, debit, credit, amount, n)) l
           WHERE l.n BETWEEN 1 AND cardinality(p_ids)
           GROUP BY l.n) s;

  v_mark := set_config('ledger.referenced', 'yes', true);
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
      v_room_left := least(CASE WHEN v.kind <> 'own' OR v_codes[t] <> 'main' THEN v_room[t] END, v.receive_per_day - v_day_in[t], v.receive_per_month - v_month_in[t]);
      v_word := ledger_judge(v.amount, v.amount + v.fee, v.minimum, v.may_receive, v.per_transaction, v_available[f], v_left_today, v_left_month, v_room_left);
      IF v_word IS NOT NULL THEN
        v_outcomes[v.n] := v_word; v_refused[v.n] := true;
        v_details[v.n] := ledger_detail(v_word, v.minimum, v.per_transaction, v_available[f], v_left_today, v_left_month);
        CONTINUE;
      END IF;

      v_available[f] := v_available[f] - v.amount - v.fee;
      v_out[f] := v_out[f] + v.amount + v.fee;
      IF v.kind <> 'own' THEN
        v_day_out[f] := v_day_out[f] + v.amount;
        v_month_out[f] := v_month_out[f] + v.amount;
      END IF;
      v_touched[f] := true;
      IF v_kept[t] THEN
        v_room[t] := v_room[t] - CASE WHEN v.kind <> 'own' OR v_codes[t] <> 'main' THEN v_net[v.n] ELSE 0 END;
        v_in[t] := v_in[t] + v_net[v.n];
        IF v.kind <> 'own' THEN
          v_day_in[t] := v_day_in[t] + v.amount;
          v_month_in[t] := v_month_in[t] + v.amount;
        END IF;
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
  v_mark := set_config('ledger.referenced', '', true);
  UPDATE account a
     SET held_out = a.held_out + d.out_amount, held_in = a.held_in + d.in_amount, day = d.day, day_out = d.day_out, day_in = d.day_in,
         month = d.month, month_out = d.month_out, month_in = d.month_in
    FROM unnest(v_accounts, v_touched, v_out, v_in, v_days, v_day_out, v_day_in, v_months, v_month_out, v_month_in)
         AS d (id, touched, out_amount, in_amount, day, day_out, day_in, month, month_out, month_in)
   WHERE a.id = d.id AND d.touched;
  INSERT INTO pair_counter AS c (payer_account, payee_account, day, day_out, day_count, month, month_out, month_count)
  SELECT i.payer_account, i.payee_account, v_day, sum(i.amount), count(*), v_month, sum(i.amount), count(*)
    FROM unnest(p_kinds, p_payer_accounts, p_payee_accounts, p_amounts, v_ordinals) AS i (kind, payer_account, payee_account, amount, ordinal)
   WHERE i.ordinal IS NOT NULL AND i.kind <> 'own'
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

---------------------------------------------------------------- post

-- `ledger_post_all` of a single transfer, as few statements as can be: most of a lone posting's time goes into starting them.
CREATE FUNCTION ledger_post_one(
  p_id uuid, OUT outcome text, OUT payer_available bigint, OUT payer_balance bigint, OUT payee_available bigint, OUT at timestamptz)
LANGUAGE plpgsql AS $$
DECLARE
  v record; v_day date; v_mark text; d integer; c integer;
  v_legs smallint[]; v_debits uuid[]; v_credits uuid[]; v_amounts bigint[];
  v_debit_seqs bigint[]; v_credit_seqs bigint[]; v_debit_balances bigint[]; v_credit_balances bigint[];
  -- Of each account: its number and balance after the legs so far, what they moved, and what the hold gives back (NULL without one).
  v_accounts uuid[]; v_seqs bigint[]; v_balances bigint[]; v_moved_out bigint[]; v_moved_in bigint[]; v_entries integer[];
  v_held bigint[]; v_released_out bigint[]; v_released_in bigint[];
BEGIN
  SELECT array_agg(l.leg), array_agg(l.debit), array_agg(l.credit), array_agg(l.amount) INTO v_legs, v_debits, v_credits, v_amounts
    FROM (SELECT x.leg, x.debit, x.credit, x.amount FROM transfer_leg x WHERE x.transfer_id = p_id ORDER BY x.leg) l;
  SELECT array_agg(a.id), array_agg(a.seq), array_agg(a.balance), array_agg(a.nought), array_agg(a.nought), array_agg(0),
         array_agg(a.held_out), array_agg(a.out_amount), array_agg(a.in_amount)
    INTO v_accounts, v_seqs, v_balances, v_moved_out, v_moved_in, v_entries, v_held, v_released_out, v_released_in
    FROM (SELECT x.id, x.seq, x.credits - x.debits AS balance, 0::bigint AS nought, x.held_out, h.out_amount, h.in_amount
            FROM account x LEFT JOIN hold h ON h.transfer_id = p_id AND h.account_id = x.id
           WHERE x.id = ANY (v_debits || v_credits) ORDER BY x.id FOR NO KEY UPDATE OF x) a;
  SELECT t.state, t.version, t.kind, t.reference, t.reason, t.currency, t.payer_account, t.payee_account,
         (SELECT m.time_zone FROM market m WHERE m.currency = t.currency) AS time_zone
    INTO v FROM transfer t WHERE t.id = p_id FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    PERFORM ledger_refuse_unknown(ARRAY[p_id]);
  ELSIF v.state IN ('SETTLED', 'REVERSED', 'REJECTED') THEN
    outcome := CASE v.state WHEN 'REJECTED' THEN 'rejected' ELSE 'already' END;
    RETURN;
  ELSIF v.kind NOT IN ('send', 'own')
        AND NOT EXISTS (SELECT FROM partner_answer a WHERE a.transfer_id = p_id AND a.outcome = 'done') THEN
    RAISE EXCEPTION 'transfer % cannot be posted: no partner said that it is done', p_id USING ERRCODE = 'LG003';
  END IF;
  -- Of the clock after the locks, so that the times of an account's entries follow their numbers.
  at := clock_timestamp();
  v_day := (at AT TIME ZONE v.time_zone)::date;

  FOR n IN 1 .. cardinality(v_legs) LOOP
    d := array_position(v_accounts, v_debits[n]);
    c := array_position(v_accounts, v_credits[n]);
    v_seqs[d] := v_seqs[d] + 1;
    v_balances[d] := v_balances[d] - v_amounts[n];
    v_moved_out[d] := v_moved_out[d] + v_amounts[n];
    v_entries[d] := v_entries[d] + 1;
    v_debit_seqs[n] := v_seqs[d];
    v_debit_balances[n] := v_balances[d];
    v_seqs[c] := v_seqs[c] + 1;
    v_balances[c] := v_balances[c] + v_amounts[n];
    v_moved_in[c] := v_moved_in[c] + v_amounts[n];
    v_entries[c] := v_entries[c] + 1;
    v_credit_seqs[n] := v_seqs[c];
    v_credit_balances[n] := v_balances[c];
  END LOOP;

  PERFORM ledger_keep_day_open(v_day);
  v_mark := set_config('ledger.referenced', 'yes', true);
  WITH resolved AS (
    INSERT INTO hold_resolution (transfer_id, outcome, at) VALUES (p_id, 'posted', ledger_post_one.at)
  ), named AS (
    INSERT INTO journal (id, kind, transfer_id, reference, business_day, recorded_at) VALUES (p_id, v.kind, p_id, v.reference, v_day, ledger_post_one.at)
  ), written AS (
    INSERT INTO entry (journal_id, leg, debit, credit, currency, amount, debit_seq, credit_seq, debit_balance, credit_balance)
    SELECT p_id, e.leg, e.debit, e.credit, v.currency, e.amount, e.debit_seq, e.credit_seq, e.debit_balance, e.credit_balance
      FROM unnest(v_legs, v_debits, v_credits, v_amounts, v_debit_seqs, v_credit_seqs, v_debit_balances, v_credit_balances)
           AS e (leg, debit, credit, amount, debit_seq, credit_seq, debit_balance, credit_balance)
  ), moved AS (
    UPDATE account a
       SET debits = a.debits + m.debits, credits = a.credits + m.credits, seq = a.seq + m.entries,
           held_out = a.held_out - coalesce(m.released_out, 0), held_in = a.held_in - coalesce(m.released_in, 0)
      FROM unnest(v_accounts, v_moved_out, v_moved_in, v_entries, v_released_out, v_released_in)
           AS m (id, debits, credits, entries, released_out, released_in)
     WHERE a.id = m.id
  ), recorded AS (
    INSERT INTO transfer_event (transfer_id, version, from_state, to_state, reason) VALUES (p_id, v.version + 1, v.state, 'SETTLED', v.reason)
  )
  UPDATE transfer t SET state = 'SETTLED', version = t.version + 1, next_attempt_at = NULL, ring_at = NULL, changed_at = ledger_post_one.at WHERE t.id = p_id;
  v_mark := set_config('ledger.referenced', '', true);

  d := array_position(v_accounts, v.payer_account);
  c := array_position(v_accounts, v.payee_account);
  outcome := 'posted';
  payer_balance := v_balances[d];
  payer_available := v_balances[d] - (v_held[d] - v_released_out[d]);
  payee_available := v_balances[c] - (v_held[c] - v_released_out[c]);
END $$;

-- Moves the money as quoted, all legs of a transfer as one, in the order in which the transfers were confirmed. Outcomes, in no order:
-- posted; already (settled before, nothing done); rejected (nothing done: the hold is gone). Whatever asks a partner needs the partner's answer
-- `done` on record. What is available is told as it was after each one's own posting.
-- `p_part…`: legs of which less moves than was held, none of it where 0; the rest goes back to the payer.
CREATE OR REPLACE FUNCTION ledger_post_all(
  p_ids uuid[], p_part_ids uuid[] DEFAULT '{}', p_part_legs integer[] DEFAULT '{}', p_part_amounts bigint[] DEFAULT '{}')
RETURNS TABLE (id uuid, outcome text, payer_available bigint, payer_balance bigint, payee_available bigint, at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
  v_now timestamptz; v_bad uuid; v_one record; v_mark text;
  v_ids uuid[]; v_payers uuid[]; v_payees uuid[]; v_kinds text[]; v_references text[]; v_currencies text[];
  v_states text[]; v_versions integer[]; v_reasons text[];
  v_other_ids uuid[]; v_other_outcomes text[];
  v_items integer[]; v_journals uuid[]; v_legs smallint[]; v_debits uuid[]; v_credits uuid[]; v_amounts bigint[];
  v_held_items integer[]; v_held_accounts uuid[]; v_held_out bigint[]; v_held_in bigint[];
  v_debit_balances bigint[]; v_credit_balances bigint[];
  v_part record;
BEGIN
  IF cardinality(p_ids) = 1 AND cardinality(p_part_ids) = 0 THEN
    v_one := ledger_post_one(p_ids[1]);
    id := p_ids[1]; outcome := v_one.outcome; at := v_one.at;
    payer_available := v_one.payer_available; payer_balance := v_one.payer_balance; payee_available := v_one.payee_available;
    RETURN NEXT;
    RETURN;
  END IF;
  PERFORM ledger_lock_accounts(p_ids);
  SELECT array_agg(t.id ORDER BY t.ordinal) FILTER (WHERE t.open), array_agg(t.payer_account ORDER BY t.ordinal) FILTER (WHERE t.open),
         array_agg(t.payee_account ORDER BY t.ordinal) FILTER (WHERE t.open), array_agg(t.kind ORDER BY t.ordinal) FILTER (WHERE t.open),
         array_agg(t.reference ORDER BY t.ordinal) FILTER (WHERE t.open), array_agg(t.currency ORDER BY t.ordinal) FILTER (WHERE t.open),
         array_agg(t.state ORDER BY t.ordinal) FILTER (WHERE t.open), array_agg(t.version ORDER BY t.ordinal) FILTER (WHERE t.open),
         array_agg(t.reason ORDER BY t.ordinal) FILTER (WHERE t.open),
         coalesce(array_agg(t.id) FILTER (WHERE NOT t.open), '{}'),
         array_agg(CASE t.state WHEN 'REJECTED' THEN 'rejected' ELSE 'already' END) FILTER (WHERE NOT t.open),
         (array_agg(t.id) FILTER (WHERE t.open AND t.kind NOT IN ('send', 'own')
            AND (SELECT true FROM partner_answer a WHERE a.transfer_id = t.id AND a.outcome = 'done' LIMIT 1) IS NULL))[1]
    INTO v_ids, v_payers, v_payees, v_kinds, v_references, v_currencies, v_states, v_versions, v_reasons, v_other_ids, v_other_outcomes, v_bad
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

  v_mark := set_config('ledger.referenced', 'yes', true);
  INSERT INTO hold_resolution (transfer_id, outcome, at) SELECT u.id, 'posted', v_now FROM unnest(v_ids) AS u (id);
  INSERT INTO journal (id, kind, transfer_id, reference, business_day, recorded_at)
  SELECT t.id, t.kind, t.id, t.reference, (v_now AT TIME ZONE (SELECT m.time_zone FROM market m WHERE m.currency = t.currency))::date, v_now
    FROM unnest(v_ids, v_kinds, v_references, v_currencies) AS t (id, kind, reference, currency);
  PERFORM ledger_keep_day_open(d.day)
    FROM (SELECT DISTINCT (v_now AT TIME ZONE m.time_zone)::date AS day FROM market m WHERE m.currency = ANY (v_currencies) ORDER BY 1) d;
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
  INSERT INTO transfer_event (transfer_id, version, from_state, to_state, reason)
  SELECT t.id, t.version + 1, t.state, 'SETTLED', t.reason FROM unnest(v_ids, v_versions, v_states, v_reasons) AS t (id, version, state, reason);
  v_mark := set_config('ledger.referenced', '', true);

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

REVOKE ALL ON FUNCTION ledger_post_one, ledger_keep_day_open FROM PUBLIC;
