-- Accounts that people have at other providers: money from them into the wallet (collect) and back (disburse).

---------------------------------------------------------------- prices: of tariffs stored before, free from the least that can be sent

ALTER TABLE tariff_service DISABLE TRIGGER whole_at_once;
ALTER TABLE tariff_band DISABLE TRIGGER whole_at_once;
WITH added AS (
  INSERT INTO tariff_service (version, kind, minimum, fee_from)
  SELECT s.version, k.kind, s.minimum, 'payer' FROM tariff_service s CROSS JOIN (VALUES ('collect'), ('disburse')) AS k (kind) WHERE s.kind = 'send'
  ON CONFLICT (version, kind) DO NOTHING RETURNING version, kind
)
INSERT INTO tariff_band (version, kind, tier, network, up_to, flat, rate_bp, at_least, at_most)
SELECT a.version, a.kind, '', '', max(b.up_to), 0, 0, 0, NULL
  FROM added a JOIN tariff_band b ON b.version = a.version AND b.kind = 'send' AND b.tier = '' AND b.network = '' GROUP BY a.version, a.kind;
ALTER TABLE tariff_service ENABLE TRIGGER whole_at_once;
ALTER TABLE tariff_band ENABLE TRIGGER whole_at_once;

---------------------------------------------------------------- transfers between a wallet and an account elsewhere

-- `biller` is whoever is asked, a biller or a provider, with the sealed account there.
ALTER TABLE transfer DROP CONSTRAINT transfer_payee;
ALTER TABLE transfer ADD CONSTRAINT transfer_payee CHECK (
  (biller IS NULL) = (biller_account IS NULL)
  AND CASE WHEN kind IN ('collect', 'disburse') THEN biller IS NOT NULL AND payee_id IS NOT DISTINCT FROM payer_id
           ELSE (payee_id IS NULL) = (biller IS NOT NULL) END);

-- The one side is a wallet, the other the account at the very provider that is asked.
CREATE FUNCTION ledger_check_linked_sides() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE v_linked uuid; v_wallet uuid;
BEGIN
  v_linked := CASE NEW.kind WHEN 'collect' THEN NEW.payer_account ELSE NEW.payee_account END;
  v_wallet := CASE NEW.kind WHEN 'collect' THEN NEW.payee_account ELSE NEW.payer_account END;
  IF NOT EXISTS (SELECT FROM account a WHERE a.id = v_linked AND a.kind = 'linked' AND a.code = NEW.biller)
     OR NOT EXISTS (SELECT FROM account a WHERE a.id = v_wallet AND a.kind = 'wallet') THEN
    RAISE EXCEPTION 'transfer % is not between a wallet and an account at %', NEW.id, NEW.biller USING ERRCODE = 'LG005';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER linked_sides BEFORE INSERT ON transfer FOR EACH ROW
  WHEN (NEW.kind IN ('collect', 'disburse')) EXECUTE FUNCTION ledger_check_linked_sides();

-- What is elsewhere moves only when its provider said so: by these kinds, which cannot be posted without its answer, and by people's journals.
CREATE FUNCTION ledger_check_linked_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM entry e JOIN journal j ON j.id = e.journal_id
              WHERE ((e.debit = NEW.id AND e.debit_seq > OLD.seq) OR (e.credit = NEW.id AND e.credit_seq > OLD.seq))
                AND j.kind NOT IN ('collect', 'disburse', 'adjustment')) THEN
    RAISE EXCEPTION 'account % is kept elsewhere: nothing moves it here but what its provider has done', NEW.id USING ERRCODE = 'LG003';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER linked_moves AFTER UPDATE ON account FOR EACH ROW
  WHEN (NEW.kind = 'linked' AND NEW.seq > OLD.seq) EXECUTE FUNCTION ledger_check_linked_moves();

---------------------------------------------------------------- linked accounts

-- How the provider knows the account; sealed to the account's id.
CREATE TABLE linked_account (
  account_id    uuid        PRIMARY KEY REFERENCES account,
  subscriber_id uuid        NOT NULL REFERENCES subscriber,
  identifier    bytea       NOT NULL,
  linked_at     timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT, INSERT, UPDATE (identifier, linked_at) ON linked_account TO :"application";

-- Which account a person is offered first to pay from; no row: the wallet.
CREATE TABLE payment_default (
  subscriber_id uuid PRIMARY KEY REFERENCES subscriber,
  account_id    uuid NOT NULL REFERENCES linked_account
);
GRANT SELECT, INSERT, UPDATE, DELETE ON payment_default TO :"application";

-- What a PIN confirmed to be paid once the money is collected: a sealed quote.
CREATE TABLE transfer_successor (
  collect_id   uuid        PRIMARY KEY REFERENCES transfer,
  successor_id uuid        NOT NULL UNIQUE,
  quote        bytea       NOT NULL,
  at           timestamptz NOT NULL DEFAULT now(),
  CHECK (collect_id <> successor_id)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON transfer_successor FOR EACH ROW EXECUTE FUNCTION ledger_refuse_edit();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON transfer_successor EXECUTE FUNCTION ledger_refuse_edit();
GRANT SELECT, INSERT ON transfer_successor TO :"application";

-- Opens somebody's account at a provider, or opens it again. Without a floor: what it holds is kept elsewhere. The name stands on statements.
CREATE FUNCTION ledger_open_linked(p_subscriber uuid, p_provider text, p_name text, p_currency text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_id uuid;
BEGIN
  IF NOT EXISTS (SELECT FROM account a WHERE a.kind = 'wallet' AND a.owner_id = p_subscriber AND a.code = 'main' AND a.currency = p_currency) THEN
    RAISE EXCEPTION 'subscriber % has no wallet in %', p_subscriber, p_currency USING ERRCODE = 'LG004';
  END IF;
  INSERT INTO account AS a (kind, owner_id, code, name, currency) VALUES ('linked', p_subscriber, p_provider, p_name, p_currency)
  ON CONFLICT (kind, owner_id, code, currency) DO UPDATE SET status = 'open', name = excluded.name
  RETURNING a.id INTO v_id;
  RETURN v_id;
END $$;

-- Closes it: closed; busy (a transfer from or to it has no end yet, nothing done); none (there is none that is open).
CREATE FUNCTION ledger_close_linked(p_subscriber uuid, p_account uuid) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v account%ROWTYPE;
BEGIN
  SELECT * INTO v FROM account a WHERE a.id = p_account AND a.kind = 'linked' AND a.owner_id = p_subscriber AND a.status = 'open' FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RETURN 'none';
  ELSIF v.held_out > 0 OR v.held_in > 0 THEN
    RETURN 'busy';
  END IF;
  UPDATE account a SET status = 'closed' WHERE a.id = p_account;
  RETURN 'closed';
END $$;

-- Before a collect is posted and what follows it is held: all accounts of both, in the one order in which everybody locks them.
CREATE FUNCTION ledger_lock_with(p_transfer uuid, p_accounts uuid[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM FROM account a
    WHERE (a.id = ANY (p_accounts) AND a.owner_id IS NOT NULL)
       OR a.id = ANY (ARRAY(SELECT side.id FROM transfer_leg l CROSS JOIN LATERAL (VALUES (l.debit), (l.credit)) AS side (id)
                                           WHERE l.transfer_id = p_transfer))
    ORDER BY a.id FOR NO KEY UPDATE;
END $$;

REVOKE ALL ON FUNCTION ledger_check_linked_sides, ledger_check_linked_moves, ledger_open_linked, ledger_close_linked, ledger_lock_with FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger_open_linked, ledger_close_linked, ledger_lock_with TO :"application";
