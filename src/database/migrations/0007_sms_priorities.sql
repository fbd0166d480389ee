-- Messages that many are told at once go after everything else; a flash message is shown at once and kept by no phone.
ALTER TABLE sms_outbox DROP CONSTRAINT sms_outbox_priority_check;
ALTER TABLE sms_outbox ADD CONSTRAINT sms_outbox_priority_check CHECK (priority IN ('code', 'receipt', 'bulk'));
ALTER TABLE sms_outbox ADD COLUMN flash boolean NOT NULL DEFAULT false;
