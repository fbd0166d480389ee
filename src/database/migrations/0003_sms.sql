-- Messages to and from phones. Numbers and texts are sealed by the application (see src/security/sealing.ts). A one-time code is
-- never here: the row of its message holds a text with a mark in it and the id of the challenge that the code is derived from.

CREATE TABLE sms_outbox (
  id uuid PRIMARY KEY,
  -- What the message reports, `<transfer id>:payer`: the same fact is told once.
  fact_key text NOT NULL UNIQUE CHECK (length(fact_key) BETWEEN 1 AND 200),
  subscriber_id uuid REFERENCES subscriber,
  recipient_sealed bytea NOT NULL,
  recipient_index bytea NOT NULL,
  body_sealed bytea NOT NULL,
  challenge_id text,
  priority text NOT NULL CHECK (priority IN ('code', 'receipt')),
  -- Not worth sending after that.
  expires_at timestamptz NOT NULL,
  -- sent: taken by a link; delivered and failed: what the network reported later; refused: no link took it; unknown: a link may
  -- have taken it, so it is not sent again and only a delivery report can settle it.
  state text NOT NULL DEFAULT 'queued'
    CHECK (state IN ('queued', 'sending', 'sent', 'delivered', 'failed', 'refused', 'expired', 'unknown')),
  -- Raised whenever the queue is told about the row again, since a job's id is <id>-<version>.
  version integer NOT NULL DEFAULT 1,
  attempts smallint NOT NULL DEFAULT 0,
  -- Nothing is tried before.
  not_before timestamptz NOT NULL DEFAULT now(),
  -- When the sweeper tells the queue again; null once there is nothing left to do.
  ring_at timestamptz DEFAULT now() + interval '10 seconds',
  created_at timestamptz NOT NULL DEFAULT now(),
  settled_at timestamptz,
  CONSTRAINT open_rows_are_rung CHECK ((ring_at IS NOT NULL) = (state IN ('queued', 'sending'))),
  CONSTRAINT codes_go_first CHECK (challenge_id IS NULL OR priority = 'code')
);
CREATE INDEX sms_outbox_due ON sms_outbox (ring_at) WHERE ring_at IS NOT NULL;
CREATE INDEX sms_outbox_open ON sms_outbox (state, created_at) WHERE state IN ('queued', 'sending', 'unknown');
CREATE INDEX sms_outbox_recipient ON sms_outbox (recipient_index, created_at DESC);
CREATE INDEX sms_outbox_subscriber ON sms_outbox (subscriber_id, created_at DESC);

-- One row per time a link was asked, committed before its socket is used.
CREATE TABLE sms_attempt (
  outbox_id uuid NOT NULL REFERENCES sms_outbox,
  number smallint NOT NULL,
  link text NOT NULL,
  state text NOT NULL DEFAULT 'started' CHECK (state IN ('started', 'accepted', 'refused', 'unknown')),
  reason text,
  -- Short messages that the text takes, as the network counts and charges them.
  segments smallint NOT NULL CHECK (segments > 0),
  -- Delivery reports to expect: one per segment, or one for all where the partner joins them.
  reports smallint NOT NULL CHECK (reports > 0),
  recipient_index bytea NOT NULL,
  started_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz,
  PRIMARY KEY (outbox_id, number)
);
CREATE INDEX sms_attempt_open ON sms_attempt (recipient_index, link) WHERE state IN ('started', 'unknown');

-- What the network calls each part of an accepted attempt.
CREATE TABLE sms_part (
  outbox_id uuid NOT NULL,
  attempt smallint NOT NULL,
  number smallint NOT NULL,
  link text NOT NULL,
  provider_id text NOT NULL,
  -- The id in lower case without leading zeros.
  provider_key text NOT NULL,
  recipient_index bytea NOT NULL,
  state text NOT NULL DEFAULT 'sent' CHECK (state IN ('sent', 'delivered', 'failed')),
  reason text,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (outbox_id, attempt, number),
  FOREIGN KEY (outbox_id, attempt) REFERENCES sms_attempt
);
CREATE INDEX sms_part_provider ON sms_part (provider_key);

-- Delivery reports that no part is known for: they may come before the answer to the submit, or be about somebody else's message.
CREATE TABLE sms_stray_report (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  link text NOT NULL,
  provider_id text NOT NULL,
  provider_key text NOT NULL,
  -- Null where the partner's report does not name the phone.
  recipient_index bytea,
  state text NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
  reason text,
  received_at timestamptz NOT NULL DEFAULT now(),
  -- The message it turned out to be about.
  claimed_by uuid REFERENCES sms_outbox
);
CREATE INDEX sms_stray_report_open ON sms_stray_report (provider_key) WHERE claimed_by IS NULL;
CREATE INDEX sms_stray_report_recipient ON sms_stray_report (recipient_index) WHERE claimed_by IS NULL;

-- A message's history. Only added to.
CREATE TABLE sms_event (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  outbox_id uuid NOT NULL REFERENCES sms_outbox,
  at timestamptz NOT NULL DEFAULT now(),
  kind text NOT NULL CHECK (kind IN ('queued', 'attempted', 'accepted', 'postponed', 'refused', 'unknown', 'expired', 'pending', 'delivered', 'failed')),
  attempt smallint,
  part smallint,
  link text,
  reason text
);
CREATE INDEX sms_event_outbox ON sms_event (outbox_id, id);

-- What phones sent us. Digits that may be a PIN or a code are blanked before the text is sealed.
CREATE TABLE sms_inbox (
  id uuid PRIMARY KEY,
  link text NOT NULL,
  provider_id text NOT NULL,
  sender_sealed bytea NOT NULL,
  sender_index bytea NOT NULL,
  recipient text NOT NULL,
  body_sealed bytea NOT NULL,
  part_reference integer,
  part_total smallint,
  part_number smallint,
  received_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (link, provider_id)
);
CREATE INDEX sms_inbox_sender ON sms_inbox (sender_index, received_at DESC);

-- Who does not want messages that are not about an account's own business. Only added to.
CREATE TABLE sms_opt_out (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  number_index bytea NOT NULL,
  link text NOT NULL,
  at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sms_opt_out_number ON sms_opt_out (number_index, at DESC);

GRANT SELECT, INSERT, UPDATE (state, version, attempts, not_before, ring_at, settled_at) ON sms_outbox TO :"application";
GRANT SELECT, INSERT, UPDATE (state, reason, reports, ended_at) ON sms_attempt TO :"application";
GRANT SELECT, INSERT, UPDATE (state, reason) ON sms_part TO :"application";
GRANT SELECT, INSERT, UPDATE (claimed_by) ON sms_stray_report TO :"application";
GRANT SELECT, INSERT ON sms_event, sms_inbox, sms_opt_out TO :"application";
