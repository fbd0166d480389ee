-- Tariffs as data: other prices for some tiers and networks, who pays a fee, taxes and levies as rules. A version is written once, by the
-- owner; the application reads.

-- Of the examples that come with the program; they give way once there is a tariff of the operator's own. All so far were.
ALTER TABLE tariff ADD COLUMN shipped boolean NOT NULL DEFAULT true;
ALTER TABLE tariff ALTER COLUMN shipped DROP DEFAULT;
ALTER TABLE tariff ADD COLUMN loaded_at timestamptz NOT NULL DEFAULT now();

-- Who pays the fee. A payee who does receives less, and the payer's total is the amount.
ALTER TABLE tariff_service ADD COLUMN fee_from text NOT NULL DEFAULT 'payer' CHECK (fee_from IN ('payer', 'payee'));

-- Empty: everybody's, whichever network the payee is on. Of several the one that says more about the payer, then about the payee, holds.
ALTER TABLE tariff_band
  ADD COLUMN tier    text NOT NULL DEFAULT '',
  ADD COLUMN network text NOT NULL DEFAULT '',
  DROP CONSTRAINT tariff_band_pkey,
  ADD PRIMARY KEY (version, kind, tier, network, up_to);

-- A tax on the fee goes to the account tax_payable of its code, a levy on the amount to levy_payable. `included`: part of the fee, not
-- on top of it. `above_per_day`: only what a payer sends beyond that on the market's day. A tax is paid by whoever pays the fee.
CREATE TABLE tariff_duty (
  version       text    NOT NULL REFERENCES tariff,
  code          text    NOT NULL CHECK (code ~ '^[a-z][a-z0-9-]{0,29}$'),
  name          text    NOT NULL,
  base          text    NOT NULL CHECK (base IN ('fee', 'amount')),
  included      boolean NOT NULL CHECK (base = 'fee' OR NOT included),
  paid_by       text    CHECK (paid_by IN ('payer', 'payee')),
  above_per_day bigint  CHECK (above_per_day > 0),
  exempt        text[]  NOT NULL,
  PRIMARY KEY (version, code),
  CHECK ((base = 'amount') = (paid_by IS NOT NULL)),
  CHECK (base = 'amount' OR above_per_day IS NULL)
);

-- In the order of `band`; the last one of a rule without bands has no end.
CREATE TABLE tariff_duty_band (
  version  text     NOT NULL,
  code     text     NOT NULL,
  band     smallint NOT NULL,
  up_to    bigint   CHECK (up_to > 0),
  flat     bigint   NOT NULL CHECK (flat >= 0),
  rate_bp  integer  NOT NULL CHECK (rate_bp >= 0),
  at_least bigint   NOT NULL CHECK (at_least >= 0),
  at_most  bigint   CHECK (at_most >= at_least),
  PRIMARY KEY (version, code, band),
  FOREIGN KEY (version, code) REFERENCES tariff_duty
);

-- The one tax that a tariff could have until now.
INSERT INTO tariff_duty (version, code, name, base, included, exempt)
SELECT version, 'excise', 'Excise duty', 'fee', true, '{}' FROM tariff WHERE tax_on_fee_bp > 0;
INSERT INTO tariff_duty_band (version, code, band, flat, rate_bp, at_least)
SELECT version, 'excise', 1, 0, tax_on_fee_bp, 0 FROM tariff WHERE tax_on_fee_bp > 0;
SELECT ledger_open_house_account('tax_payable', 'excise', 'Excise duty', m.currency)
  FROM market m WHERE EXISTS (SELECT FROM tariff t WHERE t.market = m.code AND t.tax_on_fee_bp > 0);
ALTER TABLE tariff DROP COLUMN tax_on_fee_bp, DROP COLUMN sha256;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON tariff_duty FOR EACH ROW EXECUTE FUNCTION ledger_refuse_edit();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON tariff_duty EXECUTE FUNCTION ledger_refuse_edit();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON tariff_duty_band FOR EACH ROW EXECUTE FUNCTION ledger_refuse_edit();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON tariff_duty_band EXECUTE FUNCTION ledger_refuse_edit();

-- A tariff is whole when its transaction commits, and never grows afterwards: what a quote names must stay what it was.
CREATE FUNCTION tariff_refuse_late_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM tariff t WHERE t.version = NEW.version AND t.xmin::text::bigint = (pg_current_xact_id()::text::bigint & 4294967295)) THEN
    RAISE EXCEPTION 'tariff % is stored; give what is different a new version', NEW.version USING ERRCODE = 'LG001';
  END IF;
  RETURN NEW;
END $$;
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['tariff_service', 'tariff_band', 'tariff_duty', 'tariff_duty_band', 'tier_limit'] LOOP
    EXECUTE format('CREATE TRIGGER whole_at_once BEFORE INSERT ON %I FOR EACH ROW EXECUTE FUNCTION tariff_refuse_late_row()', name);
  END LOOP;
END $$;

-- A tax or levy may be the payee's to pay.
ALTER TABLE transfer DROP CONSTRAINT transfer_check;
ALTER TABLE transfer ADD CONSTRAINT transfer_tax CHECK (tax BETWEEN 0 AND amount + fee);

---------------------------------------------------------------- ceilings follow the tier and the tariff

-- Gives main wallets the ceiling of their tier in the tariff in force: those whose ceiling differs, after the account `p_after` (NULL: from
-- the first), at most `p_limit` of them, or only the wallet of `p_owner`. One that holds more than it may keeps room for just what it
-- holds, so that no more comes in: its new ceiling is above `wanted`.
CREATE FUNCTION ledger_apply_ceilings(p_currency text, p_owner uuid, p_after uuid, p_limit integer)
RETURNS TABLE (account_id uuid, owner_id uuid, wanted bigint, ceiling bigint)
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH due AS MATERIALIZED (
    SELECT a.id, l.balance AS wanted, a.credits - a.debits + a.held_in AS holds
      FROM account a
      JOIN subscriber s ON s.id = a.owner_id
      JOIN tier_limit l ON l.version = (SELECT ledger_tariff_in_force(p_currency)) AND l.tier = s.tier
     WHERE a.kind = 'wallet' AND a.code = 'main' AND a.currency = p_currency AND a.status = 'open'
       AND (p_owner IS NULL OR a.owner_id = p_owner) AND (p_after IS NULL OR a.id > p_after)
       AND a.ceiling IS DISTINCT FROM l.balance
     ORDER BY a.id LIMIT p_limit FOR NO KEY UPDATE OF a
  )
  UPDATE account a SET ceiling = CASE WHEN due.wanted IS NOT NULL THEN greatest(due.wanted, due.holds) END
    FROM due WHERE a.id = due.id
  RETURNING a.id, a.owner_id, due.wanted, a.ceiling
$$;

CREATE FUNCTION ledger_follow_tier() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM FROM market m CROSS JOIN LATERAL ledger_apply_ceilings(m.currency, NEW.id, NULL, 1);
  RETURN NULL;
END $$;
CREATE TRIGGER ceiling_follows AFTER UPDATE OF tier ON subscriber FOR EACH ROW WHEN (OLD.tier <> NEW.tier) EXECUTE FUNCTION ledger_follow_tier();

---------------------------------------------------------------- rights

REVOKE ALL ON FUNCTION ledger_apply_ceilings, ledger_follow_tier, tariff_refuse_late_row FROM PUBLIC;
REVOKE INSERT ON market, tariff, tariff_service, tariff_band, tier_limit FROM :"application";
GRANT SELECT ON tariff_duty, tariff_duty_band TO :"application";
