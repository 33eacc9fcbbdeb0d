-- title: Agents
-- kind: table
-- spare: first_at, record_count
-- empty: No session log was read.
-- label: file_count = files
-- label: unknown_record_count = unknown records
-- label: understood_ratio = understood
-- label: missing_count = files gone
-- label: unreadable_count = files not readable
-- optional: unknown_record_count, missing_count, unreadable_count
WITH files AS (
    SELECT
        agent,
        count(*) FILTER (source_state NOT IN ('refused', 'forgotten')) AS file_count,
        sum(parsed_record_count)::BIGINT AS record_count,
        sum(unknown_record_count)::BIGINT AS unknown_record_count,
        1 - sum(unknown_record_count) / nullif(sum(parsed_record_count), 0)::DOUBLE AS understood_ratio,
        count(*) FILTER (source_state = 'missing') AS missing_count,
        count(*) FILTER (source_state = 'unreadable') AS unreadable_count
    FROM raw.sources
    GROUP BY agent
),

found AS (
    SELECT agent, count(*) AS session_count, min(started_at) AS first_at, max(ended_at) AS last_at FROM sessions_v1 GROUP BY agent
)

SELECT
    f.agent,
    f.file_count,
    coalesce(s.session_count, 0) AS session_count,
    s.first_at,
    s.last_at,
    f.record_count,
    f.unknown_record_count,
    f.understood_ratio,
    f.missing_count,
    f.unreadable_count
FROM files AS f
LEFT JOIN found AS s USING (agent)
WHERE f.file_count > 0
ORDER BY f.agent
