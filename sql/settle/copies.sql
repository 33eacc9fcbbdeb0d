-- Decides for the sources in the temporary table family which of their lines and calls count.
-- The rules are those of identity in the documentation: each request once, whichever file came first.
-- Everything is worked out before the first row is written: until then a checkpoint may run beside it.

-- 1. Lines that repeat a record of another place. --------------------------------------------------
CREATE OR REPLACE TEMP TABLE shared_records AS
SELECT source_id, line, record_key, session_id
FROM raw.records
WHERE record_key IN (
    SELECT record_key FROM raw.records WHERE source_id IN (FROM family) GROUP BY record_key HAVING count(*) > 1
);

-- The owner of a shared record is the source that does not call itself a copy, then the one whose first
-- record of its own is oldest. A source that has none is wholly contained in another: its first record
-- stands in for it, as the longer one was made from it.
CREATE OR REPLACE TEMP TABLE owner_rank AS
WITH
involved AS (
    SELECT DISTINCT source_id FROM shared_records
),

own AS (
    SELECT r.source_id, min(r.occurred_at) AS first_own_at
    FROM raw.records AS r
    ANTI JOIN shared_records AS s USING (source_id, line)
    WHERE r.source_id IN (FROM involved)
    GROUP BY r.source_id
),

any_record AS (
    SELECT source_id, min(occurred_at) AS first_at FROM raw.records WHERE source_id IN (FROM involved) GROUP BY source_id
),

mark AS (
    SELECT source_id, bool_or(is_marked_copy) AS is_marked_copy, min(native_session_id) AS native_session_id
    FROM raw.sessions GROUP BY source_id
)

SELECT
    source_id,
    row_number() OVER (
        ORDER BY coalesce(mark.is_marked_copy, false), coalesce(own.first_own_at, any_record.first_at) NULLS LAST,
            mark.native_session_id NULLS LAST, source_id
    ) AS rank
FROM involved
LEFT JOIN own USING (source_id)
LEFT JOIN any_record USING (source_id)
LEFT JOIN mark USING (source_id);

CREATE OR REPLACE TEMP TABLE owned_records AS
SELECT
    s.source_id, s.line, s.session_id, s.record_key,
    first_value(s.session_id) OVER w AS owner_session_id,
    row_number() OVER w AS position
FROM shared_records AS s
JOIN owner_rank AS o USING (source_id)
WINDOW w AS (PARTITION BY s.record_key ORDER BY o.rank, s.line);

-- 2. Lines that replay a parent under new instants: everything before the first turn that is not the
--    parent's. Where the parent is not at hand, the evidence in the file itself.
CREATE OR REPLACE TEMP TABLE replayed_records AS
WITH
threads AS (
    SELECT DISTINCT source_id, coalesce(own_session_id, session_id) AS thread_id FROM raw.runs
),

child AS (
    SELECT source_id, any_value(parent_session_id) AS parent_id, max(replay_until_line) AS replay_until_line
    FROM raw.sessions
    WHERE parent_session_id IS NOT NULL AND source_id IN (FROM family)
    GROUP BY source_id
),

parent AS (
    SELECT c.source_id, t.source_id AS parent_source_id
    FROM child AS c JOIN threads AS t ON t.thread_id = c.parent_id AND t.source_id <> c.source_id
),

parent_turns AS (
    SELECT DISTINCT p.source_id, t.native_turn_key
    FROM parent AS p JOIN raw.turns AS t ON t.source_id = p.parent_source_id
    WHERE t.native_turn_key IS NOT NULL
),

edge AS (
    SELECT
        t.source_id,
        bool_or(p.native_turn_key IS NOT NULL) AS has_replay,
        min(t.line) FILTER (p.native_turn_key IS NULL) AS own_line
    FROM raw.turns AS t
    JOIN child AS c ON c.source_id = t.source_id
    LEFT JOIN parent_turns AS p ON p.source_id = t.source_id AND p.native_turn_key = t.native_turn_key
    WHERE t.native_turn_key IS NOT NULL
    GROUP BY t.source_id
),

until AS (
    SELECT source_id, coalesce(own_line - 1, 9223372036854775807) AS last_line FROM edge WHERE has_replay
    UNION ALL
    SELECT source_id, replay_until_line FROM child
    WHERE replay_until_line > 0 AND source_id NOT IN (SELECT source_id FROM parent)
)

SELECT r.source_id, r.line FROM raw.records AS r JOIN until AS u ON u.source_id = r.source_id AND r.line <= u.last_line;

-- Lines of a run that another source tells better.
CREATE OR REPLACE TEMP TABLE retold_records AS
WITH tellers AS (
    SELECT DISTINCT source_id, whole_run_id AS run_id, rank FROM raw.ledgers WHERE whole_run_id IS NOT NULL AND source_id IN (FROM family)
),

lesser AS (
    SELECT source_id, run_id FROM tellers QUALIFY rank() OVER (PARTITION BY run_id ORDER BY rank) > 1
)

SELECT r.source_id, r.line FROM raw.records AS r SEMI JOIN lesser AS l ON l.source_id = r.source_id AND l.run_id = r.run_id;

CREATE OR REPLACE TEMP TABLE copied_lines AS
SELECT source_id, line FROM owned_records WHERE position > 1
UNION
SELECT source_id, line FROM replayed_records
UNION
SELECT source_id, line FROM retold_records;

-- With those of the other sources, that stay as they are.
CREATE OR REPLACE TEMP TABLE all_copies AS
FROM copied_lines
UNION
SELECT source_id, line FROM raw.copies WHERE source_id NOT IN (FROM family);

-- Of the accounts of one session, those that state the input of most requests come first, then those that
-- state output, and among equals the rank decides. The requests of the others are not counted.
CREATE OR REPLACE TEMP TABLE lesser_ledgers AS
WITH
accounts AS (
    SELECT
        m.session_id,
        m.source_id,
        min(l.rank) AS rank,
        CASE
            WHEN
                count(*) FILTER (coalesce(m.uncached_input_tokens, m.cache_read_input_tokens) IS NOT NULL AND m.usage_grain <> 'call') > 0
                OR 2 * count(coalesce(m.uncached_input_tokens, m.cache_read_input_tokens)) >= count(*)
                THEN 0
            WHEN count(m.output_tokens) > 0 THEN 1
            ELSE 2
        END AS poverty
    FROM raw.model_calls AS m
    JOIN raw.ledgers AS l ON l.source_id = m.source_id AND l.session_id = m.session_id
    WHERE m.source_id IN (FROM family) AND l.whole_run_id IS NULL
    GROUP BY m.session_id, m.source_id
)

SELECT session_id, source_id
FROM accounts
QUALIFY rank() OVER (PARTITION BY session_id ORDER BY poverty, rank) > 1;

-- 3. Calls that several places show. ---------------------------------------------------------------
-- One call is one response id. Only where every copy has a request id, and none comes from a side
-- chain, do several request ids mean several calls.
CREATE OR REPLACE TEMP TABLE model_copies AS
WITH
repeated AS (
    SELECT model_call_id FROM raw.model_calls WHERE source_id IN (FROM family) GROUP BY model_call_id HAVING count(*) > 1
),

seen AS (
    SELECT
        m.*,
        c.line IS NOT NULL OR x.source_id IS NOT NULL AS is_copy,
        coalesce(o.rank, 0) AS source_rank,
        bool_or(m.request_key IS NULL OR m.is_sidechain) OVER (PARTITION BY m.model_call_id) AS is_one
    FROM raw.model_calls AS m
    SEMI JOIN repeated USING (model_call_id)
    LEFT JOIN all_copies AS c ON c.source_id = m.source_id AND c.line = m.line
    LEFT JOIN owner_rank AS o ON o.source_id = m.source_id
    LEFT JOIN lesser_ledgers AS x ON x.source_id = m.source_id AND x.session_id = m.session_id
),

grouped AS (
    SELECT *, CASE WHEN is_one THEN 0 ELSE request_key END AS call_group FROM seen
)

SELECT
    *,
    row_number() OVER (
        PARTITION BY model_call_id, call_group ORDER BY is_copy, is_sidechain, source_rank, source_id, line
    ) AS position,
    count(DISTINCT call_group) OVER (PARTITION BY model_call_id) AS group_count,
    bool_and(is_copy) OVER (PARTITION BY model_call_id, call_group) AS is_all_copies
FROM grouped;

-- An account that names no turns counts by the turns of the log beside it: each request belongs to the one
-- that had begun.
CREATE OR REPLACE TEMP TABLE placed_calls AS
WITH
outside AS (
    SELECT m.*, coalesce(m.started_at, m.occurred_at) AS begun_at
    FROM raw.model_calls AS m
    SEMI JOIN (FROM raw.ledgers WHERE whole_run_id IS NULL) AS l ON l.source_id = m.source_id AND l.session_id = m.session_id
    ANTI JOIN lesser_ledgers AS x ON x.source_id = m.source_id AND x.session_id = m.session_id
    ANTI JOIN model_copies AS k ON k.model_call_id = m.model_call_id
    WHERE m.source_id IN (FROM family)
),

begun AS (
    SELECT t.run_id, t.turn_id, t.started_at
    FROM raw.turns AS t
    ANTI JOIN all_copies AS c ON c.source_id = t.source_id AND c.line = t.line
    WHERE t.run_id IN (SELECT run_id FROM outside)
)

SELECT o.* EXCLUDE (begun_at) REPLACE (t.turn_id AS turn_id)
FROM (FROM outside ANTI JOIN retold_records USING (source_id, line) WHERE turn_id IS NULL AND usage_grain = 'call') AS o
ASOF JOIN begun AS t ON t.run_id = o.run_id AND t.started_at <= o.begun_at
UNION ALL
-- The account counts though the telling around it does not, and the turns that it names are not there.
SELECT o.* EXCLUDE (begun_at) REPLACE (NULL AS turn_id)
FROM outside AS o
SEMI JOIN retold_records USING (source_id, line);

CREATE OR REPLACE TEMP TABLE tool_copies AS
WITH
repeated AS (
    SELECT tool_call_id FROM raw.tool_calls WHERE source_id IN (FROM family) GROUP BY tool_call_id HAVING count(*) > 1
)

SELECT
    t.*,
    row_number() OVER (
        PARTITION BY t.tool_call_id ORDER BY c.line IS NOT NULL, coalesce(o.rank, 0), t.source_id, t.line
    ) AS position,
    row_number() OVER (
        PARTITION BY t.tool_call_id
        ORDER BY t.status = 'no_result', t.status = 'unknown', c.line IS NOT NULL, coalesce(o.rank, 0), t.source_id, t.line
    ) AS result_position,
    bool_and(c.line IS NOT NULL) OVER (PARTITION BY t.tool_call_id) AS is_all_copies
FROM raw.tool_calls AS t
SEMI JOIN repeated USING (tool_call_id)
LEFT JOIN all_copies AS c ON c.source_id = t.source_id AND c.line = t.line
LEFT JOIN owner_rank AS o ON o.source_id = t.source_id;

-- 4. Who comes from whom. --------------------------------------------------------------------------
CREATE OR REPLACE TEMP TABLE family_sessions AS
SELECT DISTINCT session_id FROM raw.sessions WHERE source_id IN (FROM family)
UNION
SELECT DISTINCT session_id FROM raw.runs WHERE source_id IN (FROM family);

CREATE OR REPLACE TEMP TABLE new_lineage AS
WITH RECURSIVE
spans AS (
    SELECT r.session_id, min(r.occurred_at) AS first_at, max(r.occurred_at) AS last_at
    FROM raw.records AS r
    ANTI JOIN all_copies AS c USING (source_id, line)
    WHERE r.session_id IN (FROM family_sessions)
    GROUP BY r.session_id
),

by_records AS (
    SELECT session_id, owner_session_id AS parent_id, count(*) AS n
    FROM owned_records
    WHERE position > 1 AND session_id <> owner_session_id
    GROUP BY session_id, owner_session_id
    QUALIFY row_number() OVER (PARTITION BY session_id ORDER BY n DESC, parent_id) = 1
),

by_word AS (
    SELECT session_id, any_value(parent_session_id) AS parent_id, any_value(relation) AS relation
    FROM raw.sessions
    WHERE relation IS NOT NULL AND parent_session_id IS NOT NULL AND parent_session_id <> session_id
        AND session_id IN (FROM family_sessions)
    GROUP BY session_id
),

links AS (
    SELECT
        coalesce(w.session_id, r.session_id) AS session_id,
        coalesce(w.parent_id, r.parent_id) AS parent_id,
        coalesce(w.relation, CASE WHEN p.last_at > s.first_at THEN 'fork' ELSE 'resume' END) AS relation,
        coalesce(r.n, 0) AS n
    FROM by_records AS r
    FULL JOIN by_word AS w ON w.session_id = r.session_id
    LEFT JOIN spans AS s ON s.session_id = r.session_id
    LEFT JOIN spans AS p ON p.session_id = r.parent_id
),

-- A circle of parents (possible only in damaged or made-up logs) ends at a depth nobody reaches.
up AS (
    SELECT session_id, parent_id AS ancestor_id, 1 AS step FROM links
    UNION ALL
    SELECT u.session_id, l.parent_id, u.step + 1 FROM up AS u JOIN links AS l ON l.session_id = u.ancestor_id WHERE u.step < 100
)

SELECT l.session_id, l.parent_id, l.relation, r.root_id, l.n
FROM links AS l
JOIN (SELECT session_id, arg_max(ancestor_id, step) AS root_id FROM up GROUP BY session_id) AS r USING (session_id);

-- 5. The findings are written. ----------------------------------------------------------------------
DELETE FROM raw.copies WHERE source_id IN (FROM family);
INSERT INTO raw.copies FROM copied_lines;

DELETE FROM raw.call_copies WHERE source_id IN (FROM family);
INSERT INTO raw.call_copies SELECT 'model', source_id, line, model_call_id, position = 1 FROM model_copies;
INSERT INTO raw.call_copies SELECT 'model', source_id, line, model_call_id, true FROM placed_calls;
INSERT INTO raw.call_copies
SELECT 'model', m.source_id, m.line, m.model_call_id, false
FROM raw.model_calls AS m
SEMI JOIN lesser_ledgers AS x ON x.source_id = m.source_id AND x.session_id = m.session_id
ANTI JOIN model_copies AS k ON k.model_call_id = m.model_call_id;
INSERT INTO raw.call_copies SELECT 'tool', source_id, line, tool_call_id, position = 1 FROM tool_copies;

DELETE FROM raw.merged_model_calls WHERE source_id IN (FROM family);
INSERT INTO raw.merged_model_calls
SELECT * EXCLUDE (is_copy, source_rank, is_one, call_group, position, group_count, is_all_copies) REPLACE (
    CASE WHEN group_count = 1 THEN model_call_id ELSE md5_number_lower(model_call_id || '/' || request_key) END AS model_call_id,
    max(uncached_input_tokens) OVER g AS uncached_input_tokens,
    max(cache_read_input_tokens) OVER g AS cache_read_input_tokens,
    max(cache_creation_5m_input_tokens) OVER g AS cache_creation_5m_input_tokens,
    max(cache_creation_1h_input_tokens) OVER g AS cache_creation_1h_input_tokens,
    max(output_tokens) OVER g AS output_tokens,
    max(reasoning_output_tokens) OVER g AS reasoning_output_tokens,
    max(reported_cost_usd) OVER g AS reported_cost_usd,
    sum(observation_count) OVER g AS observation_count,
    first_value(occurred_at) OVER largest AS occurred_at,
    first_value(usage_quality) OVER largest AS usage_quality,
    coalesce(first_value(finish_reason IGNORE NULLS) OVER largest, finish_reason) AS finish_reason
)
FROM model_copies
WHERE NOT is_all_copies
WINDOW
    g AS (PARTITION BY model_call_id, call_group),
    largest AS (
        PARTITION BY model_call_id, call_group ORDER BY output_tokens DESC NULLS LAST, occurred_at, source_id, line
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    )
QUALIFY position = 1;
INSERT INTO raw.merged_model_calls FROM placed_calls;

DELETE FROM raw.merged_tool_calls WHERE source_id IN (FROM family);
-- The place is the owner's; the result is the best that any copy shows.
INSERT INTO raw.merged_tool_calls
SELECT a.* EXCLUDE (position, result_position, is_all_copies) REPLACE (
    CASE WHEN a.source_id = b.source_id THEN b.result_line END AS result_line,
    b.ended_at AS ended_at,
    b.duration_ms AS duration_ms,
    b.duration_basis AS duration_basis,
    b.status AS status,
    b.error_type AS error_type,
    b.exit_code AS exit_code,
    b.result_bytes AS result_bytes,
    b.result_hash AS result_hash,
    b.is_result_truncated AS is_result_truncated,
    coalesce(a.approval, b.approval) AS approval,
    coalesce(a.child_run_id, b.child_run_id) AS child_run_id
)
FROM tool_copies AS a
JOIN tool_copies AS b ON b.tool_call_id = a.tool_call_id AND b.result_position = 1
WHERE a.position = 1 AND NOT a.is_all_copies;

DELETE FROM raw.lineage WHERE session_id IN (FROM family_sessions);
INSERT INTO raw.lineage FROM new_lineage;

INSERT INTO raw.stale_sessions
SELECT session_id, level FROM family_sessions, (VALUES ('facts'), ('findings')) AS v (level)
EXCEPT
SELECT session_id, level FROM raw.stale_sessions;

DROP TABLE shared_records;
DROP TABLE owner_rank;
DROP TABLE owned_records;
DROP TABLE replayed_records;
DROP TABLE retold_records;
DROP TABLE copied_lines;
DROP TABLE all_copies;
DROP TABLE lesser_ledgers;
DROP TABLE model_copies;
DROP TABLE placed_calls;
DROP TABLE tool_copies;
DROP TABLE family_sessions;
DROP TABLE new_lineage;
