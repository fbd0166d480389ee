-- Transfers that a subscriber has ordered for later: once, every week or every month. The PIN confirmed the order; each transfer under it is
-- announced by SMS before it is made.

CREATE TABLE standing_order (
  id            uuid        PRIMARY KEY,
  payer_id      uuid        NOT NULL REFERENCES subscriber,
  payee_id      uuid        NOT NULL REFERENCES subscriber,
  -- As the payer typed it and was shown it: an order is for this number and this name.
  number_sealed bytea       NOT NULL,
  name_sealed   bytea       NOT NULL,
  currency      text        NOT NULL REFERENCES currency,
  amount        bigint      NOT NULL CHECK (amount > 0),
  -- What each transfer may cost at the most, with all fees.
  most          bigint      NOT NULL CHECK (most >= amount),
  every         text        NOT NULL CHECK (every IN ('once', 'weekly', 'monthly')),
  first_on      date        NOT NULL,
  times         integer     NOT NULL,
  session_id    uuid        NOT NULL,
  -- Keyed, over all of the above that the PIN confirmed: an order that was written by anybody else is not carried out.
  content_mac   bytea       NOT NULL,
  made_at       timestamptz NOT NULL DEFAULT now(),
  cancelled_at  timestamptz,
  CHECK (payer_id <> payee_id),
  CHECK (times BETWEEN 1 AND CASE every WHEN 'once' THEN 1 WHEN 'weekly' THEN 52 ELSE 12 END)
);
CREATE INDEX standing_order_by ON standing_order (payer_id) WHERE cancelled_at IS NULL;

CREATE FUNCTION standing_order_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.cancelled_at IS NOT NULL OR (to_jsonb(NEW) - 'cancelled_at') <> (to_jsonb(OLD) - 'cancelled_at') THEN
    RAISE EXCEPTION 'order % can be cancelled once, and nothing else of it changes', OLD.id USING ERRCODE = 'LG001';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER guarded BEFORE UPDATE ON standing_order FOR EACH ROW EXECUTE FUNCTION standing_order_guard();
CREATE TRIGGER never_deleted BEFORE DELETE ON standing_order FOR EACH ROW EXECUTE FUNCTION ledger_refuse_edit();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON standing_order EXECUTE FUNCTION ledger_refuse_edit();

-- One row for each time that an order is due, written when the time before it is over. Its id is the id of its transfer: with the key on order
-- and day, and that of `transfer`, one day's transfer is made once.
CREATE TABLE standing_run (
  id           uuid        PRIMARY KEY,
  order_id     uuid        NOT NULL REFERENCES standing_order,
  due_on       date        NOT NULL,
  -- The how many-th time it is, from 1.
  nth          integer     NOT NULL CHECK (nth >= 1),
  state        text        NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'announced', 'sent', 'skipped')),
  -- When something is to be done about it; NULL once it has ended.
  next_at      timestamptz,
  announced_at timestamptz,
  -- Not carried out before: whoever was told must have the time to stop it.
  not_before   timestamptz,
  tries        integer     NOT NULL DEFAULT 0 CHECK (tries >= 0),
  -- Why it was skipped, or why it is tried again.
  reason       text,
  ended_at     timestamptz,
  UNIQUE (order_id, due_on),
  UNIQUE (order_id, nth),
  CHECK ((state IN ('sent', 'skipped')) = (ended_at IS NOT NULL) AND (ended_at IS NULL) = (next_at IS NOT NULL)),
  CHECK (state NOT IN ('announced', 'sent') OR (announced_at IS NOT NULL AND not_before > announced_at)),
  CHECK (state <> 'sent' OR ended_at >= not_before),
  CHECK (state <> 'skipped' OR reason IS NOT NULL)
);
CREATE INDEX standing_run_due ON standing_run (next_at) WHERE next_at IS NOT NULL;

CREATE FUNCTION standing_run_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.state <> 'waiting' THEN
      RAISE EXCEPTION 'run % begins as waiting', NEW.id USING ERRCODE = 'LG001';
    END IF;
    RETURN NEW;
  END IF;
  IF OLD.ended_at IS NOT NULL OR (NEW.id, NEW.order_id, NEW.due_on, NEW.nth) <> (OLD.id, OLD.order_id, OLD.due_on, OLD.nth)
     OR (OLD.state = 'announced' AND (NEW.state = 'waiting' OR (NEW.announced_at, NEW.not_before) <> (OLD.announced_at, OLD.not_before)))
     OR (OLD.state = 'waiting' AND NEW.state = 'sent') THEN
    RAISE EXCEPTION 'run % cannot go from % to %', OLD.id, OLD.state, NEW.state USING ERRCODE = 'LG001';
  END IF;
  -- The transfer is that of the order, within its bound, and there: it and this row are one commit.
  IF NEW.state = 'sent' AND NOT EXISTS (
       SELECT FROM standing_order o JOIN transfer t ON t.id = NEW.id
        WHERE o.id = NEW.order_id AND o.cancelled_at IS NULL AND t.kind = 'send' AND t.currency = o.currency
          AND (t.payer_id, t.payee_id, t.amount) = (o.payer_id, o.payee_id, o.amount) AND t.amount + t.fee <= o.most) THEN
    RAISE EXCEPTION 'run % has no transfer as ordered', NEW.id USING ERRCODE = 'LG003';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER guarded BEFORE INSERT OR UPDATE ON standing_run FOR EACH ROW EXECUTE FUNCTION standing_run_guard();
CREATE TRIGGER never_deleted BEFORE DELETE ON standing_run FOR EACH ROW EXECUTE FUNCTION ledger_refuse_edit();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON standing_run EXECUTE FUNCTION ledger_refuse_edit();

GRANT SELECT, INSERT ON standing_order, standing_run TO :"application";
GRANT UPDATE (cancelled_at) ON standing_order TO :"application";
GRANT UPDATE (state, next_at, announced_at, not_before, tries, reason, ended_at) ON standing_run TO :"application";
