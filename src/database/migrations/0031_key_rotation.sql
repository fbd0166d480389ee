-- Which keys values were made with, by the name a key goes by; never a key. A service that no longer has one of them looks whether rows
-- still carry it before it starts; `retired_at`: none did.
CREATE TABLE key_in_use (
  kind text NOT NULL CHECK (kind IN ('data', 'pin')),
  key_id text NOT NULL CHECK (key_id ~ '^[0-9a-f]{8}$'),
  first_seen_at timestamptz NOT NULL DEFAULT now(),
  retired_at timestamptz,
  PRIMARY KEY (kind, key_id)
);
GRANT SELECT, INSERT, UPDATE (retired_at) ON key_in_use TO :"application";
