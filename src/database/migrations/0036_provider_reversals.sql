-- A provider did a payment although its money was given back here: two officers have it asked, once, to take the payment back. No money moves
-- on these books for it.

-- What the workers of this deployment can ask partners for, so that officers hear at once where they cannot.
CREATE TABLE partner_ability (
  partner  text        PRIMARY KEY,
  reverses boolean     NOT NULL,
  said_at  timestamptz NOT NULL DEFAULT now()
);

---------------------------------------------------------------- what officers say

CREATE TABLE provider_reversal_decision (
  case_id uuid        NOT NULL REFERENCES provider_case,
  officer text        NOT NULL CHECK (officer ~ '^[a-z0-9][a-z0-9._-]{1,63}$'),
  note    text        NOT NULL CHECK (length(note) BETWEEN 3 AND 500),
  at      timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (case_id, officer)
);

CREATE FUNCTION provider_reversal_decision_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (
    SELECT FROM provider_case c JOIN transfer t ON t.id = c.transfer_id JOIN partner_ability a ON a.partner = t.biller AND a.reverses
     WHERE c.id = NEW.case_id AND c.what = 'done_after_refusal' AND t.state = 'REJECTED'
       AND NOT EXISTS (SELECT FROM provider_case_closing d WHERE d.case_id = c.id)) THEN
    RAISE EXCEPTION 'case % is none whose payment a partner can be asked to take back', NEW.case_id USING ERRCODE = 'LG003';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER guarded BEFORE INSERT ON provider_reversal_decision FOR EACH ROW EXECUTE FUNCTION provider_reversal_decision_guard();

---------------------------------------------------------------- what is asked, and what comes of it

-- Committed before the socket is used. `look`: what the partner says of the payment itself, and what it calls it; `reverse`: the one request to
-- take it back; `query`: what became of that.
CREATE TABLE provider_reversal_attempt (
  case_id    uuid        NOT NULL REFERENCES provider_case,
  attempt    integer     NOT NULL,
  action     text        NOT NULL CHECK (action IN ('look', 'reverse', 'query')),
  -- Ours for ever: what the partner is asked by.
  reference  uuid,
  -- What the partner calls the payment.
  original   text,
  started_at timestamptz NOT NULL DEFAULT now(),
  -- Until then its answer may come, and nobody else asks.
  busy_until timestamptz NOT NULL,
  PRIMARY KEY (case_id, attempt),
  CHECK ((action = 'look') = (reference IS NULL) AND (action = 'look') = (original IS NULL))
);
CREATE UNIQUE INDEX provider_reversal_asked_once ON provider_reversal_attempt (case_id) WHERE action = 'reverse';
CREATE UNIQUE INDEX provider_reversal_reference ON provider_reversal_attempt (reference) WHERE action = 'reverse';

CREATE TABLE provider_reversal_answer (
  case_id           uuid        NOT NULL,
  attempt           integer     NOT NULL,
  -- `found`, of a look: the payment was done there.
  outcome           text        NOT NULL CHECK (outcome IN ('found', 'done', 'pending', 'refused', 'unknown', 'not_found')),
  partner_reference text,
  cause             text,
  at                timestamptz NOT NULL DEFAULT now(),
  -- When the next step is due; null after the last.
  next_at           timestamptz,
  PRIMARY KEY (case_id, attempt),
  FOREIGN KEY (case_id, attempt) REFERENCES provider_reversal_attempt,
  CHECK ((outcome IN ('done', 'refused')) = (next_at IS NULL)),
  CHECK (outcome <> 'found' OR partner_reference IS NOT NULL)
);

-- How it stands with every case about which an officer has said so. `state`: proposed by one, decided by two, asked without a word yet, and then
-- what the partner says; `due_at`: when the next step is to be taken, null where none is.
CREATE VIEW provider_reversal AS
SELECT c.id AS case_id, c.transfer_id, t.biller AS partner, said.officers, coalesce(last.attempt, 0) AS attempts, ask.reference, ask.original,
       found.partner_reference AS found, s.state, word.cause,
       CASE WHEN s.state IN ('proposed', 'done', 'refused') OR EXISTS (SELECT FROM provider_case_closing d WHERE d.case_id = c.id) THEN NULL
            WHEN last.attempt IS NULL THEN said.agreed_at
            ELSE coalesce(last.next_at, last.busy_until) END AS due_at
  FROM provider_case c
  JOIN transfer t ON t.id = c.transfer_id
 CROSS JOIN LATERAL (SELECT array_agg(d.officer ORDER BY d.at, d.officer) AS officers, (array_agg(d.at ORDER BY d.at))[2] AS agreed_at
                       FROM provider_reversal_decision d WHERE d.case_id = c.id) said
  LEFT JOIN provider_reversal_attempt ask ON ask.case_id = c.id AND ask.action = 'reverse'
  LEFT JOIN LATERAL (SELECT a.attempt, a.busy_until, n.next_at
                       FROM provider_reversal_attempt a LEFT JOIN provider_reversal_answer n USING (case_id, attempt)
                      WHERE a.case_id = c.id ORDER BY a.attempt DESC LIMIT 1) last ON true
  LEFT JOIN LATERAL (SELECT n.partner_reference FROM provider_reversal_answer n
                      WHERE n.case_id = c.id AND n.outcome = 'found' ORDER BY n.attempt DESC LIMIT 1) found ON true
  -- The last word, of which a definite one about the reversal itself is never undone by another.
  LEFT JOIN LATERAL (SELECT n.outcome, n.cause
                       FROM provider_reversal_answer n JOIN provider_reversal_attempt a USING (case_id, attempt)
                      WHERE n.case_id = c.id AND (ask.case_id IS NULL) = (a.action = 'look')
                      ORDER BY n.outcome = 'done' DESC, n.outcome = 'refused' DESC, n.attempt DESC LIMIT 1) word ON true
 CROSS JOIN LATERAL (SELECT CASE WHEN word.outcome IN ('done', 'refused') THEN word.outcome
                                 WHEN said.agreed_at IS NULL THEN 'proposed'
                                 WHEN ask.case_id IS NULL THEN 'decided'
                                 WHEN word.outcome IS NULL THEN 'asked'
                                 WHEN word.outcome = 'not_found' THEN 'unknown'
                                 ELSE word.outcome END AS state) s
 WHERE said.officers IS NOT NULL;

-- Claims the next step for a case that is due; no row where none is, or another worker was first. `partner_reference`: where the partner said
-- that it can be asked.
CREATE FUNCTION provider_reversal_begin(p_case uuid, p_reference uuid, p_busy interval)
RETURNS TABLE (attempt integer, action text, reference uuid, original text, partner_reference text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE v provider_reversal%ROWTYPE; v_action text;
BEGIN
  -- Whoever closes the case waits, or has been before.
  PERFORM FROM provider_case c WHERE c.id = p_case FOR UPDATE;
  SELECT * INTO v FROM provider_reversal r WHERE r.case_id = p_case AND r.due_at <= now();
  IF NOT FOUND THEN
    RETURN;
  END IF;
  v_action := CASE WHEN v.reference IS NOT NULL THEN 'query' WHEN v.found IS NOT NULL THEN 'reverse' ELSE 'look' END;
  RETURN QUERY
  WITH begun AS (
    INSERT INTO provider_reversal_attempt AS b (case_id, attempt, action, reference, original, busy_until)
    VALUES (p_case, v.attempts + 1, v_action, CASE WHEN v_action <> 'look' THEN coalesce(v.reference, p_reference) END,
            CASE WHEN v_action <> 'look' THEN coalesce(v.original, v.found) END, now() + p_busy)
    RETURNING b.attempt, b.action, b.reference, b.original
  )
  SELECT b.attempt, b.action, b.reference, b.original,
         CASE b.action
           WHEN 'look' THEN (SELECT n.partner_reference FROM partner_answer n
                              WHERE n.transfer_id = v.transfer_id AND n.outcome = 'pending' AND n.partner_reference IS NOT NULL
                              ORDER BY n.attempt DESC LIMIT 1)
           WHEN 'query' THEN (SELECT n.partner_reference FROM provider_reversal_answer n JOIN provider_reversal_attempt a USING (case_id, attempt)
                               WHERE n.case_id = p_case AND n.outcome = 'pending' AND n.partner_reference IS NOT NULL AND a.action <> 'look'
                               ORDER BY n.attempt DESC LIMIT 1)
         END
    FROM begun b;
END $$;

-- Puts an answer on record; one that says that the payment is taken back closes the case.
CREATE FUNCTION provider_reversal_record(
  p_case uuid, p_attempt integer, p_outcome text, p_partner_reference text, p_cause text, p_delay interval) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_action text;
BEGIN
  PERFORM FROM provider_case c WHERE c.id = p_case FOR UPDATE;
  SELECT a.action INTO v_action FROM provider_reversal_attempt a WHERE a.case_id = p_case AND a.attempt = p_attempt;
  IF p_outcome = (CASE v_action WHEN 'look' THEN 'done' ELSE 'found' END) THEN
    RAISE EXCEPTION 'no % says %', v_action, p_outcome USING ERRCODE = 'LG003';
  END IF;
  INSERT INTO provider_reversal_answer (case_id, attempt, outcome, partner_reference, cause, next_at)
  VALUES (p_case, p_attempt, p_outcome, p_partner_reference, p_cause, CASE WHEN p_outcome NOT IN ('done', 'refused') THEN now() + p_delay END);
  IF p_outcome = 'done' THEN
    INSERT INTO provider_case_closing (case_id, by, note)
    VALUES (p_case, 'nyota', left('The partner took the payment back: ' || coalesce(p_partner_reference, 'without a reference'), 1000))
    ON CONFLICT (case_id) DO NOTHING;
  END IF;
END $$;

---------------------------------------------------------------- history, and who may

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['provider_reversal_decision', 'provider_reversal_attempt', 'provider_reversal_answer'] LOOP
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION ledger_refuse_edit()', name);
    EXECUTE format('CREATE TRIGGER never_emptied BEFORE TRUNCATE ON %I EXECUTE FUNCTION ledger_refuse_edit()', name);
  END LOOP;
END $$;
CREATE TRIGGER on_record AFTER INSERT ON provider_reversal_decision
  FOR EACH ROW EXECUTE FUNCTION audit_row('provider_reversal.decided', 'officer', 'case_id');
CREATE TRIGGER on_record AFTER INSERT ON provider_reversal_attempt
  FOR EACH ROW WHEN (NEW.action = 'reverse') EXECUTE FUNCTION audit_row('provider_reversal.asked', '', 'case_id');
CREATE TRIGGER on_record AFTER INSERT ON provider_reversal_answer
  FOR EACH ROW WHEN (NEW.outcome IN ('done', 'refused')) EXECUTE FUNCTION audit_row('provider_reversal.answered', '', 'case_id');

REVOKE ALL ON FUNCTION provider_reversal_begin, provider_reversal_record, provider_reversal_decision_guard FROM PUBLIC;
GRANT EXECUTE ON FUNCTION provider_reversal_begin, provider_reversal_record TO :"application";
GRANT SELECT, INSERT, UPDATE (reverses, said_at) ON partner_ability TO :"application";
GRANT SELECT, INSERT ON provider_reversal_decision TO :"application";
GRANT SELECT ON provider_reversal_attempt, provider_reversal_answer, provider_reversal TO :"application";
