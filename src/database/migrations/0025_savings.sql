-- Savings: a second wallet of a person, to and from which only their own main wallet moves money. Both together hold no more than the tier may.

---------------------------------------------------------------- one ceiling for both

-- Of a main wallet: what its owner's savings have and is not on its way back. It takes room: `ceiling` is what is left for the main wallet
-- itself, so that whatever comes from outside is judged, and refused, as ever. `ceiling + aside` is what both may hold.
ALTER TABLE account ADD COLUMN aside bigint NOT NULL DEFAULT 0 CHECK (aside >= 0);

-- Money that comes back raises what is on its way in a moment before it gives its room back, in the same statement. Hence at once only the
-- whole bound, and when the transaction commits the one that leaves out what stands aside.
ALTER TABLE account DROP CONSTRAINT account_never_over_full;
ALTER TABLE account ADD CONSTRAINT account_never_over_full CHECK (ceiling IS NULL OR credits - debits + held_in <= ceiling + aside);

CREATE FUNCTION ledger_check_both() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM account a WHERE a.id = NEW.id AND a.credits - a.debits + a.held_in > a.ceiling) THEN
    RAISE EXCEPTION 'account % and its owner''s savings would hold more than their ceiling', NEW.id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'account_never_over_full';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER never_over_full_together AFTER UPDATE ON account DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  WHEN (NEW.aside > 0 AND NEW.credits - NEW.debits + NEW.held_in > NEW.ceiling) EXECUTE FUNCTION ledger_check_both();

---------------------------------------------------------------- only to and from one's own main wallet

-- After every change of savings: what is kept back there is of transfers `own` with the main wallet of the same person, so are the entries, but for
-- what the house charges, and the main wallet knows what stands aside. Who moves savings has locked both wallets.
CREATE FUNCTION ledger_follow_savings() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_main uuid; v_out bigint; v_in bigint; v_more bigint;
BEGIN
  SELECT a.id INTO STRICT v_main FROM account a
   WHERE a.kind = 'wallet' AND a.owner_id = NEW.owner_id AND a.code = 'main' AND a.currency = NEW.currency;
  IF NEW.held_out > OLD.held_out OR NEW.held_in > OLD.held_in THEN
    SELECT coalesce(sum(h.out_amount), 0), coalesce(sum(h.in_amount), 0) INTO v_out, v_in
      FROM transfer t JOIN hold h ON h.transfer_id = t.id AND h.account_id = NEW.id
     WHERE t.payer_account IN (v_main, NEW.id) AND t.payee_account IN (v_main, NEW.id) AND t.kind = 'own' AND t.state = 'HELD';
    IF (v_out, v_in) <> (NEW.held_out, NEW.held_in) THEN
      RAISE EXCEPTION 'savings % move to and from their owner''s main wallet only', NEW.id USING ERRCODE = 'LG005';
    END IF;
  END IF;
  IF EXISTS (SELECT FROM entry e WHERE e.credit = NEW.id AND e.credit_seq > OLD.seq AND e.debit <> v_main)
     OR EXISTS (SELECT FROM entry e JOIN account o ON o.id = e.credit
                 WHERE e.debit = NEW.id AND e.debit_seq > OLD.seq AND e.credit <> v_main
                   AND o.kind NOT IN ('fee_income', 'tax_payable', 'levy_payable')) THEN
    RAISE EXCEPTION 'savings % move to and from their owner''s main wallet only', NEW.id USING ERRCODE = 'LG005';
  END IF;
  v_more := (NEW.credits - NEW.debits - NEW.held_out) - (OLD.credits - OLD.debits - OLD.held_out);
  UPDATE account a SET aside = a.aside + v_more, ceiling = a.ceiling - v_more WHERE a.id = v_main AND v_more <> 0;
  RETURN NULL;
END $$;
CREATE TRIGGER main_follows AFTER UPDATE ON account FOR EACH ROW
  WHEN (NEW.code = 'savings' AND NEW.kind = 'wallet'
        AND (NEW.debits, NEW.credits, NEW.held_out, NEW.held_in, NEW.seq) IS DISTINCT FROM (OLD.debits, OLD.credits, OLD.held_out, OLD.held_in, OLD.seq))
  EXECUTE FUNCTION ledger_follow_savings();

-- The savings of a person, empty where they are opened now. NULL where there is no open main wallet.
CREATE FUNCTION ledger_open_savings(p_subscriber uuid, p_currency text, OUT id uuid, OUT opened boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO account AS s (kind, owner_id, code, currency, floor)
  SELECT 'wallet', a.owner_id, 'savings', a.currency, 0 FROM account a
   WHERE a.kind = 'wallet' AND a.owner_id = p_subscriber AND a.code = 'main' AND a.currency = p_currency AND a.status = 'open'
  ON CONFLICT (kind, owner_id, code, currency) DO NOTHING RETURNING s.id INTO ledger_open_savings.id;
  opened := ledger_open_savings.id IS NOT NULL;
  IF NOT opened THEN
    SELECT a.id INTO ledger_open_savings.id
      FROM account a WHERE a.kind = 'wallet' AND a.owner_id = p_subscriber AND a.code = 'savings' AND a.currency = p_currency;
  END IF;
END $$;

---------------------------------------------------------------- ceilings follow the tier and the tariff

-- As before, and of both wallets: main gets what savings leave of it. `ceiling` is what both may hold now: above `wanted` where they hold more.
CREATE OR REPLACE FUNCTION ledger_apply_ceilings(p_currency text, p_owner uuid, p_after uuid, p_limit integer)
RETURNS TABLE (account_id uuid, owner_id uuid, wanted bigint, ceiling bigint)
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH due AS MATERIALIZED (
    SELECT a.id, l.balance AS wanted, a.credits - a.debits + a.held_in AS holds
      FROM account a
      JOIN subscriber s ON s.id = a.owner_id
      JOIN tier_limit l ON l.version = (SELECT ledger_tariff_in_force(p_currency)) AND l.tier = s.tier
     WHERE a.kind = 'wallet' AND a.code = 'main' AND a.currency = p_currency AND a.status = 'open'
       AND (p_owner IS NULL OR a.owner_id = p_owner) AND (p_after IS NULL OR a.id > p_after)
       AND a.ceiling IS DISTINCT FROM l.balance - a.aside
     ORDER BY a.id LIMIT p_limit FOR NO KEY UPDATE OF a
  )
  UPDATE account a SET ceiling = CASE WHEN due.wanted IS NOT NULL THEN greatest(due.wanted - a.aside, due.holds) END
    FROM due WHERE a.id = due.id
  RETURNING a.id, a.owner_id, due.wanted, a.ceiling + a.aside
$$;

REVOKE ALL ON FUNCTION ledger_check_both, ledger_follow_savings, ledger_open_savings FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger_open_savings TO :"application";
