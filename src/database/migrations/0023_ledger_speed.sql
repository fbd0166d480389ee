-- Faster ways to the same outcomes; and what a person moves between accounts of their own is neither limited nor counted.

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
