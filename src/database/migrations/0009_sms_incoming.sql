-- A long message from a phone becomes one row of the inbox, once its parts are there or are waited for no longer; and a delivery report
-- finds its message also by the reference that each submit carries.

ALTER TABLE sms_inbox ALTER COLUMN provider_id DROP NOT NULL;
-- 0: whole. Rows with a part_number are single parts, from before parts were put together.
ALTER TABLE sms_inbox ADD COLUMN parts_missing smallint NOT NULL DEFAULT 0 CHECK (parts_missing >= 0);
UPDATE sms_inbox SET parts_missing = part_total - 1 WHERE part_total IS NOT NULL;
CREATE INDEX sms_inbox_incomplete ON sms_inbox (received_at) WHERE parts_missing > 0;

-- Parts whose message is not whole yet, and for an hour those of messages that are, so that a part sent again is recognised.
CREATE TABLE sms_inbox_part (
  id uuid PRIMARY KEY,
  -- A keyed hash of sender, destination, reference and total: what the parts of one message share.
  part_key bytea NOT NULL,
  number smallint NOT NULL CHECK (number > 0),
  total smallint NOT NULL CHECK (total >= number),
  reference integer NOT NULL,
  -- A keyed hash of the text as it came.
  digest bytea NOT NULL,
  link text NOT NULL,
  sender_sealed bytea NOT NULL,
  sender_index bytea NOT NULL,
  recipient text NOT NULL,
  body_sealed bytea NOT NULL,
  received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- Null while parts are missing and may still come.
  message_id uuid REFERENCES sms_inbox
);
CREATE UNIQUE INDEX sms_inbox_part_open ON sms_inbox_part (part_key, number) WHERE message_id IS NULL;
CREATE INDEX sms_inbox_part_key ON sms_inbox_part (part_key);
CREATE INDEX sms_inbox_part_age ON sms_inbox_part (received_at);

-- Messages that came lately without an id of the network's, by a keyed hash of all that they say: how one sent again is recognised.
CREATE TABLE sms_arrival (
  digest bytea PRIMARY KEY,
  stored_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- When the network was told that it may forget the message; null: perhaps it never heard.
  acknowledged_at timestamptz
);
CREATE INDEX sms_arrival_age ON sms_arrival (stored_at);

-- The user_message_reference (SMPP 3.4 §5.3.2.17) of the first part; the next parts count on from it.
ALTER TABLE sms_attempt ADD COLUMN reference integer CHECK (reference BETWEEN 0 AND 65535);
DROP INDEX sms_attempt_open;
CREATE INDEX sms_attempt_recipient ON sms_attempt (recipient_index, started_at);

ALTER TABLE sms_stray_report ADD COLUMN reference integer CHECK (reference BETWEEN 0 AND 65535);
-- No longer compared with messages.
ALTER TABLE sms_stray_report ADD COLUMN expired_at timestamptz;
DROP INDEX sms_stray_report_open;
DROP INDEX sms_stray_report_recipient;
CREATE INDEX sms_stray_report_open ON sms_stray_report (provider_key) WHERE claimed_by IS NULL AND expired_at IS NULL;
CREATE INDEX sms_stray_report_recipient ON sms_stray_report (recipient_index) WHERE claimed_by IS NULL AND expired_at IS NULL;
CREATE INDEX sms_stray_report_age ON sms_stray_report (received_at);

GRANT SELECT, INSERT, DELETE, UPDATE (message_id) ON sms_inbox_part TO :"application";
GRANT SELECT, INSERT, DELETE, UPDATE (stored_at, acknowledged_at) ON sms_arrival TO :"application";
GRANT UPDATE (expired_at), DELETE ON sms_stray_report TO :"application";
