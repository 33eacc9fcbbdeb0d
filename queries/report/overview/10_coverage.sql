-- title:
-- kind: facts
WITH calls AS (
    SELECT
        coalesce(sum(call_count), 0)::BIGINT AS model_call_count,
        coalesce(sum(priced_call_count), 0)::BIGINT AS priced_call_count,
        coalesce(sum(call_count - priced_call_count), 0)::BIGINT AS unpriced_call_count,
        coalesce(sum(lower_bound_call_count), 0)::BIGINT AS lower_bound_call_count,
        coalesce(sum(estimated_call_count), 0)::BIGINT AS estimated_call_count
    FROM scoped_calls
),

-- Files of the sessions in scope; without filters all of them, also those without a session.
places AS (
    SELECT x.source_id, x.source_state, x.size_bytes, x.parsed_record_count, x.unknown_record_count
    FROM raw.sources AS x
    WHERE x.source_state IN ('present', 'missing', 'replaced') AND (
        NOT $filtered::BOOLEAN
        OR x.source_id IN (SELECT s.source_id FROM raw.sessions AS s JOIN scope AS w ON s.session_id = w.session_key)
    )
),

files AS (
    SELECT
        count(*) AS source_count,
        coalesce(sum(size_bytes), 0)::BIGINT AS source_bytes,
        count(*) FILTER (source_state = 'missing') AS missing_source_count,
        coalesce(sum(parsed_record_count), 0)::BIGINT AS record_count,
        coalesce(sum(unknown_record_count), 0)::BIGINT AS unknown_record_count
    FROM places
),

-- What could not be read belongs to no session, and to no report of one. A side file that is read with its
-- session is no gap: its reason says so.
outside AS (
    SELECT
        count(*) FILTER (source_state = 'unreadable') AS unreadable_source_count,
        count(*) FILTER (source_state = 'refused' AND NOT contains(coalesce(state_reason, ''), 'read with')) AS refused_source_count
    FROM raw.sources
    WHERE $session::VARCHAR = ''
),

troubles AS (
    SELECT coalesce(sum(p.occurrence_count), 0)::BIGINT AS problem_count
    FROM raw.problems AS p
    SEMI JOIN places USING (source_id)
    WHERE p.problem_kind NOT IN ('unknown_type', 'unknown_field')
),

spans AS (
    SELECT
        count(*) AS session_count,
        count(DISTINCT agent) AS agent_count,
        min(started_at) AS first_at,
        max(ended_at) AS last_at,
        count(*) FILTER (NOT has_usage) AS session_without_usage_count,
        count(*) FILTER (NOT has_times) AS session_without_times_count
    FROM core.sessions_v1
    WHERE session_id IN (SELECT session_key FROM scope)
),

-- What is unknown because the logs do not tell it, by agent, with what the agent's logs can tell at best.
silences AS (
    SELECT list({agent: agent, field: field, session_count: session_count, available: available, note: note} ORDER BY field, session_count DESC, agent) AS gaps
    FROM (
        SELECT agent, unnest(['usage', 'times']) AS field, unnest([count(*) FILTER (NOT has_usage), count(*) FILTER (NOT has_times)]) AS session_count
        FROM core.sessions_v1
        WHERE session_id IN (SELECT session_key FROM scope)
        GROUP BY agent
    )
    LEFT JOIN agent_capabilities_v1 USING (agent, field)
    WHERE session_count > 0
),

imports AS (
    SELECT max(started_at) AS refreshed_at FROM raw.imports
)

SELECT * FROM spans CROSS JOIN files CROSS JOIN outside CROSS JOIN troubles CROSS JOIN calls CROSS JOIN imports CROSS JOIN silences
