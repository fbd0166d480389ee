-- Earlier PINs, which cannot be chosen again, in the form of the current one: without PIN_KEY they say nothing. A few a person.
CREATE TABLE pin_history (
  subscriber_id uuid NOT NULL REFERENCES subscriber,
  pin_hash peppered_hash NOT NULL,
  replaced_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (subscriber_id, pin_hash)
);
CREATE INDEX pin_history_key ON pin_history (left(pin_hash::text, 8));
CREATE INDEX identity_question_key ON identity_question (left(answer_hash::text, 8));
GRANT SELECT, INSERT, DELETE ON pin_history TO :"application";

-- When a lock last ran its course: for some days after it a right PIN does not make the next one short again.
ALTER TABLE pin_guard ADD COLUMN last_lock_ended timestamptz;

-- The same answer or password under a newer key, at the next right one.
GRANT UPDATE (answer_hash) ON identity_question TO :"application";
GRANT UPDATE (password_hash) ON smpp_account TO :"application";

-- Wrong PINs of the last two days, so that guesses over many people are seen where no single lock sees them: whose, when, and the first
-- digits of the number. Nothing of what was typed, in no form: even a keyed hash of a guess would find PINs for whoever got the key.
CREATE TABLE pin_failure (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  subscriber_id uuid NOT NULL REFERENCES subscriber,
  prefix text NOT NULL CHECK (prefix ~ '^[0-9]{1,6}$'),
  at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX pin_failure_at ON pin_failure (at);
GRANT SELECT, INSERT, DELETE ON pin_failure TO :"application";
