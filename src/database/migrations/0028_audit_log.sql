-- The audit log: everything that was done, in one order, under a Merkle tree whose root is signed (RFC 6962, C2SP tlog-tiles and
-- tlog-checkpoint).

---------------------------------------------------------------- what the log is made of

-- Rows that changed who may do what, or what everybody sees, are put on record by the database itself, so that no tool can forget it.
CREATE TABLE operator_event (
  id      uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
  at      timestamptz NOT NULL DEFAULT now(),
  action  text        NOT NULL CHECK (action ~ '^[a-z][a-z0-9_.]{2,63}$'),
  -- Who says to have done it.
  actor   text        NOT NULL,
  subject text,
  -- The row, as text of its jsonb.
  content text        NOT NULL
);

CREATE FUNCTION audit_row() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE v_row jsonb := to_jsonb(NEW);
BEGIN
  -- Arguments: the action, the column with the one who did it, the column with what it was done to.
  INSERT INTO operator_event (action, actor, subject, content)
  VALUES (TG_ARGV[0], coalesce(v_row ->> TG_ARGV[1], session_user), v_row ->> TG_ARGV[2], v_row::text);
  RETURN NULL;
END $$;
CREATE TRIGGER on_record AFTER INSERT ON sms_link_order FOR EACH ROW EXECUTE FUNCTION audit_row('link.ordered', 'by', 'link');
CREATE TRIGGER on_record AFTER INSERT ON menu_publication FOR EACH ROW EXECUTE FUNCTION audit_row('menus.published', 'published_by', 'hash');
CREATE TRIGGER on_record AFTER INSERT ON tariff FOR EACH ROW EXECUTE FUNCTION audit_row('tariff.loaded', '', 'version');
CREATE TRIGGER on_record AFTER INSERT ON sms_consent FOR EACH ROW EXECUTE FUNCTION audit_row('consent.said', 'via', 'link');
CREATE TRIGGER on_record AFTER INSERT ON provider_case FOR EACH ROW EXECUTE FUNCTION audit_row('case.opened', 'partner', 'transfer_id');
CREATE TRIGGER on_record AFTER INSERT ON provider_case_closing FOR EACH ROW EXECUTE FUNCTION audit_row('case.closed', 'by', 'case_id');

-- The transaction that wrote the row: what tells the sequencer which rows it cannot have seen yet. Rows of before have none.
ALTER TABLE audit_event ADD COLUMN xid bigint;
ALTER TABLE audit_event ALTER COLUMN xid SET DEFAULT pg_current_xact_id()::text::bigint;
CREATE INDEX audit_event_xid ON audit_event (xid);
ALTER TABLE transfer_event ADD COLUMN xid bigint;
ALTER TABLE transfer_event ALTER COLUMN xid SET DEFAULT pg_current_xact_id()::text::bigint;
CREATE INDEX transfer_event_xid ON transfer_event (xid);
ALTER TABLE operator_event ADD COLUMN xid bigint DEFAULT pg_current_xact_id()::text::bigint;
CREATE INDEX operator_event_xid ON operator_event (xid);
CREATE INDEX audit_event_actor ON audit_event (actor_id, at);

---------------------------------------------------------------- the log

-- Which row is which leaf. `version`: of a transfer's move; 0 for a row of audit_event, -1 for one of operator_event.
CREATE TABLE audit_leaf (
  position bigint  PRIMARY KEY CHECK (position >= 0),
  event_id uuid    NOT NULL,
  version  integer NOT NULL CHECK (version >= -1),
  -- Keyed hash over position and leaf hash: says where a leaf was and what it was, to whoever has AUDIT_KEY.
  seal     bytea   NOT NULL CHECK (length(seal) = 16),
  UNIQUE (event_id, version)
);

-- Tiles of hashes; the last one of a level grows.
CREATE TABLE audit_tile (
  level  smallint NOT NULL CHECK (level BETWEEN 0 AND 7),
  index  bigint   NOT NULL CHECK (index >= 0),
  hashes bytea    NOT NULL CHECK (length(hashes) BETWEEN 32 AND 8192 AND length(hashes) % 32 = 0),
  PRIMARY KEY (level, index)
);

-- Signed notes, one for each batch.
CREATE TABLE audit_checkpoint (
  size   bigint      PRIMARY KEY CHECK (size > 0),
  note   text        NOT NULL,
  at     timestamptz NOT NULL DEFAULT now()
);

-- Lines of signature that witnesses have given.
CREATE TABLE audit_cosignature (
  size bigint      NOT NULL REFERENCES audit_checkpoint,
  name text        NOT NULL,
  line text        NOT NULL,
  at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (size, name, line)
);

-- Every row that a transaction below `floor_xid` wrote is a leaf. Where the last full look is missing or a day old, all rows are looked at.
CREATE TABLE audit_progress (
  singleton     boolean     PRIMARY KEY DEFAULT true CHECK (singleton),
  floor_xid     bigint,
  full_look_at  timestamptz
);
INSERT INTO audit_progress DEFAULT VALUES;

CREATE FUNCTION audit_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.level, NEW.index) IS DISTINCT FROM (OLD.level, OLD.index) OR substring(NEW.hashes FOR length(OLD.hashes)) <> OLD.hashes THEN
    RAISE EXCEPTION 'a tile of the audit log only grows' USING ERRCODE = 'LG001';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER only_grows BEFORE UPDATE ON audit_tile FOR EACH ROW EXECUTE FUNCTION audit_only_grows();

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['audit_event', 'operator_event', 'audit_leaf', 'audit_checkpoint', 'audit_cosignature'] LOOP
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION ledger_refuse_edit()', name);
  END LOOP;
  FOREACH name IN ARRAY ARRAY['audit_event', 'operator_event', 'audit_leaf', 'audit_tile', 'audit_checkpoint', 'audit_cosignature'] LOOP
    EXECUTE format('CREATE TRIGGER never_emptied BEFORE TRUNCATE ON %I EXECUTE FUNCTION ledger_refuse_edit()', name);
  END LOOP;
END $$;
CREATE TRIGGER never_deleted BEFORE DELETE ON audit_tile FOR EACH ROW EXECUTE FUNCTION ledger_refuse_edit();

---------------------------------------------------------------- erasure

-- Erases the values of what a subscriber did or had done to them, in the transaction that records the erasure and in no other.
CREATE FUNCTION audit_erase(p_person text) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_count integer;
BEGIN
  -- Asked in this order, so that the index over ids is used and nothing else is read as an id.
  IF p_person !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN
    RAISE EXCEPTION 'only values of a subscriber are erased' USING ERRCODE = 'LG001';
  ELSIF NOT EXISTS (SELECT FROM subscriber s WHERE s.id = p_person::uuid) THEN
    RAISE EXCEPTION 'only values of a subscriber are erased' USING ERRCODE = 'LG001';
  ELSIF NOT EXISTS (SELECT FROM audit_event e WHERE e.action = 'values.erased' AND e.subject = p_person
                    AND e.xid = pg_current_xact_id()::text::bigint) THEN
    RAISE EXCEPTION 'values are erased together with the record of it' USING ERRCODE = 'LG001';
  END IF;
  DELETE FROM audit_value v USING audit_event e WHERE e.id = v.event_id AND (e.subject = p_person OR e.actor_id = p_person);
  GET DIAGNOSTICS v_count = ROW_COUNT;
  RETURN v_count;
END $$;
REVOKE EXECUTE ON FUNCTION audit_erase(text) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION audit_row() FROM PUBLIC;

-- When it was, and by which transaction, only the database says.
REVOKE INSERT ON audit_event FROM :"application";
GRANT INSERT (id, actor_kind, actor_id, action, subject, payload, seal) ON audit_event TO :"application";
GRANT EXECUTE ON FUNCTION audit_erase(text) TO :"application";
GRANT SELECT ON operator_event TO :"application";
GRANT SELECT, INSERT ON audit_leaf, audit_checkpoint, audit_cosignature TO :"application";
GRANT SELECT, INSERT, UPDATE (hashes) ON audit_tile TO :"application";
GRANT SELECT, UPDATE (floor_xid, full_look_at) ON audit_progress TO :"application";
