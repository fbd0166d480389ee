-- A message from the outbox to its receipt in as few writes as can be: three of its updates change no index but one, what many messages
-- of one moment have in common is one statement, and its plan is made once.

-- Updates that change no indexed column stay within their page, so each page keeps some room for them.
ALTER TABLE sms_outbox SET (fillfactor = 70);
ALTER TABLE sms_attempt SET (fillfactor = 50);
ALTER TABLE sms_part SET (fillfactor = 50);

-- Every change of state would change an index that names the state. What waits has a time to be rung; what is of unknown outcome, when
-- that was found.
ALTER TABLE sms_outbox ADD COLUMN unknown_at timestamptz;
UPDATE sms_outbox SET unknown_at = coalesce(settled_at, created_at) WHERE state = 'unknown';
DROP INDEX sms_outbox_open;
CREATE INDEX sms_outbox_unknown ON sms_outbox (unknown_at) WHERE unknown_at IS NOT NULL;
-- Nothing looks messages up by subscriber: a complaint comes with a number.
DROP INDEX sms_outbox_subscriber;
GRANT UPDATE (unknown_at) ON sms_outbox TO :"application";

-- Events are read by message only.
ALTER TABLE sms_event DROP CONSTRAINT sms_event_pkey;
DROP INDEX sms_event_outbox;
ALTER TABLE sms_event ADD PRIMARY KEY (outbox_id, id);

-- A foreign key looks up and locks the message for each row of its history; no message is ever deleted, so looking once for all rows of
-- a statement is as good.
ALTER TABLE sms_event DROP CONSTRAINT sms_event_outbox_id_fkey;
ALTER TABLE sms_attempt DROP CONSTRAINT sms_attempt_outbox_id_fkey;
ALTER TABLE sms_part DROP CONSTRAINT sms_part_outbox_id_attempt_fkey;

CREATE FUNCTION sms_history_of_message() RETURNS trigger LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
BEGIN
  IF EXISTS (SELECT FROM added WHERE (SELECT true FROM sms_outbox WHERE id = added.outbox_id) IS NULL) THEN
    RAISE foreign_key_violation USING MESSAGE = 'There is no such message in the outbox.';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER sms_event_of_message AFTER INSERT ON sms_event REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION sms_history_of_message();
CREATE TRIGGER sms_attempt_of_message AFTER INSERT ON sms_attempt REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION sms_history_of_message();

CREATE FUNCTION sms_part_of_attempt() RETURNS trigger LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
BEGIN
  IF EXISTS (
    SELECT FROM added WHERE (SELECT true FROM sms_attempt WHERE outbox_id = added.outbox_id AND number = added.attempt) IS NULL
  ) THEN
    RAISE foreign_key_violation USING MESSAGE = 'There is no such attempt at a message.';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER sms_part_of_attempt AFTER INSERT ON sms_part REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION sms_part_of_attempt();

-- The functions below are called with rows in the order of their ids, and reach them by key in that order, so that two calls do not wait
-- for each other. Their plans are made once, for tables of any size.

-- Attempts that are about to be made: each gives its place among those asked for, unless somebody else has the row. The time to be rung
-- stays as it is: a message that takes long is rung for and found to be under way.
CREATE FUNCTION sms_claim(
  p_ids uuid[], p_attempts smallint[], p_expected text[], p_links text[], p_segments smallint[], p_reports smallint[], p_prices bigint[],
  p_references integer[]
) RETURNS SETOF integer LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
  RETURN QUERY WITH claimed AS (
      UPDATE sms_outbox AS message SET state = 'sending', attempts = asked.attempts + 1
      FROM unnest(p_ids, p_attempts, p_expected, p_links, p_segments, p_reports, p_prices, p_references)
        WITH ORDINALITY AS asked (id, attempts, expected, link, segments, reports, price, reference, at)
      WHERE message.id = asked.id AND message.attempts = asked.attempts AND message.state = asked.expected
      RETURNING message.id, message.attempts, message.recipient_index,
        asked.link, asked.segments, asked.reports, asked.price, asked.reference, asked.at
    ), attempt AS (
      INSERT INTO sms_attempt (outbox_id, number, link, segments, reports, recipient_index, cost, reference)
      SELECT id, attempts, link, segments, reports, recipient_index, segments * price, reference FROM claimed
    ), event AS (
      INSERT INTO sms_event (outbox_id, kind, attempt, link) SELECT id, 'attempted', attempts, link FROM claimed
    )
    SELECT at::integer FROM claimed;
END $$;

-- Attempts that the network took, and the ids of their parts. Each message is updated, also where that changes nothing, since that is
-- its lock.
CREATE FUNCTION sms_accept(
  p_ids uuid[], p_attempts smallint[], p_links text[], p_known smallint[], p_segments smallint[], p_prices bigint[],
  p_part_ids uuid[], p_part_attempts smallint[], p_part_numbers smallint[], p_part_links text[], p_provider_ids text[], p_provider_keys text[]
) RETURNS void LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
  WITH accepted AS (
      UPDATE sms_outbox AS message SET
        state = CASE WHEN message.attempts = asked.attempt AND message.state IN ('sending', 'unknown') THEN 'sent' ELSE message.state END,
        ring_at = CASE WHEN message.attempts = asked.attempt AND message.state IN ('sending', 'unknown') THEN NULL ELSE message.ring_at END,
        settled_at = CASE WHEN message.attempts = asked.attempt AND message.state IN ('sending', 'unknown') THEN now() ELSE message.settled_at END
      FROM unnest(p_ids, p_attempts) AS asked (id, attempt)
      WHERE message.id = asked.id
    ), attempt AS (
      UPDATE sms_attempt AS attempt SET state = 'accepted', ended_at = now(),
        reports = coalesce(nullif(asked.known, 0), attempt.reports), segments = asked.segments, cost = asked.segments * asked.price
      FROM unnest(p_ids, p_attempts, p_known, p_segments, p_prices) AS asked (id, attempt, known, segments, price)
      WHERE attempt.outbox_id = asked.id AND attempt.number = asked.attempt
    )
    INSERT INTO sms_event (outbox_id, kind, attempt, link)
    SELECT id, 'accepted', attempt, link FROM unnest(p_ids, p_attempts, p_links) AS asked (id, attempt, link);
  INSERT INTO sms_part (outbox_id, attempt, number, link, provider_id, provider_key, recipient_index)
    SELECT asked.id, asked.attempt, asked.number, asked.link, asked.provider_id, asked.provider_key, attempt.recipient_index
    FROM unnest(p_part_ids, p_part_attempts, p_part_numbers, p_part_links, p_provider_ids, p_provider_keys)
        AS asked (id, attempt, number, link, provider_id, provider_key)
      JOIN sms_attempt AS attempt ON attempt.outbox_id = asked.id AND attempt.number = asked.attempt
    ON CONFLICT DO NOTHING;
END $$;

-- Writes what became of parts, and then what that means for their messages: delivered when all parts are, failed when one is. Gives the
-- places of the reports that were new. Messages are locked first, so that each report sees all that came before it.
CREATE FUNCTION sms_apply_reports(
  p_ids uuid[], p_attempts smallint[], p_numbers smallint[], p_states text[], p_reasons text[], p_links text[]
) RETURNS SETOF integer LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
  todo integer[];
  turn integer[];
BEGIN
  PERFORM FROM sms_outbox WHERE id = ANY (p_ids) ORDER BY id FOR NO KEY UPDATE;
  todo := ARRAY(SELECT generate_subscripts(p_ids, 1));
  -- Of several reports on one part the first is written first, and the others meet what it wrote.
  WHILE cardinality(todo) > 0 LOOP
    turn := ARRAY(SELECT min(at) FROM unnest(todo) AS at GROUP BY p_ids[at], p_attempts[at], p_numbers[at] ORDER BY 1);
    RETURN QUERY WITH asked AS (
        SELECT p_ids[at] AS outbox_id, p_attempts[at] AS attempt, p_numbers[at] AS number, p_states[at] AS state, p_reasons[at] AS reason,
          p_links[at] AS link, at
        FROM unnest(turn) AS at
      ), written AS (
        UPDATE sms_part AS part SET state = asked.state, reason = asked.reason
        FROM asked
        WHERE part.outbox_id = asked.outbox_id AND part.attempt = asked.attempt AND part.number = asked.number
          AND part.state <> 'delivered' AND part.state <> asked.state AND asked.state <> 'pending'
        RETURNING asked.*
      ), new AS (
        SELECT * FROM written
        UNION ALL
        SELECT * FROM asked WHERE state = 'pending' AND (
          SELECT true FROM sms_event AS event
          WHERE event.outbox_id = asked.outbox_id AND event.attempt = asked.attempt AND event.part = asked.number
          LIMIT 1
        ) IS NULL
      ), event AS (
        INSERT INTO sms_event (outbox_id, kind, attempt, part, link, reason)
        SELECT outbox_id, state, attempt, number, link, reason FROM new
      )
      SELECT at FROM new;
    todo := ARRAY(SELECT at FROM unnest(todo) AS at WHERE at <> ALL (turn) ORDER BY at);
  END LOOP;
  WITH parts AS MATERIALIZED (
      SELECT attempt.outbox_id, attempt.number, attempt.reports, attempt.state, count(*) AS known,
        count(*) FILTER (WHERE part.state = 'delivered') AS delivered, count(*) FILTER (WHERE part.state = 'failed') AS failed
      FROM (SELECT DISTINCT id, number FROM unnest(p_ids, p_attempts) AS asked (id, number)) AS asked
        JOIN sms_attempt AS attempt ON attempt.outbox_id = asked.id AND attempt.number = asked.number
        JOIN sms_part AS part ON part.outbox_id = attempt.outbox_id AND part.attempt = attempt.number
      GROUP BY attempt.outbox_id, attempt.number, attempt.reports, attempt.state
    ), settled AS (
      UPDATE sms_attempt AS attempt SET state = 'accepted' FROM parts
      WHERE attempt.outbox_id = parts.outbox_id AND attempt.number = parts.number AND parts.state = 'unknown' AND known >= parts.reports
    )
    UPDATE sms_outbox AS message
    SET state = CASE WHEN delivered >= reports THEN 'delivered' WHEN failed > 0 THEN 'failed' ELSE 'sent' END, settled_at = now()
    FROM parts
    WHERE message.id = parts.outbox_id AND message.attempts = parts.number AND known >= reports
      AND message.state IN ('sent', 'unknown', 'failed')
      AND message.state <> CASE WHEN delivered >= reports THEN 'delivered' WHEN failed > 0 THEN 'failed' ELSE 'sent' END;
END $$;

-- The part that each report is about, by its id in any of three writings, and by the phone where the report names it. Of several, the
-- one whose submit carried the reference that came back, else the newest. No network reports later on what it took than the longest
-- validity that we ask for; older ids have come round.
CREATE FUNCTION sms_find_parts(
  p_keys text[], p_second_keys text[], p_third_keys text[], p_recipients bytea[], p_links text[], p_references integer[]
) RETURNS TABLE (at integer, outbox_id uuid, attempt smallint, number smallint) LANGUAGE sql STABLE AS $$
  SELECT asked.at::integer, found.outbox_id, found.attempt, found.number
  FROM unnest(p_keys, p_second_keys, p_third_keys, p_recipients, p_links, p_references)
      WITH ORDINALITY AS asked (key, second, third, recipient, link, reference, at)
    CROSS JOIN LATERAL (
      SELECT part.outbox_id, part.attempt, part.number
      FROM sms_part AS part JOIN sms_attempt AS attempt ON attempt.outbox_id = part.outbox_id AND attempt.number = part.attempt
      WHERE part.provider_key = ANY (ARRAY[asked.key, asked.second, asked.third]) AND part.created_at > now() - interval '30 days'
        AND (asked.recipient IS NULL OR part.recipient_index = asked.recipient) AND (asked.recipient IS NOT NULL OR part.link = asked.link)
      ORDER BY ((attempt.reference + part.number - 1) % 65536 = asked.reference) IS TRUE DESC,
        array_position(ARRAY[asked.key, asked.second, asked.third], part.provider_key), part.link = asked.link DESC, part.created_at DESC
      LIMIT 1
    ) AS found
$$;

-- Finds the part that each report is about, and writes what it says. Gives the places of the reports whose part was found, and whether
-- they were new.
CREATE FUNCTION sms_report_by_id(
  p_keys text[], p_second_keys text[], p_third_keys text[], p_recipients bytea[], p_links text[], p_references integer[],
  p_states text[], p_reasons text[]
) RETURNS TABLE (at integer, is_new boolean) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
  places integer[];
  ids uuid[];
  attempts smallint[];
  numbers smallint[];
  states text[];
  reasons text[];
  links text[];
  fresh integer[];
BEGIN
  SELECT array_agg(part.at), array_agg(part.outbox_id), array_agg(part.attempt), array_agg(part.number),
      array_agg(p_states[part.at]), array_agg(p_reasons[part.at]), array_agg(p_links[part.at])
    INTO places, ids, attempts, numbers, states, reasons, links
    FROM sms_find_parts(p_keys, p_second_keys, p_third_keys, p_recipients, p_links, p_references) AS part;
  IF places IS NULL THEN
    RETURN;
  END IF;
  fresh := ARRAY(SELECT sms_apply_reports(ids, attempts, numbers, states, reasons, links));
  RETURN QUERY SELECT place, found.n::integer = ANY (fresh) FROM unnest(places) WITH ORDINALITY AS found (place, n);
END $$;

REVOKE ALL ON FUNCTION sms_claim, sms_accept, sms_apply_reports, sms_find_parts, sms_report_by_id FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sms_claim, sms_accept, sms_apply_reports, sms_find_parts, sms_report_by_id TO :"application";
