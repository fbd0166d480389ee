-- What an attempt costs, in minor units of the market's currency; null where the link's price is not known. Expected when the link is
-- asked, as the network counted when it took the message, and nothing when it refused.
ALTER TABLE sms_attempt ADD COLUMN cost bigint CHECK (cost >= 0);

-- What operators want of a link; the latest row of each is in force, in every process. Only added to.
CREATE TABLE sms_link_order (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  link text NOT NULL CHECK (length(link) BETWEEN 1 AND 60),
  mode text NOT NULL CHECK (mode IN ('active', 'suspended', 'drained')),
  -- Who said so, as they call themselves.
  by text NOT NULL CHECK (length(by) BETWEEN 1 AND 100),
  at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sms_link_order_latest ON sms_link_order (link, id DESC);

GRANT UPDATE (segments, cost) ON sms_attempt TO :"application";
GRANT SELECT, INSERT ON sms_link_order TO :"application";
