-- How many one-time codes are sent and used, for budgets and for a breaker against those who earn on SMS that nobody waits for.

-- The first digits of the number that a code went to: country and network, no person. Null for codes before this.
ALTER TABLE code_challenge ADD COLUMN prefix text CHECK (prefix ~ '^[0-9]{1,6}$');

-- In a minute; scope is a prefix, or * for all. Old rows count for nothing and may be deleted.
CREATE TABLE code_count (
  scope text NOT NULL CHECK (scope ~ '^([0-9]{1,6}|\*)$'),
  at timestamptz NOT NULL,
  sent integer NOT NULL CHECK (sent >= 0),
  used integer NOT NULL CHECK (used >= 0),
  PRIMARY KEY (scope, at)
);
GRANT SELECT, INSERT, UPDATE (sent, used) ON code_count TO :"application";

-- A prefix gets no codes until then. Only added to.
CREATE TABLE code_breaker (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  prefix text NOT NULL CHECK (prefix ~ '^[0-9]{1,6}$'),
  opened_at timestamptz NOT NULL DEFAULT now(),
  until timestamptz NOT NULL,
  sent integer NOT NULL,
  used integer NOT NULL
);
CREATE INDEX code_breaker_latest ON code_breaker (prefix, until DESC);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON code_breaker FOR EACH ROW EXECUTE FUNCTION ledger_refuse_edit();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON code_breaker EXECUTE FUNCTION ledger_refuse_edit();
GRANT SELECT, INSERT ON code_breaker TO :"application";
