-- People, what they prove themselves with, the record of what was done, and published menus.
-- Numbers, names and questions are sealed by the application (see src/security/sealing.ts): the database never sees them.

-- PostgreSQL before 15 lets anybody create functions here, where those that post money look for theirs.
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

CREATE TABLE subscriber (
  id uuid PRIMARY KEY,
  number_sealed bytea NOT NULL,
  -- HMAC of the number under DATA_KEY, so that a number can be looked up without being readable.
  number_index bytea NOT NULL,
  name_sealed bytea NOT NULL,
  language text NOT NULL CHECK (language ~ '^[a-z]{2,3}$'),
  status text NOT NULL DEFAULT 'enrolled' CHECK (status IN ('enrolled', 'active', 'closed')),
  tier text NOT NULL CHECK (tier ~ '^[a-z0-9][a-z0-9_-]{0,31}$'),
  -- The terms agreed to last; every agreement stays in terms_acceptance.
  terms_version text,
  -- Lower limits apply until then: set when a forgotten PIN was replaced.
  restricted_until timestamptz,
  enrolled_at timestamptz NOT NULL DEFAULT now(),
  activated_at timestamptz,
  CONSTRAINT nobody_active_without_terms CHECK (status <> 'active' OR terms_version IS NOT NULL)
);
-- A closed account keeps its number on file, and the number can be enrolled again by whoever has it now.
CREATE UNIQUE INDEX subscriber_number ON subscriber (number_index) WHERE status <> 'closed';

CREATE TABLE terms_acceptance (
  subscriber_id uuid NOT NULL REFERENCES subscriber,
  version text NOT NULL CHECK (length(version) BETWEEN 1 AND 40),
  accepted_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (subscriber_id, version)
);

-- `<key id>$argon2id$…` over an HMAC under PIN_KEY: the CHECK makes sure that nothing else ever lands here.
CREATE DOMAIN peppered_hash AS text CHECK (VALUE ~ '^[0-9a-f]{8}\$argon2id\$v=19\$m=[0-9]+,t=[0-9]+,p=[0-9]+\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+$');

CREATE TABLE credential (
  subscriber_id uuid PRIMARY KEY REFERENCES subscriber,
  pin_hash peppered_hash NOT NULL,
  set_at timestamptz NOT NULL DEFAULT now()
);
-- Which keys are in use: the first and the last are found without reading the table.
CREATE INDEX credential_key ON credential (left(pin_hash::text, 8));

-- How many PIN attempts count at this moment. An attempt is reserved here before its hash is computed; see src/subscribers/pin.ts.
CREATE TABLE pin_guard (
  subscriber_id uuid PRIMARY KEY REFERENCES subscriber,
  -- Attempts that count: being evaluated, or wrong and not forgiven by a right one.
  counting smallint NOT NULL DEFAULT 0 CHECK (counting BETWEEN 0 AND 3),
  -- Wrong answers ever, and how many of these are forgiven.
  wrong bigint NOT NULL DEFAULT 0,
  forgiven bigint NOT NULL DEFAULT 0 CHECK (forgiven <= wrong AND wrong - forgiven <= counting),
  -- Raised whenever earlier attempts stop counting; a verdict from an earlier round is not told.
  round bigint NOT NULL DEFAULT 0,
  reserved_at timestamptz NOT NULL DEFAULT now(),
  -- Locks in a row without a right PIN between them: each is four times as long as the one before.
  locks integer NOT NULL DEFAULT 0 CHECK (locks >= 0),
  locked_until timestamptz,
  CONSTRAINT three_lock CHECK (counting < 3 OR locked_until IS NOT NULL)
);

-- The right to set a new PIN, within one session and for a few minutes. The first entry waits here for the second.
CREATE TABLE pin_change (
  subscriber_id uuid PRIMARY KEY REFERENCES subscriber,
  session_id text NOT NULL CHECK (length(session_id) BETWEEN 1 AND 200),
  authorised_by text NOT NULL CHECK (authorised_by IN ('pin', 'activation', 'reset')),
  expires_at timestamptz NOT NULL,
  proposals smallint NOT NULL DEFAULT 0,
  proposed_hash peppered_hash
);

-- A one-time code is derived from the row's id when it is sent and when it is checked, and is stored nowhere.
CREATE TABLE code_challenge (
  id uuid PRIMARY KEY,
  subscriber_id uuid NOT NULL REFERENCES subscriber,
  purpose text NOT NULL CHECK (purpose IN ('activation', 'reset')),
  -- What the code authorises, in words fit for an auditor.
  subject text NOT NULL,
  -- The conversation that asked for it: a second copy of the same dial is told the same.
  asked_in text NOT NULL,
  issued_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  tries smallint NOT NULL DEFAULT 0 CHECK (tries BETWEEN 0 AND 3),
  used_at timestamptz
);
CREATE INDEX code_challenge_latest ON code_challenge (subscriber_id, issued_at DESC);

CREATE TABLE identity_question (
  subscriber_id uuid PRIMARY KEY REFERENCES subscriber,
  question_sealed bytea NOT NULL,
  answer_hash peppered_hash NOT NULL,
  set_at timestamptz NOT NULL DEFAULT now(),
  tries smallint NOT NULL DEFAULT 0 CHECK (tries BETWEEN 0 AND 3),
  tries_since timestamptz
);

-- What was done, by whom, to what. Only added to; payload values appear as commitments, so that erasing them leaves the record whole.
CREATE TABLE audit_event (
  id uuid PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT now(),
  actor_kind text NOT NULL CHECK (actor_kind IN ('subscriber', 'staff', 'system')),
  actor_id text NOT NULL,
  action text NOT NULL CHECK (action ~ '^[a-z][a-z0-9_.]{2,63}$'),
  subject text,
  -- Field name to hexadecimal SHA-256(salt, name, value).
  payload jsonb NOT NULL CHECK (jsonb_typeof(payload) = 'object'),
  -- HMAC under AUDIT_KEY over all of the above but `at`: an edit by someone without the key shows.
  seal bytea NOT NULL
);
CREATE INDEX audit_event_subject ON audit_event (subject, at);

CREATE TABLE audit_value (
  event_id uuid NOT NULL REFERENCES audit_event,
  name text NOT NULL,
  salt bytea NOT NULL CHECK (length(salt) = 32),
  value_sealed bytea NOT NULL,
  PRIMARY KEY (event_id, name)
);

-- Compiled menus under the hash of what they were made from; a session keeps the one it began with.
CREATE TABLE menu_program (
  hash text PRIMARY KEY,
  program jsonb NOT NULL,
  published_at timestamptz NOT NULL DEFAULT now()
);

GRANT SELECT, INSERT, UPDATE (language, status, tier, terms_version, restricted_until, activated_at) ON subscriber TO :"application";
GRANT SELECT, INSERT ON terms_acceptance TO :"application";
GRANT SELECT, INSERT, UPDATE (pin_hash, set_at) ON credential TO :"application";
GRANT SELECT, INSERT, UPDATE ON pin_guard TO :"application";
GRANT SELECT, INSERT, UPDATE, DELETE ON pin_change TO :"application";
GRANT SELECT, INSERT, UPDATE (tries, used_at) ON code_challenge TO :"application";
GRANT SELECT, INSERT, UPDATE (tries, tries_since) ON identity_question TO :"application";
GRANT SELECT, INSERT ON audit_event, audit_value, menu_program TO :"application";
