-- Adds to the temporary table family every source that shares a record, a call, a parent or the
-- account of a session with one in it. Run until nothing is added: what counts in one of them can depend on all.
INSERT INTO family
WITH
threads AS (
    SELECT DISTINCT source_id, coalesce(own_session_id, session_id) AS thread_id FROM raw.runs
),

related AS (
    SELECT source_id FROM raw.records
    WHERE record_key IN (SELECT record_key FROM raw.records WHERE source_id IN (FROM family))
    UNION ALL
    SELECT source_id FROM raw.model_calls
    WHERE model_call_id IN (SELECT model_call_id FROM raw.model_calls WHERE source_id IN (FROM family))
    UNION ALL
    SELECT source_id FROM raw.tool_calls
    WHERE tool_call_id IN (SELECT tool_call_id FROM raw.tool_calls WHERE source_id IN (FROM family))
    UNION ALL
    SELECT source_id FROM raw.ledgers
    WHERE session_id IN (SELECT session_id FROM raw.ledgers WHERE source_id IN (FROM family))
    UNION ALL
    SELECT s.source_id FROM raw.sessions AS s
    JOIN threads AS t ON t.thread_id = s.parent_session_id WHERE t.source_id IN (FROM family)
    UNION ALL
    SELECT t.source_id FROM threads AS t
    JOIN raw.sessions AS s ON t.thread_id = s.parent_session_id WHERE s.source_id IN (FROM family)
)

SELECT DISTINCT source_id FROM related WHERE source_id NOT IN (FROM family);
