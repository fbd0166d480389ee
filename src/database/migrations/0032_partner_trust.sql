-- Partners that dialogues and callbacks come from: who is stopped, and how much money was confirmed in the dialogues of each.

-- What operators want of a partner; the latest row of each is in force, in every process. Only added to.
CREATE TABLE partner_order (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  partner text NOT NULL CHECK (length(partner) BETWEEN 1 AND 60),
  mode text NOT NULL CHECK (mode IN ('active', 'stopped')),
  -- Who said so, as they call themselves.
  by text NOT NULL CHECK (length(by) BETWEEN 1 AND 100),
  at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX partner_order_latest ON partner_order (partner, id DESC);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON partner_order FOR EACH ROW EXECUTE FUNCTION ledger_refuse_edit();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON partner_order EXECUTE FUNCTION ledger_refuse_edit();
GRANT SELECT, INSERT ON partner_order TO :"application";

-- Confirmed in a minute, in minor units, as processes report it about every second. A traffic limit, not a money fact: transfers are.
CREATE TABLE partner_money (
  partner text NOT NULL CHECK (length(partner) BETWEEN 1 AND 60),
  minute timestamptz NOT NULL,
  -- Less than nothing where more was given back in a minute than confirmed.
  amount bigint NOT NULL,
  PRIMARY KEY (partner, minute)
);
GRANT SELECT, INSERT, UPDATE (amount), DELETE ON partner_money TO :"application";
