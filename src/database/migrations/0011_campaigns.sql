-- What many are told: campaigns, the people of each, and why a message of the outbox is sent.

CREATE TABLE sms_campaign (
  id uuid PRIMARY KEY,
  name text NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 80),
  category text NOT NULL CHECK (category IN ('informing', 'campaign')),
  -- draft: checked and stored, not begun; running and paused alternate; done: everybody's turn has come and nothing waits in the outbox.
  state text NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'running', 'paused', 'done', 'cancelled')),
  -- JSON, language to text with marks {field}.
  texts_sealed bytea NOT NULL,
  -- The language for people in whose own there is no text; null: there are none, or they are passed over.
  otherwise text,
  -- Who: the conditions of a segment, or how many rows a list had. Names and numbers are with the recipients, sealed.
  audience jsonb NOT NULL,
  recipients integer NOT NULL CHECK (recipients > 0),
  -- Whose turn has not come; kept here because counting them would read them all.
  waiting integer NOT NULL CHECK (waiting BETWEEN 0 AND recipients),
  -- Messages into the outbox in each and every span of 60 seconds, at most.
  per_minute integer NOT NULL CHECK (per_minute BETWEEN 1 AND 6000),
  -- Minutes after local midnight between which messages are sent, beside the quiet hours; null: no such bounds.
  window_from smallint CHECK (window_from BETWEEN 0 AND 1439),
  window_to smallint CHECK (window_to BETWEEN 0 AND 1439 AND window_to <> window_from),
  -- Minor units for each segment, for the estimate and the results.
  segment_price bigint NOT NULL CHECK (segment_price >= 0),
  currency text NOT NULL,
  -- Nobody's turn comes before.
  next_at timestamptz NOT NULL DEFAULT now(),
  created_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  ended_at timestamptz,
  CHECK ((window_from IS NULL) = (window_to IS NULL))
);
CREATE INDEX sms_campaign_due ON sms_campaign (next_at) WHERE state = 'running';

ALTER TABLE sms_outbox ADD COLUMN category text NOT NULL DEFAULT 'transactional'
  CHECK (category IN ('transactional', 'informing', 'campaign'));
ALTER TABLE sms_outbox ADD COLUMN campaign_id uuid REFERENCES sms_campaign;
ALTER TABLE sms_outbox ADD CONSTRAINT codes_are_asked_for CHECK (challenge_id IS NULL OR category = 'transactional');
ALTER TABLE sms_outbox ADD CONSTRAINT campaigns_are_unasked CHECK (campaign_id IS NULL OR category <> 'transactional');
CREATE INDEX sms_outbox_campaign_open ON sms_outbox (campaign_id) WHERE campaign_id IS NOT NULL AND ring_at IS NOT NULL;

-- One row a person, by position in the list or segment; the outbox holds what they are sent under `campaign:<campaign>:<position>`.
CREATE TABLE sms_campaign_recipient (
  campaign_id uuid NOT NULL REFERENCES sms_campaign,
  position integer NOT NULL CHECK (position > 0),
  -- Of a segment: number, name and language are read when their turn comes.
  subscriber_id uuid REFERENCES subscriber,
  -- Of a list: what the file said.
  number_sealed bytea,
  number_index bytea,
  language text,
  fields_sealed bytea,
  state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'queued', 'skipped')),
  -- Why nothing was sent.
  reason text CHECK (reason IN ('opted_out', 'closed', 'no_text')),
  outbox_id uuid REFERENCES sms_outbox,
  moved_at timestamptz,
  PRIMARY KEY (campaign_id, position),
  UNIQUE (campaign_id, subscriber_id),
  UNIQUE (campaign_id, number_index),
  CHECK ((subscriber_id IS NULL) = (number_sealed IS NOT NULL AND number_index IS NOT NULL AND language IS NOT NULL AND fields_sealed IS NOT NULL)),
  CHECK ((state = 'queued') = (outbox_id IS NOT NULL)),
  CHECK ((state = 'skipped') = (reason IS NOT NULL)),
  CHECK ((state = 'waiting') = (moved_at IS NULL))
);
CREATE INDEX sms_campaign_recipient_waiting ON sms_campaign_recipient (campaign_id, position) WHERE state = 'waiting';
CREATE INDEX sms_campaign_recipient_moved ON sms_campaign_recipient (campaign_id, moved_at) WHERE state = 'queued';

GRANT SELECT, INSERT, UPDATE (state, waiting, next_at, started_at, ended_at) ON sms_campaign TO :"application";
GRANT SELECT, INSERT, UPDATE (state, reason, outbox_id, moved_at) ON sms_campaign_recipient TO :"application";
