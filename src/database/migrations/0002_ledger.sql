-- The ledger. Every rule that must hold for money stands here, where no bug of the application can get around it: the
-- application's role may read these tables and execute the functions at the end, and nothing else.
-- Amounts are minor units. Times come from this server's clock. SQLSTATE LGxxx marks a caller's bug, never a customer's mistake.

---------------------------------------------------------------- tariffs and limits, versioned and never edited

CREATE TABLE currency (
  code              text     PRIMARY KEY,
  minor_unit_digits smallint NOT NULL
);
INSERT INTO currency VALUES ('KES', 2), ('UGX', 0), ('GHS', 2);

CREATE TABLE market (
  code      text PRIMARY KEY,
  currency  text NOT NULL UNIQUE REFERENCES currency,
  time_zone text NOT NULL
);

CREATE TABLE tariff (
  version        text        PRIMARY KEY,
  market         text        NOT NULL REFERENCES market,
  effective_from timestamptz NOT NULL,
  -- Part of the fee that is tax on it, in basis points of the fee without tax.
  tax_on_fee_bp  integer     NOT NULL CHECK (tax_on_fee_bp BETWEEN 0 AND 10000),
  sha256         text        NOT NULL
);
CREATE INDEX tariff_in_force ON tariff (market, effective_from DESC, version DESC);

CREATE TABLE tariff_service (
  version text   NOT NULL REFERENCES tariff,
  kind    text   NOT NULL,
  minimum bigint NOT NULL CHECK (minimum > 0),
  PRIMARY KEY (version, kind)
);

-- The fee, tax included, of amounts up to `up_to`: a flat part and a rate, the rate's part kept between two bounds.
CREATE TABLE tariff_band (
  version  text    NOT NULL,
  kind     text    NOT NULL,
  up_to    bigint  NOT NULL CHECK (up_to > 0),
  flat     bigint  NOT NULL CHECK (flat >= 0),
  rate_bp  integer NOT NULL CHECK (rate_bp >= 0),
  at_least bigint  NOT NULL CHECK (at_least >= 0),
  at_most  bigint  CHECK (at_most >= at_least),
  PRIMARY KEY (version, kind, up_to),
  FOREIGN KEY (version, kind) REFERENCES tariff_service
);

-- NULL: no limit of that kind. The tier `restricted` applies beside a person's own while they are held to lower limits.
CREATE TABLE tier_limit (
  version         text   NOT NULL REFERENCES tariff,
  tier            text   NOT NULL,
  per_transaction bigint CHECK (per_transaction > 0),
  per_day         bigint CHECK (per_day > 0),
  balance         bigint CHECK (balance > 0),
  PRIMARY KEY (version, tier)
);

---------------------------------------------------------------- accounts

CREATE TABLE account (
  id        uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
  kind      text        NOT NULL CHECK (kind IN ('wallet', 'trust', 'biller', 'fee_income', 'tax_payable')),
  owner_id  uuid        REFERENCES subscriber,
  -- Which of several: `main` for a wallet, the biller's id, empty where one a currency is enough.
  code      text        NOT NULL DEFAULT '',
  -- Shown on statements; never a person's name.
  name      text,
  currency  text        NOT NULL REFERENCES currency,
  floor     bigint,
  ceiling   bigint,
  debits    bigint      NOT NULL DEFAULT 0 CHECK (debits >= 0),
  credits   bigint      NOT NULL DEFAULT 0 CHECK (credits >= 0),
  held_out  bigint      NOT NULL DEFAULT 0 CHECK (held_out >= 0),
  held_in   bigint      NOT NULL DEFAULT 0 CHECK (held_in >= 0),
  seq       bigint      NOT NULL DEFAULT 0,
  -- What was sent, without fees, on the market's day `day`.
  day       date        NOT NULL DEFAULT '-infinity',
  day_out   bigint      NOT NULL DEFAULT 0 CHECK (day_out >= 0),
  status    text        NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'closed')),
  opened_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (id, currency),
  UNIQUE NULLS NOT DISTINCT (kind, owner_id, code, currency),
  CHECK ((kind = 'wallet') = (owner_id IS NOT NULL)),
  CHECK (kind <> 'wallet' OR floor IS NOT NULL),
  CONSTRAINT account_never_overdrawn CHECK (floor IS NULL OR credits - debits - held_out >= floor),
  CONSTRAINT account_never_over_full CHECK (ceiling IS NULL OR credits - debits + held_in <= ceiling)
) WITH (fillfactor = 60);

---------------------------------------------------------------- transfers: what a person confirmed, and what became of it

CREATE TABLE transfer (
  id              uuid        PRIMARY KEY,
  reference       text        NOT NULL UNIQUE CHECK (reference ~ '^[A-Z2-9]{10}$'),
  kind            text        NOT NULL CHECK (kind IN ('send', 'bill')),
  session_id      uuid        NOT NULL,
  payer_id        uuid        NOT NULL REFERENCES subscriber,
  payer_account   uuid        NOT NULL,
  payee_id        uuid        REFERENCES subscriber,
  payee_account   uuid        NOT NULL,
  biller          text,
  -- Sealed: a customer's number at a biller can be as personal as a phone number.
  biller_account  bytea,
  currency        text        NOT NULL,
  amount          bigint      NOT NULL CHECK (amount > 0),
  fee             bigint      NOT NULL CHECK (fee >= 0),
  tax             bigint      NOT NULL CHECK (tax BETWEEN 0 AND fee),
  tariff          text        NOT NULL REFERENCES tariff,
  quoted_at       timestamptz NOT NULL,
  -- Keyed digest of the whole quote: the same id with another one is a conflict.
  content_mac     bytea       NOT NULL,
  business_day    date        NOT NULL,
  created_at      timestamptz NOT NULL DEFAULT now(),
  state           text        NOT NULL DEFAULT 'HELD',
  version         integer     NOT NULL DEFAULT 1,
  reason          text,
  changed_at      timestamptz NOT NULL DEFAULT now(),
  -- When the partner may be asked again; and when the sweeper rings the bell (again). Both empty once nothing is left to do.
  next_attempt_at timestamptz DEFAULT now(),
  ring_at         timestamptz DEFAULT now() + interval '5 seconds',
  rings           smallint    NOT NULL DEFAULT 0,
  delay_told_at   timestamptz,
  FOREIGN KEY (payer_account, currency) REFERENCES account (id, currency),
  FOREIGN KEY (payee_account, currency) REFERENCES account (id, currency),
  CHECK ((kind = 'send') = (payee_id IS NOT NULL)),
  CHECK ((kind = 'bill') = (biller IS NOT NULL AND biller_account IS NOT NULL)),
  CHECK (payer_account <> payee_account)
) WITH (fillfactor = 70);
CREATE INDEX transfer_to_ring ON transfer (ring_at) WHERE ring_at IS NOT NULL;
CREATE INDEX transfer_by_payer ON transfer (payer_account, created_at DESC);
CREATE INDEX transfer_by_session ON transfer (session_id);
CREATE INDEX transfer_unfinished ON transfer (state, created_at) WHERE state NOT IN ('SETTLED', 'REJECTED', 'REVERSED');

CREATE TABLE transfer_edge (
  from_state text NOT NULL,
  to_state   text NOT NULL,
  PRIMARY KEY (from_state, to_state)
);
INSERT INTO transfer_edge VALUES
  ('HELD', 'SUBMITTED'), ('HELD', 'SETTLED'), ('HELD', 'REJECTED'),
  ('SUBMITTED', 'PENDING'), ('SUBMITTED', 'IN_DOUBT'), ('SUBMITTED', 'SETTLED'), ('SUBMITTED', 'REJECTED'), ('SUBMITTED', 'REVIEW'),
  ('PENDING', 'IN_DOUBT'), ('PENDING', 'SETTLED'), ('PENDING', 'REJECTED'), ('PENDING', 'REVIEW'),
  ('IN_DOUBT', 'SETTLED'), ('IN_DOUBT', 'REJECTED'), ('IN_DOUBT', 'REVIEW'),
  ('REVIEW', 'SETTLED'), ('REVIEW', 'REJECTED'),
  ('SETTLED', 'REVERSED');

CREATE TABLE transfer_event (
  transfer_id uuid        NOT NULL REFERENCES transfer,
  version     integer     NOT NULL,
  from_state  text,
  to_state    text        NOT NULL,
  reason      text,
  at          timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (transfer_id, version)
);

-- The legs as quoted; posting copies them, nobody computes them again.
CREATE TABLE transfer_leg (
  transfer_id uuid     NOT NULL REFERENCES transfer,
  leg         smallint NOT NULL,
  debit       uuid     NOT NULL,
  credit      uuid     NOT NULL,
  currency    text     NOT NULL,
  amount      bigint   NOT NULL CHECK (amount > 0),
  PRIMARY KEY (transfer_id, leg),
  CHECK (debit <> credit),
  FOREIGN KEY (debit, currency) REFERENCES account (id, currency),
  FOREIGN KEY (credit, currency) REFERENCES account (id, currency)
);

-- What a transfer keeps back on a bounded account: money at the payer, room at the payee.
CREATE TABLE hold (
  transfer_id uuid   NOT NULL REFERENCES transfer,
  account_id  uuid   NOT NULL REFERENCES account,
  out_amount  bigint NOT NULL CHECK (out_amount >= 0),
  in_amount   bigint NOT NULL CHECK (in_amount >= 0),
  PRIMARY KEY (transfer_id, account_id)
);
CREATE INDEX hold_by_account ON hold (account_id);

CREATE TABLE hold_resolution (
  transfer_id uuid        PRIMARY KEY REFERENCES transfer,
  outcome     text        NOT NULL CHECK (outcome IN ('posted', 'voided')),
  at          timestamptz NOT NULL DEFAULT now()
);

-- Asking a partner: the attempt is committed before the socket is used, the answer when it came. Paid at most once, ever.
CREATE TABLE partner_attempt (
  transfer_id uuid        NOT NULL REFERENCES transfer,
  attempt     integer     NOT NULL,
  action      text        NOT NULL CHECK (action IN ('pay', 'query')),
  started_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (transfer_id, attempt)
);
CREATE UNIQUE INDEX partner_attempt_pays_once ON partner_attempt (transfer_id) WHERE action = 'pay';

CREATE TABLE partner_answer (
  transfer_id       uuid        NOT NULL,
  attempt           integer     NOT NULL,
  outcome           text        NOT NULL CHECK (outcome IN ('done', 'pending', 'refused', 'unknown', 'not_found')),
  partner_reference text,
  -- What the partner returned for the customer (a token), sealed.
  receipt           bytea,
  cause             text,
  at                timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (transfer_id, attempt),
  FOREIGN KEY (transfer_id, attempt) REFERENCES partner_attempt
);

---------------------------------------------------------------- journals and their entries

CREATE TABLE journal (
  id           uuid        PRIMARY KEY,
  kind         text        NOT NULL CHECK (kind IN ('send', 'bill', 'funding')),
  transfer_id  uuid        UNIQUE REFERENCES transfer,
  reversal_of  uuid        REFERENCES journal,
  reference    text        NOT NULL UNIQUE,
  business_day date        NOT NULL,
  recorded_at  timestamptz NOT NULL DEFAULT now()
);

-- One debit, one credit, one amount, one currency: balanced by construction. `…_balance` is the account's balance after the entry.
CREATE TABLE entry (
  journal_id     uuid     NOT NULL REFERENCES journal,
  leg            smallint NOT NULL,
  debit          uuid     NOT NULL,
  credit         uuid     NOT NULL,
  currency       text     NOT NULL,
  amount         bigint   NOT NULL CHECK (amount > 0),
  debit_seq      bigint   NOT NULL,
  credit_seq     bigint   NOT NULL,
  debit_balance  bigint   NOT NULL,
  credit_balance bigint   NOT NULL,
  PRIMARY KEY (journal_id, leg),
  UNIQUE (debit, debit_seq),
  UNIQUE (credit, credit_seq),
  CHECK (debit <> credit),
  FOREIGN KEY (debit, currency) REFERENCES account (id, currency),
  FOREIGN KEY (credit, currency) REFERENCES account (id, currency)
);

---------------------------------------------------------------- history is appended to, never edited, by nobody

CREATE FUNCTION ledger_refuse_edit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'LG001';
END $$;

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['tariff', 'tariff_service', 'tariff_band', 'tier_limit', 'transfer_edge', 'transfer_event', 'transfer_leg',
                              'hold', 'hold_resolution', 'partner_attempt', 'partner_answer', 'journal', 'entry'] LOOP
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION ledger_refuse_edit()', name);
    EXECUTE format('CREATE TRIGGER never_emptied BEFORE TRUNCATE ON %I EXECUTE FUNCTION ledger_refuse_edit()', name);
  END LOOP;
  FOREACH name IN ARRAY ARRAY['account', 'transfer'] LOOP
    EXECUTE format('CREATE TRIGGER never_deleted BEFORE DELETE ON %I FOR EACH ROW EXECUTE FUNCTION ledger_refuse_edit()', name);
    EXECUTE format('CREATE TRIGGER never_emptied BEFORE TRUNCATE ON %I EXECUTE FUNCTION ledger_refuse_edit()', name);
  END LOOP;
END $$;

-- A transfer's content never changes, its version counts every change, its state moves along the edges only, and the two states in
-- which money has moved or come back need the hold resolved that way.
CREATE FUNCTION ledger_guard_transfer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF (NEW.state, NEW.version) <> ('HELD', 1) THEN
      RAISE EXCEPTION 'a transfer begins HELD at version 1' USING ERRCODE = 'LG002';
    END IF;
    RETURN NEW;
  END IF;
  IF (OLD.id, OLD.reference, OLD.kind, OLD.session_id, OLD.payer_id, OLD.payer_account, OLD.payee_id, OLD.payee_account, OLD.biller,
      OLD.biller_account, OLD.currency, OLD.amount, OLD.fee, OLD.tax, OLD.tariff, OLD.quoted_at, OLD.content_mac, OLD.business_day,
      OLD.created_at)
     IS DISTINCT FROM
     (NEW.id, NEW.reference, NEW.kind, NEW.session_id, NEW.payer_id, NEW.payer_account, NEW.payee_id, NEW.payee_account, NEW.biller,
      NEW.biller_account, NEW.currency, NEW.amount, NEW.fee, NEW.tax, NEW.tariff, NEW.quoted_at, NEW.content_mac, NEW.business_day,
      NEW.created_at) THEN
    RAISE EXCEPTION 'the content of transfer % never changes', OLD.id USING ERRCODE = 'LG001';
  END IF;
  IF NEW.version <> OLD.version + 1 THEN
    RAISE EXCEPTION 'transfer % goes from version % to the next only', OLD.id, OLD.version USING ERRCODE = 'LG002';
  END IF;
  IF NEW.state <> OLD.state THEN
    IF NOT EXISTS (SELECT FROM transfer_edge e WHERE e.from_state = OLD.state AND e.to_state = NEW.state) THEN
      RAISE EXCEPTION 'transfer % cannot go from % to %', OLD.id, OLD.state, NEW.state USING ERRCODE = 'LG003';
    END IF;
    IF NEW.state IN ('SETTLED', 'REJECTED') AND NOT EXISTS (
      SELECT FROM hold_resolution r WHERE r.transfer_id = NEW.id
         AND r.outcome = CASE NEW.state WHEN 'SETTLED' THEN 'posted' ELSE 'voided' END) THEN
      RAISE EXCEPTION 'transfer % cannot be % while its hold is not resolved so', OLD.id, NEW.state USING ERRCODE = 'LG003';
    END IF;
    NEW.changed_at := now();
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER guarded BEFORE INSERT OR UPDATE ON transfer FOR EACH ROW EXECUTE FUNCTION ledger_guard_transfer();

CREATE FUNCTION ledger_record_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO transfer_event (transfer_id, version, to_state) VALUES (NEW.id, NEW.version, NEW.state);
  ELSIF NEW.state <> OLD.state THEN
    INSERT INTO transfer_event (transfer_id, version, from_state, to_state, reason)
    VALUES (NEW.id, NEW.version, OLD.state, NEW.state, NEW.reason);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER recorded AFTER INSERT OR UPDATE OF state ON transfer FOR EACH ROW EXECUTE FUNCTION ledger_record_move();

---------------------------------------------------------------- opening accounts

CREATE FUNCTION ledger_tariff_in_force(p_currency text) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT t.version FROM market m JOIN tariff t ON t.market = m.code
   WHERE m.currency = p_currency AND t.effective_from <= now()
   ORDER BY t.effective_from DESC, t.version DESC LIMIT 1
$$;

CREATE FUNCTION ledger_business_day(p_currency text) RETURNS date
LANGUAGE sql STABLE AS $$
  SELECT (now() AT TIME ZONE m.time_zone)::date FROM market m WHERE m.currency = p_currency
$$;

-- `p_currency` may be NULL where only one market is loaded, as in every deployment.
CREATE FUNCTION ledger_open_wallet(p_subscriber uuid, p_tier text, p_currency text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_id uuid; v_ceiling bigint; v_currencies text[];
BEGIN
  SELECT array_agg(m.currency) INTO v_currencies FROM market m WHERE p_currency IS NULL OR m.currency = p_currency;
  IF cardinality(v_currencies) IS DISTINCT FROM 1 THEN
    RAISE EXCEPTION 'a wallet needs one market: load its tariff first' USING ERRCODE = 'LG004';
  END IF;
  p_currency := v_currencies[1];
  SELECT balance INTO v_ceiling FROM tier_limit WHERE version = ledger_tariff_in_force(p_currency) AND tier = p_tier;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no limits for tier % in %', p_tier, p_currency USING ERRCODE = 'LG004';
  END IF;
  INSERT INTO account (kind, owner_id, code, currency, floor, ceiling) VALUES ('wallet', p_subscriber, 'main', p_currency, 0, v_ceiling)
  ON CONFLICT (kind, owner_id, code, currency) DO NOTHING RETURNING id INTO v_id;
  IF v_id IS NULL THEN
    SELECT id INTO v_id FROM account WHERE kind = 'wallet' AND owner_id = p_subscriber AND code = 'main' AND currency = p_currency;
  END IF;
  RETURN v_id;
END $$;

-- Accounts of the house sort last by id, so that the rows everybody shares are locked last and held the shortest.
CREATE FUNCTION ledger_open_house_account(p_kind text, p_code text, p_name text, p_currency text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_digest text := md5(p_kind || '/' || p_code || '/' || p_currency);
  v_id uuid := ('ffffffff-ffff-8' || substr(v_digest, 1, 3) || '-8' || substr(v_digest, 4, 3) || '-' || substr(v_digest, 7, 12))::uuid;
BEGIN
  IF p_kind = 'wallet' THEN
    RAISE EXCEPTION 'a wallet has an owner' USING ERRCODE = 'LG004';
  END IF;
  INSERT INTO account (id, kind, code, name, currency) VALUES (v_id, p_kind, p_code, p_name, p_currency)
  ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name WHERE account.name IS DISTINCT FROM EXCLUDED.name;
  RETURN v_id;
END $$;

---------------------------------------------------------------- may this transfer be? The one place that says so, for quote and hold

-- `refusal` is NULL when it may; `detail` is the number that belongs to the refusal. The first that applies, in this order.
CREATE FUNCTION ledger_refusal(
  p_kind text, p_payer uuid, p_payer_account uuid, p_payee_account uuid, p_amount bigint, p_total bigint,
  OUT refusal text, OUT detail bigint)
LANGUAGE plpgsql STABLE AS $$
DECLARE v record; v_payee record;
BEGIN
  SELECT a.currency, a.credits - a.debits - a.held_out - a.floor AS available,
         CASE WHEN a.day = ledger_business_day(a.currency) THEN a.day_out ELSE 0 END AS sent_today,
         a.status = 'open' AND s.status = 'active' AS may_pay, service.minimum,
         least(own.per_transaction, low.per_transaction) AS per_transaction, least(own.per_day, low.per_day) AS per_day
    INTO v
    FROM account a
    JOIN subscriber s ON s.id = a.owner_id
    JOIN tier_limit own ON own.version = ledger_tariff_in_force(a.currency) AND own.tier = s.tier
    JOIN tariff_service service ON service.version = own.version AND service.kind = p_kind
    LEFT JOIN tier_limit low ON low.version = own.version AND low.tier = 'restricted' AND s.restricted_until > now()
   WHERE a.id = p_payer_account AND a.owner_id = p_payer AND a.kind = 'wallet';
  IF NOT FOUND OR NOT v.may_pay THEN
    RAISE EXCEPTION 'subscriber % has no wallet that may pay, or no limits for its tier', p_payer USING ERRCODE = 'LG004';
  END IF;
  SELECT a.status = 'open' AND a.currency = v.currency AND (a.kind = 'biller' OR s.status = 'active') AS may_receive,
         a.ceiling - (a.credits - a.debits + a.held_in) AS room
    INTO v_payee
    FROM account a LEFT JOIN subscriber s ON s.id = a.owner_id
   WHERE a.id = p_payee_account AND a.kind IN ('wallet', 'biller');

  IF p_amount < v.minimum THEN
    refusal := 'below_minimum'; detail := v.minimum;
  ELSIF v_payee.may_receive IS NOT TRUE THEN
    refusal := 'payee_unavailable';
  ELSIF p_amount > v.per_transaction THEN
    refusal := 'over_transaction_limit'; detail := v.per_transaction;
  ELSIF p_total > v.available THEN
    refusal := 'insufficient'; detail := v.available;
  ELSIF p_amount > v.per_day - v.sent_today THEN
    refusal := 'over_day_limit'; detail := greatest(v.per_day - v.sent_today, 0);
  ELSIF p_amount > v_payee.room THEN
    refusal := 'payee_full';
  END IF;
END $$;

---------------------------------------------------------------- hold

-- Stores what the PIN confirmed and keeps the money back. Outcomes: held; known (this very quote is stored already); conflict (the
-- id is stored with other content); expired; or a refusal of ledger_refusal with its detail. Nothing is stored unless held.
CREATE FUNCTION ledger_hold(
  p_id uuid, p_references text[], p_kind text, p_session uuid, p_payer uuid, p_payer_account uuid, p_payee uuid, p_payee_account uuid,
  p_biller text, p_biller_account bytea, p_currency text, p_amount bigint, p_fee bigint, p_tax bigint, p_tariff text,
  p_quoted_at timestamptz, p_content_mac bytea, p_debits uuid[], p_credits uuid[], p_amounts bigint[],
  OUT outcome text, OUT detail bigint, OUT reference text, OUT state text, OUT version integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_known transfer%ROWTYPE;
  v_day date := ledger_business_day(p_currency);
BEGIN
  PERFORM FROM account a WHERE a.id = ANY (p_debits || p_credits) AND (a.floor IS NOT NULL OR a.ceiling IS NOT NULL)
    ORDER BY a.id FOR NO KEY UPDATE;

  SELECT * INTO v_known FROM transfer t WHERE t.id = p_id;
  IF FOUND THEN
    IF v_known.content_mac = p_content_mac THEN
      outcome := 'known'; reference := v_known.reference; state := v_known.state; version := v_known.version;
    ELSE
      outcome := 'conflict';
    END IF;
    RETURN;
  END IF;

  -- Longer than any session lives, and a minute for clocks that disagree.
  IF p_quoted_at NOT BETWEEN now() - interval '10 minutes' AND now() + interval '1 minute' THEN
    outcome := 'expired';
    RETURN;
  END IF;

  IF p_amount IS NULL OR p_amounts[1] IS DISTINCT FROM p_amount OR p_credits[1] IS DISTINCT FROM p_payee_account
     OR cardinality(p_debits) <> cardinality(p_amounts) OR cardinality(p_credits) <> cardinality(p_amounts)
     OR EXISTS (SELECT FROM unnest(p_debits) d WHERE d IS DISTINCT FROM p_payer_account)
     OR (SELECT sum(x) FROM unnest(p_amounts) x) IS DISTINCT FROM p_amount + p_fee
     OR EXISTS (SELECT FROM unnest(p_credits[2:]) c LEFT JOIN account a ON a.id = c
                 WHERE a.id IS NULL OR a.kind NOT IN ('fee_income', 'tax_payable'))
     OR (SELECT coalesce(sum(l.amount), 0) FROM unnest(p_credits, p_amounts) AS l (credit, amount)
           JOIN account a ON a.id = l.credit WHERE a.kind = 'tax_payable') IS DISTINCT FROM p_tax::numeric THEN
    RAISE EXCEPTION 'the legs of transfer % do not add up to its amounts', p_id USING ERRCODE = 'LG005';
  END IF;
  IF NOT EXISTS (SELECT FROM account a WHERE a.id = p_payer_account AND a.kind = 'wallet' AND a.owner_id = p_payer)
     OR NOT EXISTS (SELECT FROM account a WHERE a.id = p_payee_account
                       AND CASE p_kind WHEN 'send' THEN a.kind = 'wallet' AND a.owner_id = p_payee
                                       ELSE a.kind = 'biller' AND a.code = p_biller END) THEN
    RAISE EXCEPTION 'the accounts of transfer % are not those of its parties', p_id USING ERRCODE = 'LG005';
  END IF;

  SELECT r.refusal, r.detail INTO outcome, detail
    FROM ledger_refusal(p_kind, p_payer, p_payer_account, p_payee_account, p_amount, p_amount + p_fee) r;
  IF outcome IS NOT NULL THEN
    RETURN;
  END IF;

  SELECT u.candidate INTO reference FROM unnest(p_references) WITH ORDINALITY AS u (candidate, n)
   WHERE NOT EXISTS (SELECT FROM transfer t WHERE t.reference = u.candidate) ORDER BY u.n LIMIT 1;
  INSERT INTO transfer (id, reference, kind, session_id, payer_id, payer_account, payee_id, payee_account, biller, biller_account,
                        currency, amount, fee, tax, tariff, quoted_at, content_mac, business_day)
  VALUES (p_id, ledger_hold.reference, p_kind, p_session, p_payer, p_payer_account, p_payee, p_payee_account, p_biller, p_biller_account,
          p_currency, p_amount, p_fee, p_tax, p_tariff, p_quoted_at, p_content_mac, v_day)
  ON CONFLICT (id) DO NOTHING;
  IF NOT FOUND THEN
    -- Another payer's transfer took this id in the same moment: it shares no lock with this one.
    outcome := 'conflict'; reference := NULL;
    RETURN;
  END IF;

  INSERT INTO transfer_leg (transfer_id, leg, debit, credit, currency, amount)
  SELECT p_id, l.n, l.debit, l.credit, p_currency, l.amount
    FROM unnest(p_debits, p_credits, p_amounts) WITH ORDINALITY AS l (debit, credit, amount, n);
  INSERT INTO hold (transfer_id, account_id, out_amount, in_amount)
  SELECT p_id, a.id, sum(side.out_amount), sum(side.in_amount)
    FROM unnest(p_debits, p_credits, p_amounts) AS l (debit, credit, amount)
   CROSS JOIN LATERAL (VALUES (l.debit, l.amount, 0), (l.credit, 0, l.amount)) AS side (account_id, out_amount, in_amount)
    JOIN account a ON a.id = side.account_id AND (a.floor IS NOT NULL OR a.ceiling IS NOT NULL)
   GROUP BY a.id;
  UPDATE account a SET held_out = a.held_out + h.out_amount, held_in = a.held_in + h.in_amount
    FROM hold h WHERE h.transfer_id = p_id AND h.account_id = a.id AND a.id <> p_payer_account;
  UPDATE account a SET held_out = a.held_out + h.out_amount, held_in = a.held_in + h.in_amount,
                       day = v_day, day_out = CASE WHEN a.day = v_day THEN a.day_out ELSE 0 END + p_amount
    FROM hold h WHERE h.transfer_id = p_id AND h.account_id = a.id AND a.id = p_payer_account;
  outcome := 'held'; state := 'HELD'; version := 1;
END $$;

---------------------------------------------------------------- post and void

-- Callers have locked every account in id order.
CREATE FUNCTION ledger_write_entries(p_journal uuid, p_currency text, p_debits uuid[], p_credits uuid[], p_amounts bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE v_debit record; v_credit record;
BEGIN
  FOR n IN 1 .. cardinality(p_amounts) LOOP
    UPDATE account SET debits = debits + p_amounts[n], seq = seq + 1 WHERE id = p_debits[n]
      RETURNING seq, credits - debits AS balance INTO STRICT v_debit;
    UPDATE account SET credits = credits + p_amounts[n], seq = seq + 1 WHERE id = p_credits[n]
      RETURNING seq, credits - debits AS balance INTO STRICT v_credit;
    INSERT INTO entry (journal_id, leg, debit, credit, currency, amount, debit_seq, credit_seq, debit_balance, credit_balance)
    VALUES (p_journal, n, p_debits[n], p_credits[n], p_currency, p_amounts[n], v_debit.seq, v_credit.seq, v_debit.balance, v_credit.balance);
  END LOOP;
END $$;

-- Gives back what a transfer kept, once: the key of hold_resolution refuses a second time.
CREATE FUNCTION ledger_release_hold(p_id uuid, p_outcome text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO hold_resolution (transfer_id, outcome) VALUES (p_id, p_outcome);
  UPDATE account a SET held_out = a.held_out - h.out_amount, held_in = a.held_in - h.in_amount
    FROM hold h WHERE h.transfer_id = p_id AND h.account_id = a.id;
END $$;

-- Accounts first, in id order, then the transfer's row: every writer does it so, hence no deadlock.
CREATE FUNCTION ledger_lock_transfer(p_id uuid) RETURNS transfer
LANGUAGE plpgsql AS $$
DECLARE v transfer%ROWTYPE;
BEGIN
  PERFORM FROM account a
    WHERE a.id IN (SELECT l.debit FROM transfer_leg l WHERE l.transfer_id = p_id UNION ALL SELECT l.credit FROM transfer_leg l WHERE l.transfer_id = p_id)
    ORDER BY a.id FOR NO KEY UPDATE;
  SELECT * INTO v FROM transfer t WHERE t.id = p_id FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no transfer %', p_id USING ERRCODE = 'LG006';
  END IF;
  RETURN v;
END $$;

-- Moves the money as quoted. Outcomes: posted; already (settled before, nothing done); rejected (nothing done: the hold is gone).
-- A bill needs a partner's answer `done` on record.
CREATE FUNCTION ledger_post(p_id uuid, OUT outcome text, OUT payer_available bigint, OUT payee_available bigint, OUT at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v transfer%ROWTYPE := ledger_lock_transfer(p_id);
  v_debits uuid[]; v_credits uuid[]; v_amounts bigint[];
BEGIN
  IF v.state IN ('SETTLED', 'REVERSED') THEN
    outcome := 'already';
    RETURN;
  ELSIF v.state = 'REJECTED' THEN
    outcome := 'rejected';
    RETURN;
  END IF;
  IF v.kind = 'bill' AND NOT EXISTS (SELECT FROM partner_answer a WHERE a.transfer_id = p_id AND a.outcome = 'done') THEN
    RAISE EXCEPTION 'transfer % cannot be posted: no partner said that it is done', p_id USING ERRCODE = 'LG003';
  END IF;
  PERFORM ledger_release_hold(p_id, 'posted');
  INSERT INTO journal (id, kind, transfer_id, reference, business_day)
  VALUES (p_id, v.kind, p_id, v.reference, ledger_business_day(v.currency)) RETURNING recorded_at INTO ledger_post.at;
  SELECT array_agg(l.debit ORDER BY l.leg), array_agg(l.credit ORDER BY l.leg), array_agg(l.amount ORDER BY l.leg)
    INTO v_debits, v_credits, v_amounts FROM transfer_leg l WHERE l.transfer_id = p_id;
  PERFORM ledger_write_entries(p_id, v.currency, v_debits, v_credits, v_amounts);
  UPDATE transfer t SET state = 'SETTLED', version = t.version + 1, next_attempt_at = NULL, ring_at = NULL WHERE t.id = p_id;
  outcome := 'posted';
  SELECT a.credits - a.debits - a.held_out INTO payer_available FROM account a WHERE a.id = v.payer_account;
  SELECT a.credits - a.debits - a.held_out INTO payee_available FROM account a WHERE a.id = v.payee_account;
END $$;

-- Gives the money back. Outcomes: voided; already (rejected before, nothing done); settled (nothing done: the money has moved).
-- Once something was submitted outside, it needs a partner's refusal on record, or two answers that it was never received.
CREATE FUNCTION ledger_void(p_id uuid, p_reason text, OUT outcome text, OUT payer_available bigint, OUT at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v transfer%ROWTYPE := ledger_lock_transfer(p_id);
BEGIN
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
  PERFORM ledger_release_hold(p_id, 'voided');
  UPDATE account a SET day_out = greatest(a.day_out - v.amount, 0) WHERE a.id = v.payer_account AND a.day = v.business_day;
  UPDATE transfer t SET state = 'REJECTED', version = t.version + 1, reason = p_reason, next_attempt_at = NULL, ring_at = NULL
   WHERE t.id = p_id RETURNING t.changed_at INTO ledger_void.at;
  outcome := 'voided';
  SELECT a.credits - a.debits - a.held_out INTO payer_available FROM account a WHERE a.id = v.payer_account;
END $$;

---------------------------------------------------------------- asking partners, and waiting for them

-- HELD -> SUBMITTED and the attempt's row; its number, or NULL when another worker was first. `p_busy`: how long the call may take.
CREATE FUNCTION ledger_submit(p_id uuid, p_busy interval) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE transfer t SET state = 'SUBMITTED', version = t.version + 1, next_attempt_at = now() + p_busy, ring_at = now() + p_busy, rings = 0
   WHERE t.id = p_id AND t.state = 'HELD' AND t.kind = 'bill';
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  INSERT INTO partner_attempt (transfer_id, attempt, action) VALUES (p_id, 1, 'pay');
  RETURN 1;
END $$;

-- Claims the next question about a submitted transfer; its attempt's number, or NULL when it is not due or another worker was first.
CREATE FUNCTION ledger_ask(p_id uuid, p_busy interval) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_attempt integer;
BEGIN
  UPDATE transfer t SET version = t.version + 1, next_attempt_at = now() + p_busy, ring_at = now() + p_busy, rings = 0
   WHERE t.id = p_id AND t.state IN ('SUBMITTED', 'PENDING', 'IN_DOUBT') AND t.next_attempt_at <= now();
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  INSERT INTO partner_attempt (transfer_id, attempt, action)
  SELECT p_id, max(a.attempt) + 1, 'query' FROM partner_attempt a WHERE a.transfer_id = p_id RETURNING attempt INTO v_attempt;
  RETURN v_attempt;
END $$;

-- Nothing definite yet: to PENDING, IN_DOUBT or REVIEW (or stay), and when to ask again (NULL: people decide). What was once in
-- doubt stays so until the end. False when a definite end came meanwhile.
CREATE FUNCTION ledger_wait(p_id uuid, p_state text, p_reason text, p_delay interval) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF p_state NOT IN ('PENDING', 'IN_DOUBT', 'REVIEW') THEN
    RAISE EXCEPTION 'waiting in state % is not possible', p_state USING ERRCODE = 'LG003';
  END IF;
  UPDATE transfer t SET state = CASE WHEN t.state = 'IN_DOUBT' AND p_state = 'PENDING' THEN t.state ELSE p_state END, reason = p_reason, version = t.version + 1,
                        next_attempt_at = now() + p_delay, ring_at = now() + p_delay, rings = 0
   WHERE t.id = p_id AND t.state IN ('SUBMITTED', 'PENDING', 'IN_DOUBT');
  RETURN FOUND;
END $$;

-- True once: the subscriber is to be told that it takes longer.
CREATE FUNCTION ledger_tell_delay(p_id uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE transfer t SET delay_told_at = now(), version = t.version + 1
   WHERE t.id = p_id AND t.delay_told_at IS NULL AND t.state IN ('HELD', 'SUBMITTED', 'PENDING', 'IN_DOUBT', 'REVIEW');
  RETURN FOUND;
END $$;

-- Transfers whose bell must be rung (again). Each gets a new version, hence a job id the queue has not seen, and a longer patience.
CREATE FUNCTION ledger_take_due(p_limit integer) RETURNS TABLE (id uuid, version integer, biller text)
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  UPDATE transfer t SET version = t.version + 1, rings = least(t.rings + 1, 100),
                        ring_at = now() + interval '5 seconds' * (2 ^ least(t.rings, 6))
    FROM (SELECT d.id FROM transfer d WHERE d.ring_at <= now() ORDER BY d.ring_at LIMIT p_limit FOR NO KEY UPDATE SKIP LOCKED) due
   WHERE t.id = due.id
  RETURNING t.id, t.version, t.biller
$$;

---------------------------------------------------------------- bringing money in: not for the gateway's role

-- Trust account -> wallet. The same journal again changes nothing; with another wallet or amount it is refused.
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
  INSERT INTO journal (id, kind, reference, business_day) VALUES (p_journal, 'funding', p_reference, ledger_business_day(v_currency));
  PERFORM ledger_write_entries(p_journal, v_currency, ARRAY[v_trust], ARRAY[p_wallet], ARRAY[p_amount]);
  RETURN true;
END $$;

---------------------------------------------------------------- rights

REVOKE ALL ON FUNCTION
  ledger_tariff_in_force, ledger_business_day, ledger_open_wallet, ledger_open_house_account, ledger_refusal, ledger_hold,
  ledger_write_entries, ledger_release_hold, ledger_lock_transfer, ledger_post, ledger_void, ledger_submit, ledger_ask, ledger_wait,
  ledger_tell_delay, ledger_take_due, ledger_fund
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
  ledger_tariff_in_force, ledger_business_day, ledger_open_wallet, ledger_open_house_account, ledger_refusal, ledger_hold, ledger_post,
  ledger_void, ledger_submit, ledger_ask, ledger_wait, ledger_tell_delay, ledger_take_due
TO :"application";
GRANT SELECT ON
  currency, market, tariff, tariff_service, tariff_band, tier_limit, account, transfer, transfer_edge, transfer_event, transfer_leg,
  hold, hold_resolution, partner_attempt, partner_answer, journal, entry
TO :"application";
GRANT INSERT ON market, tariff, tariff_service, tariff_band, tier_limit, partner_answer TO :"application";
