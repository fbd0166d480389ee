-- What a kind of transfer says of its parties. `own` has no limit and asks no partner, and `send` asks none: neither may name a biller, and
-- `own` nobody but its payer.
ALTER TABLE transfer ADD CONSTRAINT transfer_of_its_kind CHECK (
  CASE WHEN kind = 'own' THEN biller IS NULL AND payee_id IS NOT DISTINCT FROM payer_id
       WHEN kind IN ('send', 'reversal') THEN biller IS NULL
       WHEN kind IN ('bill', 'airtime') THEN biller IS NOT NULL AND payee_id IS NULL
       ELSE true END);
