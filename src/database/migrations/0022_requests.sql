-- Money that somebody asks of somebody: as a favour, or back because it was sent by mistake.

---------------------------------------------------------------- asking for money

-- Its id becomes the id of the transfer that pays it: the key of `transfer` lets it be paid once.
CREATE TABLE money_request (
  id           uuid        PRIMARY KEY,
  requester_id uuid        NOT NULL REFERENCES subscriber,
  payer_id     uuid        NOT NULL REFERENCES subscriber,
  currency     text        NOT NULL REFERENCES currency,
  amount       bigint      NOT NULL CHECK (amount > 0),
  asked_at     timestamptz NOT NULL DEFAULT now(),
  expires_at   timestamptz NOT NULL CHECK (expires_at > asked_at),
  declined_at  timestamptz,
  CHECK (requester_id <> payer_id)
);
CREATE INDEX money_request_to ON money_request (payer_id, expires_at) WHERE declined_at IS NULL;
CREATE INDEX money_request_by ON money_request (requester_id, asked_at DESC);

CREATE FUNCTION money_request_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.declined_at IS NOT NULL OR (to_jsonb(NEW) - 'declined_at') <> (to_jsonb(OLD) - 'declined_at') THEN
    RAISE EXCEPTION 'request % can be declined once, and nothing else of it changes', OLD.id USING ERRCODE = 'LG001';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER guarded BEFORE UPDATE ON money_request FOR EACH ROW EXECUTE FUNCTION money_request_guard();
CREATE TRIGGER never_deleted BEFORE DELETE ON money_request FOR EACH ROW EXECUTE FUNCTION ledger_refuse_edit();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON money_request EXECUTE FUNCTION ledger_refuse_edit();

---------------------------------------------------------------- asking money back

-- The transfer that gives money back: from the payee of the original to its payer. It keeps what it asks for back from the moment it is
-- asked, and is posted once the payee agrees or two officers do. Only one for a transfer, and never for more than that.
ALTER TABLE transfer DROP CONSTRAINT transfer_kind_check;
ALTER TABLE transfer ADD CONSTRAINT transfer_kind_check
  CHECK (kind IN ('send', 'bill', 'airtime', 'own', 'collect', 'disburse', 'reversal'));

CREATE TABLE reversal (
  transfer_id uuid        PRIMARY KEY REFERENCES transfer,
  original_id uuid        NOT NULL UNIQUE REFERENCES transfer,
  expires_at  timestamptz NOT NULL,
  -- Set when the payee of the original has said with the PIN that the money is to go back.
  agreed_at   timestamptz,
  CHECK (transfer_id <> original_id)
);

-- What named people say about a transfer that waits for them: two must say the same. A name counts once.
CREATE TABLE transfer_decision (
  transfer_id uuid        NOT NULL REFERENCES transfer,
  officer     text        NOT NULL CHECK (officer ~ '^[a-z0-9][a-z0-9._-]{1,63}$'),
  settle      boolean     NOT NULL,
  reason      text        NOT NULL CHECK (length(reason) BETWEEN 3 AND 500),
  at          timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (transfer_id, officer)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON transfer_decision FOR EACH ROW EXECUTE FUNCTION ledger_refuse_edit();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON transfer_decision EXECUTE FUNCTION ledger_refuse_edit();
CREATE TRIGGER never_deleted BEFORE DELETE ON reversal FOR EACH ROW EXECUTE FUNCTION ledger_refuse_edit();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON reversal EXECUTE FUNCTION ledger_refuse_edit();

-- A reversal mirrors its original and gives back no more than that; it goes either way only by those who may say so.
CREATE FUNCTION ledger_guard_reversal() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE v_back transfer%ROWTYPE; v_original transfer%ROWTYPE;
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF OLD.agreed_at IS NOT NULL OR (NEW.transfer_id, NEW.original_id, NEW.expires_at) <> (OLD.transfer_id, OLD.original_id, OLD.expires_at) THEN
      RAISE EXCEPTION 'reversal % can be agreed to once, and nothing else of it changes', OLD.transfer_id USING ERRCODE = 'LG001';
    END IF;
    RETURN NEW;
  END IF;
  SELECT * INTO STRICT v_back FROM transfer WHERE id = NEW.transfer_id;
  SELECT * INTO STRICT v_original FROM transfer WHERE id = NEW.original_id;
  IF v_back.kind <> 'reversal' OR v_original.kind <> 'send' OR v_original.state <> 'SETTLED' OR v_back.amount > v_original.amount
     OR (v_back.payer_account, v_back.payee_account) <> (v_original.payee_account, v_original.payer_account) THEN
    RAISE EXCEPTION 'transfer % cannot be reversed by %', NEW.original_id, NEW.transfer_id USING ERRCODE = 'LG003';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER guarded BEFORE INSERT OR UPDATE ON reversal FOR EACH ROW EXECUTE FUNCTION ledger_guard_reversal();

-- Asks money back that `p_payer` sent (NULL: an officer asks for them): what is unspent of it is kept back at the payee. Outcomes:
-- held, with how much; known (asked with this very id before); asked (asked under another id, or reversed); not_found (no such settled
-- transfer of theirs to a person); late; spent (nothing is left to keep back); full (the payer's wallet has no room).
CREATE FUNCTION ledger_ask_back(
  p_id uuid, p_references text[], p_original uuid, p_payer uuid, p_session uuid, p_content_mac bytea, p_window interval, p_open interval,
  OUT outcome text, OUT held bigint, OUT reference text, OUT expires_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v transfer%ROWTYPE; v_settled_at timestamptz; v_available bigint; v_room bigint; v_bounded_room boolean;
BEGIN
  SELECT * INTO v FROM transfer t WHERE t.id = p_original AND t.kind = 'send' AND (p_payer IS NULL OR t.payer_id = p_payer);
  IF NOT FOUND THEN
    outcome := 'not_found';
    RETURN;
  END IF;
  PERFORM FROM account a WHERE a.id IN (v.payer_account, v.payee_account) ORDER BY a.id FOR NO KEY UPDATE;
  PERFORM FROM transfer t WHERE t.id = p_original FOR NO KEY UPDATE;

  SELECT 'known', b.amount, b.reference, r.expires_at INTO outcome, held, ledger_ask_back.reference, ledger_ask_back.expires_at
    FROM reversal r JOIN transfer b ON b.id = r.transfer_id WHERE r.original_id = p_original AND r.transfer_id = p_id;
  IF FOUND THEN
    RETURN;
  END IF;
  outcome := NULL;
  IF EXISTS (SELECT FROM reversal r WHERE r.original_id = p_original) THEN
    outcome := 'asked';
    RETURN;
  END IF;
  SELECT t.changed_at INTO v_settled_at FROM transfer t WHERE t.id = p_original AND t.state = 'SETTLED';
  IF NOT FOUND THEN
    outcome := 'not_found';
    RETURN;
  END IF;
  IF v_settled_at < now() - p_window THEN
    outcome := 'late';
    RETURN;
  END IF;
  SELECT a.credits - a.debits - a.held_out - a.floor INTO v_available FROM account a WHERE a.id = v.payee_account;
  SELECT a.ceiling - (a.credits - a.debits + a.held_in), a.ceiling IS NOT NULL INTO v_room, v_bounded_room
    FROM account a WHERE a.id = v.payer_account;
  held := least(v.amount, v_available);
  IF held <= 0 THEN
    outcome := 'spent';
    RETURN;
  ELSIF held > v_room THEN
    outcome := 'full';
    RETURN;
  END IF;
  SELECT r INTO ledger_ask_back.reference FROM unnest(p_references) r WHERE NOT EXISTS (SELECT FROM transfer t WHERE t.reference = r) LIMIT 1;
  expires_at := now() + p_open;
  INSERT INTO transfer (id, reference, kind, session_id, payer_id, payer_account, payee_id, payee_account, currency, amount, fee, tax, tariff,
                        quoted_at, content_mac, business_day, next_attempt_at, ring_at, delay_told_at)
  VALUES (p_id, ledger_ask_back.reference, 'reversal', p_session, v.payee_id, v.payee_account, v.payer_id, v.payer_account, v.currency,
          held, 0, 0, v.tariff, now(), p_content_mac, ledger_business_day(v.currency), NULL, NULL, now());
  INSERT INTO transfer_leg (transfer_id, leg, debit, credit, currency, amount) VALUES (p_id, 1, v.payee_account, v.payer_account, v.currency, held);
  INSERT INTO hold (transfer_id, account_id, out_amount, in_amount) VALUES (p_id, v.payee_account, held, 0);
  IF v_bounded_room THEN
    INSERT INTO hold (transfer_id, account_id, out_amount, in_amount) VALUES (p_id, v.payer_account, 0, held);
  END IF;
  UPDATE account a SET held_out = a.held_out + h.out_amount, held_in = a.held_in + h.in_amount
    FROM hold h WHERE h.transfer_id = p_id AND h.account_id = a.id;
  INSERT INTO reversal (transfer_id, original_id, expires_at) VALUES (p_id, p_original, ledger_ask_back.expires_at);
  outcome := 'held';
END $$;

-- The payee says yes (`p_agreed`) or no; nobody else can say yes. NULL for `p_payee`: time is over, or officers have decided, and the
-- record must show that. Outcomes: posted, voided; already (it has ended before, the same way or another); not_found.
CREATE FUNCTION ledger_end_reversal(
  p_id uuid, p_payee uuid, p_settle boolean, p_reason text,
  OUT outcome text, OUT payer_available bigint, OUT payee_available bigint, OUT at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v transfer%ROWTYPE; v_reversal reversal%ROWTYPE; v_accounts uuid[]; v_out bigint[]; v_in bigint[];
BEGIN
  SELECT * INTO v FROM transfer t WHERE t.id = p_id AND t.kind = 'reversal' AND (p_payee IS NULL OR t.payer_id = p_payee);
  IF NOT FOUND THEN
    outcome := 'not_found';
    RETURN;
  END IF;
  PERFORM FROM account a WHERE a.id IN (v.payer_account, v.payee_account) ORDER BY a.id FOR NO KEY UPDATE;
  SELECT * INTO v FROM transfer t WHERE t.id = p_id FOR NO KEY UPDATE;
  SELECT * INTO STRICT v_reversal FROM reversal r WHERE r.transfer_id = p_id;
  IF v.state <> 'HELD' THEN
    outcome := 'already';
    RETURN;
  END IF;
  IF p_payee IS NULL
     AND (SELECT count(*) FROM transfer_decision d WHERE d.transfer_id = p_id AND d.settle = p_settle) < 2
     AND (p_settle OR v_reversal.expires_at > now()) THEN
    RAISE EXCEPTION 'reversal % has neither two officers for it nor run out', p_id USING ERRCODE = 'LG003';
  END IF;
  INSERT INTO hold_resolution (transfer_id, outcome) VALUES (p_id, CASE WHEN p_settle THEN 'posted' ELSE 'voided' END);
  SELECT array_agg(h.account_id), array_agg(h.out_amount), array_agg(h.in_amount) INTO v_accounts, v_out, v_in FROM hold h WHERE h.transfer_id = p_id;
  IF p_settle THEN
    IF p_payee IS NOT NULL THEN
      UPDATE reversal r SET agreed_at = now() WHERE r.transfer_id = p_id;
    END IF;
    INSERT INTO journal (id, kind, transfer_id, reversal_of, reference, business_day, recorded_at)
    VALUES (p_id, 'reversal', p_id, v_reversal.original_id, v.reference,
            (clock_timestamp() AT TIME ZONE (SELECT m.time_zone FROM market m WHERE m.currency = v.currency))::date, clock_timestamp());
    PERFORM ledger_write_entries(ARRAY[p_id], ARRAY[1::smallint], ARRAY[v.payer_account], ARRAY[v.payee_account], ARRAY[v.amount], v_accounts, v_out, v_in);
  ELSE
    PERFORM ledger_write_entries('{}', '{}', '{}', '{}', '{}', v_accounts, v_out, v_in);
  END IF;
  UPDATE transfer t SET state = CASE WHEN p_settle THEN 'SETTLED' ELSE 'REJECTED' END, version = t.version + 1, reason = p_reason
   WHERE t.id = p_id RETURNING t.changed_at INTO ledger_end_reversal.at;
  -- What came back in part stays SETTLED: the rest of it has moved.
  IF p_settle THEN
    UPDATE transfer t SET state = 'REVERSED', version = t.version + 1 WHERE t.id = v_reversal.original_id AND t.amount = v.amount;
  END IF;
  outcome := CASE WHEN p_settle THEN 'posted' ELSE 'voided' END;
  SELECT a.credits - a.debits - a.held_out INTO payer_available FROM account a WHERE a.id = v.payer_account;
  SELECT a.credits - a.debits - a.held_out INTO payee_available FROM account a WHERE a.id = v.payee_account;
END $$;

---------------------------------------------------------------- who is asked

-- Until then something may wait for this person's answer: read with the person at every dial, so that the first menu can say so.
ALTER TABLE subscriber ADD COLUMN asked_until timestamptz;

---------------------------------------------------------------- rights

GRANT UPDATE (asked_until) ON subscriber TO :"application";
REVOKE ALL ON FUNCTION ledger_ask_back, ledger_end_reversal FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger_ask_back, ledger_end_reversal TO :"application";
GRANT SELECT ON reversal, transfer_decision TO :"application";
GRANT SELECT, INSERT ON money_request TO :"application";
GRANT UPDATE (declined_at) ON money_request TO :"application";
GRANT INSERT ON transfer_decision TO :"application";
