-- Who may bind to our SMPP server, what they sent through it, and what waits for them. Their numbers and texts are sealed like everybody's.

CREATE TABLE smpp_account (
  id uuid PRIMARY KEY,
  -- SMPP 3.4 §5.2.1: at most fifteen characters.
  system_id text NOT NULL CHECK (system_id ~ '^[A-Za-z0-9_.-]{1,15}$'),
  -- argon2id over a keyed hash; never the password.
  password_hash text NOT NULL,
  bind_types text[] NOT NULL CHECK (cardinality(bind_types) > 0 AND bind_types <@ ARRAY['transmitter', 'receiver', 'transceiver']),
  max_binds smallint NOT NULL CHECK (max_binds BETWEEN 1 AND 100),
  -- Submits a second over all binds.
  tps integer NOT NULL CHECK (tps BETWEEN 1 AND 10000),
  -- Submits of one bind that wait for their answer at any time.
  window_size smallint NOT NULL CHECK (window_size BETWEEN 1 AND 1000),
  -- As a message's sender is written: '+254…', '22384', 'Shop'; '*' for all. The first is taken where a submit names none.
  senders text[] NOT NULL CHECK (cardinality(senders) > 0),
  -- Digits of international numbers; none means all numbers.
  prefixes text[] NOT NULL DEFAULT '{}',
  -- Short codes whose incoming messages are the account's.
  owned text[] NOT NULL DEFAULT '{}',
  priority text NOT NULL CHECK (priority IN ('receipt', 'bulk')),
  message_ids text NOT NULL CHECK (message_ids IN ('uuid', 'decimal', 'hex')),
  -- Segments it may still send; null: as many as it likes.
  volume_left bigint CHECK (volume_left >= 0),
  suspended boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  removed_at timestamptz
);
CREATE UNIQUE INDEX smpp_account_system_id ON smpp_account (system_id) WHERE removed_at IS NULL;
CREATE INDEX smpp_account_owned ON smpp_account USING gin (owned) WHERE removed_at IS NULL;

ALTER TABLE sms_outbox
  -- Set where a message is not ours but a client's.
  ADD COLUMN account_id uuid REFERENCES smpp_account,
  -- Null: the service's own sender.
  ADD COLUMN sender_sealed bytea,
  -- Its place, where it is one part of a longer message that the client cut itself.
  ADD COLUMN part_reference integer,
  ADD COLUMN part_total smallint,
  ADD COLUMN part_number smallint;

CREATE TABLE smpp_submission (
  outbox_id uuid PRIMARY KEY REFERENCES sms_outbox,
  account_id uuid NOT NULL REFERENCES smpp_account,
  -- The message id of those accounts that take numbers.
  number bigint NOT NULL,
  segments smallint NOT NULL CHECK (segments > 0),
  -- Bits 0 and 1 of registered_delivery: 0 no receipt, 1 always, 2 for failures, 3 for successes.
  registered smallint NOT NULL CHECK (registered BETWEEN 0 AND 3),
  -- Both addresses as the client wrote them, for its receipt.
  addresses_sealed bytea NOT NULL,
  user_reference integer,
  refunded boolean NOT NULL DEFAULT false,
  cancelled_at timestamptz,
  UNIQUE (account_id, number)
);

-- What an account is still to be told, in order; kept until one of its binds acknowledges it.
CREATE TABLE smpp_delivery (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account_id uuid NOT NULL REFERENCES smpp_account,
  -- A receipt: of which message, and what became of it.
  outbox_id uuid REFERENCES smpp_submission,
  state text CHECK (state IN ('delivered', 'failed', 'expired', 'refused', 'unknown')),
  -- A message from a phone instead; erased when it is acknowledged.
  name uuid,
  message_sealed bytea,
  created_at timestamptz NOT NULL DEFAULT now(),
  -- Somebody is at it, or it was refused, until then.
  next_at timestamptz NOT NULL DEFAULT now(),
  tries integer NOT NULL DEFAULT 0,
  acknowledged_at timestamptz,
  UNIQUE (outbox_id, state),
  CONSTRAINT receipt_or_message CHECK ((outbox_id IS NULL) = (name IS NOT NULL) AND (outbox_id IS NULL) = (state IS NULL))
);
CREATE INDEX smpp_delivery_open ON smpp_delivery (account_id, id) WHERE acknowledged_at IS NULL;

-- In the commit that settles a message, whoever settles it: a receipt where one was asked for, and the volume back where surely nothing
-- was sent: a message of which any part may have been taken is never refused, and what was sent never expires.
CREATE FUNCTION smpp_submission_settled() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  due bigint;
BEGIN
  INSERT INTO smpp_delivery (account_id, outbox_id, state)
    SELECT account_id, outbox_id, NEW.state FROM smpp_submission
    WHERE outbox_id = NEW.id AND (registered = 1 OR (registered = 2 AND NEW.state <> 'delivered') OR (registered = 3 AND NEW.state = 'delivered'))
    ON CONFLICT DO NOTHING;
  IF NEW.state IN ('refused', 'expired') THEN
    UPDATE smpp_submission SET refunded = true
      WHERE outbox_id = NEW.id AND NOT refunded
      RETURNING segments INTO due;
    IF due IS NOT NULL THEN
      UPDATE smpp_account SET volume_left = volume_left + due WHERE id = NEW.account_id AND volume_left IS NOT NULL;
    END IF;
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER smpp_submission_settled AFTER UPDATE OF state ON sms_outbox FOR EACH ROW
  WHEN (NEW.account_id IS NOT NULL AND NEW.state IS DISTINCT FROM OLD.state AND NEW.state IN ('delivered', 'failed', 'expired', 'refused', 'unknown'))
  EXECUTE FUNCTION smpp_submission_settled();

GRANT SELECT, INSERT, UPDATE (volume_left, suspended, removed_at) ON smpp_account TO :"application";
GRANT SELECT, INSERT, UPDATE (refunded, cancelled_at) ON smpp_submission TO :"application";
GRANT SELECT, INSERT, UPDATE (message_sealed, next_at, tries, acknowledged_at) ON smpp_delivery TO :"application";
