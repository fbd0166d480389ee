-- The end of the day: closed days and what they were signed with, how far each account was proven then, and what the bank says.

-- One row a day for every market in this database. `content` is the text that was signed: figures, and the digest of the day before.
CREATE TABLE day_close (
  business_day date        PRIMARY KEY,
  content      text        NOT NULL CHECK (jsonb_typeof(content::jsonb) = 'object'),
  -- SHA-256 of the content.
  digest       bytea       NOT NULL,
  -- The first eight hexadecimal digits of the SHA-256 of the public key.
  key_id       text        NOT NULL CHECK (key_id ~ '^[0-9a-f]{8}$'),
  -- Ed25519 over the content.
  signature    bytea       NOT NULL CHECK (length(signature) = 64),
  closed_by    text        NOT NULL,
  closed_at    timestamptz NOT NULL DEFAULT now()
);

-- What the proof of a close has seen of each account that had entries since the close before: everything up to `seq`. It is from the
-- moment of the close, which is after the end of the day.
CREATE TABLE day_close_account (
  account_id   uuid   NOT NULL,
  business_day date   NOT NULL REFERENCES day_close,
  seq          bigint NOT NULL,
  debits       bigint NOT NULL,
  credits      bigint NOT NULL,
  PRIMARY KEY (account_id, business_day)
);

-- What the bank says of the trust account at the end of a day. The one recorded last for a day counts.
CREATE TABLE trust_statement (
  id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  currency    text        NOT NULL REFERENCES currency,
  as_of       date        NOT NULL,
  balance     bigint      NOT NULL,
  reference   text        NOT NULL CHECK (length(reference) BETWEEN 1 AND 100),
  recorded_by text        NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (currency, reference)
);

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['day_close', 'day_close_account', 'trust_statement'] LOOP
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION ledger_refuse_edit()', name);
    EXECUTE format('CREATE TRIGGER never_emptied BEFORE TRUNCATE ON %I EXECUTE FUNCTION ledger_refuse_edit()', name);
  END LOOP;
END $$;

-- Journals lie in the order of their days, so a summary of each stretch of the table finds a day's and costs a posting next to nothing.
CREATE INDEX journal_by_day ON journal USING brin (business_day) WITH (pages_per_range = 32, autosummarize = on);

---------------------------------------------------------------- closed days are closed

-- Held shared by whoever posts on a day until the commit, and alone by whoever closes the day.
CREATE FUNCTION ledger_day_lock(p_day date) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  SELECT (384021118::bigint << 32) + (p_day - DATE '2000-01-01')
$$;

CREATE FUNCTION ledger_refuse_closed_day() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE v_day date; v_closed date;
BEGIN
  FOR v_day IN SELECT DISTINCT a.business_day FROM added a ORDER BY 1 LOOP
    PERFORM pg_advisory_xact_lock_shared(ledger_day_lock(v_day));
    SELECT max(c.business_day) INTO v_closed FROM day_close c;
    IF v_day <= v_closed THEN
      RAISE EXCEPTION 'the day % is closed, and % too: nothing can be posted on it', v_closed, v_day USING ERRCODE = 'LG008';
    END IF;
  END LOOP;
  RETURN NULL;
END $$;
CREATE TRIGGER days_stay_closed AFTER INSERT ON journal REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_closed_day();

-- The last day that is over in every market, and has been for a minute, so that what began on it has ended; NULL without a market.
CREATE FUNCTION ledger_last_day_over() RETURNS date LANGUAGE sql STABLE AS $$
  SELECT min((now() - interval '1 minute') AT TIME ZONE m.time_zone)::date - 1 FROM market m
$$;

-- Stores a closed day: one that is over, the one after the last closed, once, naming the digest of the one before.
CREATE FUNCTION ledger_close_day(
  p_day date, p_content text, p_previous bytea, p_key_id text, p_signature bytea, p_by text) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_last day_close%ROWTYPE; v_at timestamptz;
BEGIN
  SELECT * INTO v_last FROM day_close ORDER BY business_day DESC LIMIT 1;
  IF (p_day <= ledger_last_day_over()) IS NOT TRUE THEN
    RAISE EXCEPTION 'the day % is not over', p_day USING ERRCODE = 'LG008';
  ELSIF p_day <> v_last.business_day + 1 THEN
    RAISE EXCEPTION 'the day after % is to be closed, not %', v_last.business_day, p_day USING ERRCODE = 'LG008';
  ELSIF p_previous IS DISTINCT FROM v_last.digest OR p_content::jsonb ->> 'day' IS DISTINCT FROM p_day::text
     OR p_content::jsonb ->> 'previous' IS DISTINCT FROM encode(p_previous, 'hex') THEN
    RAISE EXCEPTION 'the content is not that of the day %', p_day USING ERRCODE = 'LG005';
  END IF;
  INSERT INTO day_close (business_day, content, digest, key_id, signature, closed_by)
  VALUES (p_day, p_content, sha256(convert_to(p_content, 'UTF8')), p_key_id, p_signature, p_by) RETURNING closed_at INTO v_at;
  INSERT INTO day_close_account (account_id, business_day, seq, debits, credits)
  SELECT a.id, p_day, a.seq, a.debits, a.credits
    FROM account a
    LEFT JOIN LATERAL (SELECT c.seq FROM day_close_account c WHERE c.account_id = a.id ORDER BY c.business_day DESC LIMIT 1) proven ON true
   WHERE a.seq <> coalesce(proven.seq, 0);
  RETURN v_at;
END $$;

REVOKE ALL ON FUNCTION ledger_day_lock, ledger_refuse_closed_day, ledger_last_day_over, ledger_close_day FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger_day_lock, ledger_last_day_over, ledger_close_day TO :"application";
GRANT SELECT ON day_close, day_close_account, trust_statement TO :"application";
GRANT INSERT (currency, as_of, balance, reference, recorded_by) ON trust_statement TO :"application";
