-- Hops that had an effect (a PIN check, a code, a write): claimed before the effect, answered after it, so that a repeat gets the
-- same bytes and changes nothing, also when Redis has lost the session. The reply is sealed; of the input only its length and a
-- keyed hash are kept, since it holds the PIN.
CREATE TABLE ussd_hop (
  session_id   uuid        NOT NULL,
  hop          integer     NOT NULL,
  conversation text        NOT NULL,
  -- A keyed hash of the number that typed, bound to the conversation: nobody else is told what came of the hop.
  caller_mac   text        NOT NULL,
  input_length integer     NOT NULL,
  input_mac    text        NOT NULL,
  reply        bytea,
  ended        boolean,
  claimed_at   timestamptz NOT NULL DEFAULT now(),
  answered_at  timestamptz,
  PRIMARY KEY (session_id, hop)
);
CREATE INDEX ussd_hop_by_conversation ON ussd_hop (conversation, claimed_at DESC);
CREATE INDEX ussd_hop_by_age ON ussd_hop (claimed_at);

GRANT SELECT, INSERT, DELETE ON ussd_hop TO :"application";
GRANT UPDATE (reply, ended, answered_at) ON ussd_hop TO :"application";
