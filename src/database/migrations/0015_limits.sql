-- Limits of more kinds, what they are counted in, and more kinds of accounts and transfers.

-- NULL: no limit of that kind. What a person may send, and what they may receive.
ALTER TABLE tier_limit
  ADD COLUMN per_month         bigint CHECK (per_month > 0),
  ADD COLUMN receive_per_day   bigint CHECK (receive_per_day > 0),
  ADD COLUMN receive_per_month bigint CHECK (receive_per_month > 0);

-- Counted when money is held, given back when the hold is voided; without fees. `day` is the market's day that every `day_…` counts,
-- `month` the first day of the month that every `month_…` counts.
ALTER TABLE account
  ADD COLUMN day_in    bigint NOT NULL DEFAULT 0 CHECK (day_in >= 0),
  ADD COLUMN month     date   NOT NULL DEFAULT '-infinity',
  ADD COLUMN month_out bigint NOT NULL DEFAULT 0 CHECK (month_out >= 0),
  ADD COLUMN month_in  bigint NOT NULL DEFAULT 0 CHECK (month_in >= 0);

-- The same for each payer and payee: what one has sent to the other.
CREATE TABLE pair_counter (
  payer_account uuid    NOT NULL REFERENCES account,
  payee_account uuid    NOT NULL REFERENCES account,
  day           date    NOT NULL,
  day_out       bigint  NOT NULL CHECK (day_out >= 0),
  day_count     integer NOT NULL CHECK (day_count >= 0),
  month         date    NOT NULL,
  month_out     bigint  NOT NULL CHECK (month_out >= 0),
  month_count   integer NOT NULL CHECK (month_count >= 0),
  PRIMARY KEY (payer_account, payee_account)
) WITH (fillfactor = 70);
GRANT SELECT ON pair_counter TO :"application";

-- `linked`: somebody's account at another provider, as far as money moved through us. `provider`: what another provider owes us.
-- `suspense`: money whose owner people have to find.
ALTER TABLE account DROP CONSTRAINT account_kind_check;
ALTER TABLE account ADD CONSTRAINT account_kind_check
  CHECK (kind IN ('wallet', 'linked', 'trust', 'biller', 'provider', 'suspense', 'fee_income', 'tax_payable', 'levy_payable'));
ALTER TABLE account DROP CONSTRAINT account_check;
ALTER TABLE account ADD CONSTRAINT account_owned CHECK ((kind IN ('wallet', 'linked')) = (owner_id IS NOT NULL));

-- `own`: between accounts of one person; `collect` and `disburse`: from and to an account at another provider.
ALTER TABLE transfer DROP CONSTRAINT transfer_kind_check;
ALTER TABLE transfer ADD CONSTRAINT transfer_kind_check CHECK (kind IN ('send', 'bill', 'airtime', 'own', 'collect', 'disburse'));
ALTER TABLE transfer DROP CONSTRAINT transfer_check1;
ALTER TABLE transfer DROP CONSTRAINT transfer_check2;
ALTER TABLE transfer ADD CONSTRAINT transfer_payee CHECK ((payee_id IS NULL) = (biller IS NOT NULL) AND (biller IS NULL) = (biller_account IS NULL));

ALTER TABLE journal DROP CONSTRAINT journal_kind_check;
ALTER TABLE journal ADD CONSTRAINT journal_kind_check
  CHECK (kind IN ('send', 'bill', 'airtime', 'own', 'collect', 'disburse', 'funding', 'reversal', 'adjustment'));
