-- Partners that money is paid to: when one of them rests, what one of them let us know by itself, and airtime beside bills.

-- How it stands with a partner, for every process alike: payments without a word in a row; from when on one may be tried again.
CREATE TABLE partner_breaker (
  partner    text        PRIMARY KEY,
  state      text        NOT NULL CHECK (state IN ('closed', 'open', 'probing')),
  unknowns   integer     NOT NULL CHECK (unknowns >= 0),
  openings   integer     NOT NULL CHECK (openings >= 0),
  until      timestamptz,
  changed_at timestamptz NOT NULL DEFAULT now(),
  CHECK ((state = 'closed') = (until IS NULL))
);
GRANT SELECT, INSERT, UPDATE ON partner_breaker TO :"application";

-- What a callback said about a transfer, once each: a hint to ask, never an answer. `certain`: no other transfer could have been meant.
CREATE TABLE partner_hint (
  partner           text        NOT NULL,
  partner_reference text        NOT NULL,
  said              text        NOT NULL,
  transfer_id       uuid        NOT NULL REFERENCES transfer,
  certain           boolean     NOT NULL,
  at                timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (partner, partner_reference, said)
);
CREATE INDEX partner_hint_by_transfer ON partner_hint (transfer_id);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON partner_hint FOR EACH ROW EXECUTE FUNCTION ledger_refuse_edit();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON partner_hint EXECUTE FUNCTION ledger_refuse_edit();
GRANT SELECT, INSERT ON partner_hint TO :"application";

-- Found by what the partner calls it.
CREATE INDEX partner_answer_by_reference ON partner_answer (partner_reference) WHERE partner_reference IS NOT NULL;

-- HELD -> SUBMITTED and the attempt's row; its number, or NULL when another worker was first. `p_busy`: how long the call may take.
CREATE OR REPLACE FUNCTION ledger_submit(p_id uuid, p_busy interval) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE transfer t SET state = 'SUBMITTED', version = t.version + 1, next_attempt_at = now() + p_busy, ring_at = now() + p_busy, rings = 0
   WHERE t.id = p_id AND t.state = 'HELD' AND t.biller IS NOT NULL;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  INSERT INTO partner_attempt (transfer_id, attempt, action) VALUES (p_id, 1, 'pay');
  RETURN 1;
END $$;

-- The partner let something be known: it is asked now, not when its turn comes. The version to ring with, or NULL where nothing waits.
CREATE FUNCTION ledger_ask_now(p_id uuid) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  UPDATE transfer t SET version = t.version + 1, next_attempt_at = now(), ring_at = now() + interval '5 seconds', rings = 0
   WHERE t.id = p_id AND t.state IN ('PENDING', 'IN_DOUBT') RETURNING t.version
$$;

-- A transfer whose partner rests waits, and comes again when the rest is over. False where it does not wait any more.
CREATE FUNCTION ledger_keep_waiting(p_id uuid, p_delay interval) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE transfer t SET version = t.version + 1, ring_at = now() + p_delay, rings = 0 WHERE t.id = p_id AND t.state = 'HELD';
  RETURN FOUND;
END $$;

-- A partner answers again: what waited for it is rung for now, not when the sweeper's patience ends.
CREATE FUNCTION ledger_ring_partner(p_partner text) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH rung AS (
    UPDATE transfer t SET version = t.version + 1, ring_at = now(), rings = 0
     WHERE t.biller = p_partner AND t.state = 'HELD' AND t.ring_at > now() RETURNING 1
  ) SELECT count(*) FROM rung
$$;

REVOKE ALL ON FUNCTION ledger_ask_now, ledger_keep_waiting, ledger_ring_partner FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger_ask_now, ledger_keep_waiting, ledger_ring_partner TO :"application";
