-- What the accounts of our SMPP server send: what it is about decides whether a STOP and quiet hours hold it back.

ALTER TABLE smpp_account
  -- As sms_outbox.category, for all that the account sends. Accounts from before this migration go on as they were.
  ADD COLUMN category text NOT NULL DEFAULT 'transactional' CHECK (category IN ('transactional', 'informing', 'campaign'));
ALTER TABLE smpp_account ALTER COLUMN category DROP DEFAULT;

ALTER TABLE sms_consent
  -- Said to a number that an account owns, so about that account's messages alone; null: said to the service, about all that is unasked.
  ADD COLUMN account_id uuid REFERENCES smpp_account;
