-- summary: Sessions that cost or used far more than the sessions before them.
-- grain: session_id, anomaly
-- status: current
-- since: 0.1.0
-- columns:
--   session_id  The session.
--   anomaly     cost.session_spike or cost.token_spike.
--   severity    low, medium or high, by the limits in thresholds.
--   value       [robust z] Distance from the median of the logarithms.
--   threshold   The limit it passed.
--   evidence    Whose sessions were compared, and how many.
--   lost_usd    [USD] Cost beyond the median.
WITH limits AS (
    SELECT
        rule,
        max(value) FILTER (WHERE parameter = 'low') AS low,
        max(value) FILTER (WHERE parameter = 'medium') AS medium,
        max(value) FILTER (WHERE parameter = 'high') AS high,
        max(value) FILTER (WHERE parameter = 'min_factor') AS min_factor,
        max(value) FILTER (WHERE parameter IN ('min_usd', 'min_tokens')) AS min_excess
    FROM thresholds_v1
    WHERE rule IN ('cost.session_spike', 'cost.token_spike')
    GROUP BY rule
),

measured AS (
    SELECT session_id, basis, n, 'cost.session_spike' AS anomaly, cost_z AS value, cost AS amount, cost_median AS middle
    FROM session_baselines_v1
    UNION ALL
    SELECT session_id, basis, n, 'cost.token_spike', tokens_z, tokens, tokens_median
    FROM session_baselines_v1
)

SELECT
    m.session_id,
    m.anomaly,
    CASE WHEN m.value >= l.high THEN 'high' WHEN m.value >= l.medium THEN 'medium' WHEN m.value >= l.low THEN 'low' END AS severity,
    m.value,
    CASE severity WHEN 'high' THEN l.high WHEN 'medium' THEN l.medium WHEN 'low' THEN l.low END AS threshold,
    [m.basis || ' n=' || m.n] AS evidence,
    CASE WHEN m.anomaly = 'cost.session_spike' THEN (m.amount - m.middle)::DECIMAL(24,12) END AS lost_usd
FROM measured AS m
JOIN limits AS l ON l.rule = m.anomaly
WHERE severity IS NOT NULL
    AND m.amount >= l.min_factor * m.middle
    AND m.amount - m.middle >= l.min_excess
