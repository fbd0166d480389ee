-- Why a transfer cannot be, as a plain query: where many are quoted at once it becomes part of their query and costs a third of what
-- a function called for each of them did. No row: the payer has no wallet that may pay, or no limits for its tier.
CREATE FUNCTION ledger_ruling(
  p_kind text, p_currency text, p_payer uuid, p_payer_account uuid, p_payee_account uuid, p_amount bigint, p_total bigint)
RETURNS TABLE (refusal text, detail bigint)
LANGUAGE sql STABLE AS $$
  SELECT CASE
           WHEN p_amount < service.minimum THEN 'below_minimum'
           WHEN (payee.status = 'open' AND (payee.kind = 'biller' OR payee_owner.status = 'active')) IS NOT TRUE THEN 'payee_unavailable'
           WHEN p_amount > payer.per_transaction THEN 'over_transaction_limit'
           WHEN p_total > payer.available THEN 'insufficient'
           WHEN p_amount > payer.left_today THEN 'over_day_limit'
           WHEN p_amount > payee.ceiling - (payee.credits - payee.debits + payee.held_in) THEN 'payee_full'
         END,
         CASE
           WHEN p_amount < service.minimum THEN service.minimum
           WHEN p_amount > payer.per_transaction THEN payer.per_transaction
           WHEN p_total > payer.available THEN payer.available
           WHEN p_amount > payer.left_today THEN greatest(payer.left_today, 0)
         END
    FROM (SELECT least(own.per_transaction, low.per_transaction) AS per_transaction,
                 a.credits - a.debits - a.held_out - a.floor AS available,
                 least(own.per_day, low.per_day)
                   - CASE WHEN a.day = (SELECT ledger_business_day(p_currency)) THEN a.day_out ELSE 0 END AS left_today,
                 own.version
            FROM account a
            JOIN subscriber s ON s.id = a.owner_id
            JOIN tier_limit own ON own.version = (SELECT ledger_tariff_in_force(p_currency)) AND own.tier = s.tier
            LEFT JOIN tier_limit low ON low.version = own.version AND low.tier = 'restricted' AND s.restricted_until > now()
           WHERE a.id = p_payer_account AND a.owner_id = p_payer AND a.kind = 'wallet' AND a.currency = p_currency
             AND a.status = 'open' AND s.status = 'active') payer
    JOIN tariff_service service ON service.version = payer.version AND service.kind = p_kind
    LEFT JOIN account payee ON payee.id = p_payee_account AND payee.currency = p_currency AND payee.kind IN ('wallet', 'biller')
    LEFT JOIN subscriber payee_owner ON payee_owner.id = payee.owner_id
$$;

CREATE OR REPLACE FUNCTION ledger_refusal(
  p_kind text, p_payer uuid, p_payer_account uuid, p_payee_account uuid, p_amount bigint, p_total bigint,
  OUT refusal text, OUT detail bigint)
LANGUAGE plpgsql STABLE AS $$
BEGIN
  SELECT r.refusal, r.detail INTO refusal, detail
    FROM account a
   CROSS JOIN LATERAL ledger_ruling(p_kind, a.currency, p_payer, a.id, p_payee_account, p_amount, p_total) r
   WHERE a.id = p_payer_account;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'subscriber % has no wallet that may pay, or no limits for its tier', p_payer USING ERRCODE = 'LG004';
  END IF;
END $$;
