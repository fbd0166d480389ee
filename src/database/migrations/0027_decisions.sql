-- What two officers say of a transfer whose partner never gave a definite answer becomes that answer: nothing else settles it or gives it back.

---------------------------------------------------------------- what an officer says

-- What the partner's own papers say of a payment that was done, where the officer has them: its reference, and what it gave for the
-- customer (an electricity token), sealed.
ALTER TABLE transfer_decision ADD COLUMN partner_reference text CHECK (length(partner_reference) BETWEEN 1 AND 100);
ALTER TABLE transfer_decision ADD COLUMN receipt bytea;
ALTER TABLE transfer_decision ADD CONSTRAINT transfer_decision_of_done CHECK (settle OR (partner_reference IS NULL AND receipt IS NULL));

CREATE FUNCTION transfer_decision_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM transfer t WHERE t.id = NEW.transfer_id AND (t.state = 'REVIEW' OR (t.kind = 'reversal' AND t.state = 'HELD'))) THEN
    RAISE EXCEPTION 'transfer % does not wait for officers', NEW.transfer_id USING ERRCODE = 'LG003';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER guarded BEFORE INSERT ON transfer_decision FOR EACH ROW EXECUTE FUNCTION transfer_decision_guard();

---------------------------------------------------------------- what comes of it

-- An attempt of its own, so that a late answer to any other still has its place.
ALTER TABLE partner_attempt DROP CONSTRAINT partner_attempt_action_check;
ALTER TABLE partner_attempt ADD CONSTRAINT partner_attempt_action_check CHECK (action IN ('pay', 'query', 'decision'));
CREATE UNIQUE INDEX partner_attempt_decided_once ON partner_attempt (transfer_id) WHERE action = 'decision';

-- Whoever writes an answer: one in the name of officers needs two of them for it, and while a transfer waits for people a definite answer
-- can only come from a call that may still have been under way.
CREATE FUNCTION partner_answer_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_attempt partner_attempt%ROWTYPE; v_state text;
BEGIN
  IF NEW.outcome NOT IN ('done', 'refused') THEN
    RETURN NEW;
  END IF;
  SELECT * INTO v_attempt FROM partner_attempt p WHERE p.transfer_id = NEW.transfer_id AND p.attempt = NEW.attempt;
  IF NOT FOUND THEN
    -- The foreign key says so.
    RETURN NEW;
  END IF;
  SELECT t.state INTO v_state FROM transfer t WHERE t.id = NEW.transfer_id;
  IF v_attempt.action = 'decision' THEN
    IF v_state <> 'REVIEW' OR (SELECT count(*) FROM transfer_decision d
                                WHERE d.transfer_id = NEW.transfer_id AND d.settle = (NEW.outcome = 'done')) < 2 THEN
      RAISE EXCEPTION 'no two officers say of transfer % that it is %', NEW.transfer_id, NEW.outcome USING ERRCODE = 'LG003';
    END IF;
    NEW.cause := 'decided by two officers';
  ELSIF v_state = 'REVIEW' AND v_attempt.started_at < now() - interval '1 hour' THEN
    RAISE EXCEPTION 'attempt % of transfer % was given up; two officers decide', NEW.attempt, NEW.transfer_id USING ERRCODE = 'LG003';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER guarded BEFORE INSERT ON partner_answer FOR EACH ROW EXECUTE FUNCTION partner_answer_guard();

-- Begins the attempt that what two officers say is the answer to; no row where no two agree or it does not wait for them (any more). Of two
-- pairs the one that agreed first. Locks what posting locks, in its order.
CREATE FUNCTION ledger_begin_decided(p_id uuid) RETURNS TABLE (attempt integer, settle boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE v_attempt integer; v_settle boolean;
BEGIN
  PERFORM ledger_lock_accounts(ARRAY[p_id]);
  PERFORM FROM transfer t WHERE t.id = p_id AND t.state = 'REVIEW' FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  SELECT x.settle INTO v_settle
    FROM (SELECT d.settle, (array_agg(d.at ORDER BY d.at))[2] AS agreed_at FROM transfer_decision d WHERE d.transfer_id = p_id GROUP BY d.settle) x
   WHERE x.agreed_at IS NOT NULL ORDER BY x.agreed_at, x.settle LIMIT 1;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  INSERT INTO partner_attempt (transfer_id, attempt, action)
  SELECT p_id, coalesce(max(p.attempt), 0) + 1, 'decision' FROM partner_attempt p WHERE p.transfer_id = p_id
  RETURNING partner_attempt.attempt INTO v_attempt;
  RETURN QUERY SELECT v_attempt, v_settle;
END $$;

---------------------------------------------------------------- a partner says something by itself

DROP FUNCTION ledger_ask_now(uuid);

-- The partner has called back: it is asked now, not when its turn comes, and while people decide it is asked once more. No version where
-- nothing is to be asked: it has ended, or the call to pay is still under way, whose answer is followed by a question at once.
CREATE OR REPLACE FUNCTION ledger_hint(p_id uuid, OUT version integer, OUT biller text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM FROM transfer t WHERE t.id = p_id FOR NO KEY UPDATE;
  UPDATE transfer t SET version = t.version + 1, next_attempt_at = now(), ring_at = now() + interval '5 seconds', rings = 0
   WHERE t.id = p_id AND t.state IN ('PENDING', 'IN_DOUBT', 'REVIEW')
  RETURNING t.version, t.biller INTO ledger_hint.version, ledger_hint.biller;
END $$;

-- Claims the next question about a submitted transfer; its attempt's number, or NULL when it is not due or another worker was first. While
-- people decide nothing is asked again by itself.
CREATE OR REPLACE FUNCTION ledger_ask(p_id uuid, p_busy interval) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_attempt integer;
BEGIN
  UPDATE transfer t SET version = t.version + 1, next_attempt_at = CASE WHEN t.state <> 'REVIEW' THEN now() + p_busy END,
                        ring_at = CASE WHEN t.state <> 'REVIEW' THEN now() + p_busy END, rings = 0
   WHERE t.id = p_id AND t.state IN ('SUBMITTED', 'PENDING', 'IN_DOUBT', 'REVIEW') AND t.next_attempt_at <= now();
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  INSERT INTO partner_attempt (transfer_id, attempt, action)
  SELECT p_id, max(a.attempt) + 1, 'query' FROM partner_attempt a WHERE a.transfer_id = p_id RETURNING attempt INTO v_attempt;
  RETURN v_attempt;
END $$;

---------------------------------------------------------------- who was told that no money moved

-- An answer on a phone whose session could not be read, and that was told so: a copy of it that comes when the session is there again does
-- nothing and gets the same words. `at`: by the clock that dates screens; a copy answers a screen that was shown before it.
CREATE TABLE ussd_refusal (
  conversation text        NOT NULL,
  input_length integer     NOT NULL,
  input_mac    text        NOT NULL,
  at           timestamptz NOT NULL,
  reply        bytea       NOT NULL,
  PRIMARY KEY (conversation, input_mac, at)
);
CREATE INDEX ussd_refusal_by_age ON ussd_refusal (at);

-- Of an effect and a refusal of the same answer one wins, in whatever order their copies come: both take the conversation's lock.
-- Outcomes: claimed, the one caller that may run the effect; twin, the same answer has claimed it; other, another has; refused, with the words.
CREATE FUNCTION ussd_claim(
  p_session uuid, p_hop integer, p_conversation text, p_caller_mac text, p_length integer, p_mac text, p_shown_at timestamptz,
  OUT outcome text, OUT reply bytea, OUT refused_at timestamptz)
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(p_conversation, 27));
  SELECT 'refused', r.reply, r.at INTO outcome, ussd_claim.reply, refused_at FROM ussd_refusal r
   WHERE r.conversation = p_conversation AND r.input_mac = p_mac AND r.input_length = p_length AND r.at >= p_shown_at ORDER BY r.at LIMIT 1;
  IF FOUND THEN
    RETURN;
  END IF;
  INSERT INTO ussd_hop (session_id, hop, conversation, caller_mac, input_length, input_mac)
  VALUES (p_session, p_hop, p_conversation, p_caller_mac, p_length, p_mac) ON CONFLICT DO NOTHING;
  IF FOUND THEN
    outcome := 'claimed';
    RETURN;
  END IF;
  SELECT CASE WHEN h.input_mac = p_mac THEN 'twin' ELSE 'other' END INTO outcome FROM ussd_hop h WHERE h.session_id = p_session AND h.hop = p_hop;
END $$;

-- False: the answer, or a copy of it, has claimed its effect in the meantime.
CREATE FUNCTION ussd_refuse(p_conversation text, p_length integer, p_mac text, p_at timestamptz, p_reply bytea) RETURNS boolean
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(p_conversation, 27));
  IF EXISTS (SELECT FROM ussd_hop h WHERE h.conversation = p_conversation AND h.input_mac = p_mac AND h.input_length = p_length
                AND h.claimed_at > now() - interval '5 minutes') THEN
    RETURN false;
  END IF;
  INSERT INTO ussd_refusal (conversation, input_length, input_mac, at, reply) VALUES (p_conversation, p_length, p_mac, p_at, p_reply)
  ON CONFLICT DO NOTHING;
  RETURN true;
END $$;

---------------------------------------------------------------- rights

REVOKE ALL ON FUNCTION ledger_begin_decided FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger_begin_decided TO :"application";
REVOKE ALL ON FUNCTION ussd_claim, ussd_refuse FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ussd_claim, ussd_refuse TO :"application";
GRANT SELECT, INSERT, DELETE ON ussd_refusal TO :"application";
