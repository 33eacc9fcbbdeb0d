-- title: 
-- kind: facts
WITH calls AS (
    SELECT
        count(*) AS model_call_count,
        count(cost_usd) AS priced_call_count,
        count(*) - count(cost_usd) AS unpriced_call_count,
        count(*) FILTER (is_lower_bound) AS lower_bound_call_count,
        count(*) FILTER (is_estimated) AS estimated_call_count
    FROM model_call_costs_v1
    SEMI JOIN scope USING (session_id)
    WHERE ($since::TIMESTAMPTZ IS NULL OR occurred_at >= $since::TIMESTAMPTZ)
        AND ($until::TIMESTAMPTZ IS NULL OR occurred_at < $until::TIMESTAMPTZ)
),

files AS (
    SELECT
        count(*) FILTER (source_state IN ('present', 'missing', 'replaced')) AS source_count,
        sum(size_bytes) FILTER (source_state IN ('present', 'missing', 'replaced'))::BIGINT AS source_bytes,
        count(*) FILTER (source_state = 'missing') AS missing_source_count,
        count(*) FILTER (source_state = 'unreadable') AS unreadable_source_count,
        count(*) FILTER (source_state = 'refused') AS refused_source_count,
        sum(parsed_record_count)::BIGINT AS record_count,
        sum(unknown_record_count)::BIGINT AS unknown_record_count
    FROM raw.sources
),

troubles AS (
    SELECT coalesce(sum(occurrence_count), 0)::BIGINT AS problem_count FROM raw.problems WHERE problem_kind NOT IN ('unknown_type', 'unknown_field')
),

spans AS (
    SELECT
        count(*) AS session_count,
        min(started_at) AS first_at,
        max(ended_at) AS last_at,
        count(*) FILTER (NOT has_usage) AS session_without_usage_count,
        count(*) FILTER (NOT has_times) AS session_without_times_count
    FROM sessions_v1
    SEMI JOIN scope USING (session_id)
),

imports AS (
    SELECT max(started_at) AS refreshed_at FROM raw.imports
)

SELECT * FROM spans CROSS JOIN files CROSS JOIN troubles CROSS JOIN calls CROSS JOIN imports
