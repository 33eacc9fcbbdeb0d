-- title: Worse than the base line?
-- about: One metric against its base line: it fails only if both the relative and the absolute limit are exceeded.
--   Metrics, of whole sessions: mean_health, median_session_usd, total_usd, total_tokens, tool_failure_ratio,
--   waste_ratio.
-- kind: control
-- params:
--   baseline double required  Value to compare with.
--   metric varchar = tool_failure_ratio  Which metric.
--   max_increase double = 0.2  Largest worsening, as a part of the base line.
--   min_delta double = 0  Differences up to this are none.
--   min_sessions bigint = 5  With fewer sessions the verdict is incomplete.
-- columns:
--   status                varchar    ok, warn, fail, skip, incomplete or error.
--   reason                varchar    Why, in words.
--   resource              varchar    What is judged: a session, total, a file.
--   value                 double     What was found; NULL = not known.
--   threshold             double     The limit; NULL = none was set.
--   evidence_session_ids  varchar[]  The worst sessions first, three at most.
--   base                  double     The base line.
--   n                     bigint     Sessions.
--   unpriced_call_count   bigint     Calls without a price: money is a lower bound.
WITH scope AS (
    SELECT session_id, agent, project, machine_id, title, session_kind FROM session_scope_v1($since, $until, $project, $agent, $model, $machine)
),

facts AS (
    SELECT
        m.session_id, m.cost_usd::DOUBLE AS usd, m.wasted_cost_usd::DOUBLE AS wasted_usd, m.input_tokens + m.output_tokens AS tokens,
        m.tool_ok_count, m.tool_failed_count, m.unpriced_call_count, h.score
    FROM session_metrics_v1 AS m
    SEMI JOIN scope AS s USING (session_id)
    LEFT JOIN session_health_v2 AS h USING (session_id)
),

found AS (
    SELECT
        CASE $metric
            WHEN 'mean_health' THEN avg(score)
            WHEN 'median_session_usd' THEN median(usd)
            WHEN 'total_usd' THEN sum(usd)
            WHEN 'total_tokens' THEN sum(tokens)::DOUBLE
            WHEN 'tool_failure_ratio' THEN sum(tool_failed_count)::DOUBLE / nullif(sum(tool_ok_count + tool_failed_count), 0)::DOUBLE
            WHEN 'waste_ratio' THEN sum(wasted_usd) / nullif(sum(usd), 0)
        END AS value,
        count(*) AS n,
        coalesce(
            list(
                session_id
                ORDER BY CASE $metric
                    WHEN 'mean_health' THEN -score
                    WHEN 'total_tokens' THEN tokens
                    WHEN 'tool_failure_ratio' THEN tool_failed_count
                    WHEN 'waste_ratio' THEN wasted_usd
                    ELSE usd
                END DESC NULLS LAST, session_id
            ), []
        )[:3] AS worst,
        coalesce(sum(unpriced_call_count), 0)::BIGINT AS unpriced_call_count
    FROM facts
),

worsened AS (
    SELECT f.*, CASE WHEN $metric = 'mean_health' THEN $baseline::DOUBLE - f.value ELSE f.value - $baseline::DOUBLE END AS delta FROM found AS f
)

SELECT
    CASE
        WHEN $metric NOT IN ('mean_health', 'median_session_usd', 'total_usd', 'total_tokens', 'tool_failure_ratio', 'waste_ratio') THEN 'error'
        WHEN n < coalesce($min_sessions::BIGINT, 0) OR value IS NULL THEN 'incomplete'
        WHEN delta > $max_increase::DOUBLE * abs($baseline::DOUBLE) AND delta > $min_delta::DOUBLE THEN 'fail'
        ELSE 'ok'
    END AS status,
    CASE
        WHEN $metric NOT IN ('mean_health', 'median_session_usd', 'total_usd', 'total_tokens', 'tool_failure_ratio', 'waste_ratio') THEN 'no such metric'
        ELSE format('{} over {} sessions', $metric, n)
    END AS reason,
    $metric AS resource,
    value,
    $baseline::DOUBLE + CASE WHEN $metric = 'mean_health' THEN -1 ELSE 1 END
        * greatest($max_increase::DOUBLE * abs($baseline::DOUBLE), $min_delta::DOUBLE) AS threshold,
    worst AS evidence_session_ids,
    $baseline::DOUBLE AS base,
    n,
    unpriced_call_count
FROM worsened
LIMIT $limit
