-- What partners call back with, and cases for people where a partner's word and a transfer's end do not agree. Both are history.

-- Every different callback about a transfer, by a keyed digest; the same again does nothing.
CREATE TABLE provider_callback (
  transfer_id uuid        NOT NULL REFERENCES transfer,
  digest      bytea       NOT NULL,
  -- What it says where it fits what was asked for.
  verdict     text        NOT NULL CHECK (verdict IN ('done', 'refused', 'unclear', 'mismatch')),
  at          timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (transfer_id, digest)
);

CREATE TABLE provider_case (
  id          uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
  transfer_id uuid        NOT NULL REFERENCES transfer,
  -- The biller or provider that said so.
  partner     text        NOT NULL,
  what        text        NOT NULL CHECK (what IN ('done_after_refusal', 'refused_after_settlement', 'callback_mismatch')),
  detail      text,
  opened_at   timestamptz NOT NULL DEFAULT now(),
  UNIQUE (transfer_id, what)
);

-- Who looked into a case, and what they found. Money that has to move for it moves by a journal of its own.
CREATE TABLE provider_case_closing (
  case_id uuid        PRIMARY KEY REFERENCES provider_case,
  by      text        NOT NULL CHECK (length(by) BETWEEN 1 AND 100),
  note    text        NOT NULL CHECK (length(note) BETWEEN 1 AND 1000),
  at      timestamptz NOT NULL DEFAULT now()
);

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['provider_callback', 'provider_case', 'provider_case_closing'] LOOP
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION ledger_refuse_edit()', name);
    EXECUTE format('CREATE TRIGGER never_emptied BEFORE TRUNCATE ON %I EXECUTE FUNCTION ledger_refuse_edit()', name);
  END LOOP;
END $$;

-- A partner has called back: the next question is due now, where one is to be asked. No version where there is none.
CREATE FUNCTION ledger_hint(p_id uuid, OUT version integer, OUT biller text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE transfer t SET version = t.version + 1, next_attempt_at = now(), ring_at = now() + interval '5 seconds', rings = 0
   WHERE t.id = p_id AND t.state IN ('SUBMITTED', 'PENDING', 'IN_DOUBT')
  RETURNING t.version, t.biller INTO ledger_hint.version, ledger_hint.biller;
END $$;

REVOKE ALL ON FUNCTION ledger_hint FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger_hint TO :"application";
GRANT SELECT, INSERT ON provider_callback, provider_case, provider_case_closing TO :"application";
