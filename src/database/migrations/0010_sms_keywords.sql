-- What is answered to messages from phones, and who wants none that are not about their own account.

-- The history of STOP and START: what was said last holds. Only added to.
ALTER TABLE sms_opt_out RENAME TO sms_consent;
ALTER TABLE sms_consent
  ADD COLUMN kind text NOT NULL DEFAULT 'stop' CHECK (kind IN ('stop', 'start')),
  -- network: an aggregator took the STOP itself and told us.
  ADD COLUMN via text NOT NULL DEFAULT 'network' CHECK (via IN ('sms', 'network')),
  -- The message that said it, by the id it was stored under.
  ADD COLUMN message_id uuid;
ALTER TABLE sms_consent ALTER COLUMN kind DROP DEFAULT, ALTER COLUMN via DROP DEFAULT;
DROP INDEX sms_opt_out_number;
CREATE INDEX sms_consent_number ON sms_consent (number_index, id DESC);

-- How often a number was answered, and what, so that two machines do not answer each other for ever. Only added to.
CREATE TABLE sms_answer (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  number_index bytea NOT NULL,
  kind text NOT NULL CHECK (kind IN ('keyword', 'help', 'stranger', 'pin', 'changed', 'stop', 'start')),
  at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sms_answer_number ON sms_answer (number_index, at DESC);

GRANT SELECT, INSERT ON sms_answer TO :"application";
