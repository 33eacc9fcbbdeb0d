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
    SELECT
        b.session_id, b.basis, b.n,
        l.rule AS anomaly, l.low, l.medium, l.high, l.min_factor, l.min_excess,
        CASE l.rule WHEN 'cost.session_spike' THEN b.cost_z ELSE b.tokens_z END AS value,
        CASE l.rule WHEN 'cost.session_spike' THEN b.cost ELSE b.tokens END AS amount,
        CASE l.rule WHEN 'cost.session_spike' THEN b.cost_median ELSE b.tokens_median END AS middle
    FROM session_baselines_v1 AS b
    CROSS JOIN limits AS l
)

SELECT
    session_id,
    anomaly,
    CASE WHEN value >= high THEN 'high' WHEN value >= medium THEN 'medium' WHEN value >= low THEN 'low' END AS severity,
    value,
    CASE severity WHEN 'high' THEN high WHEN 'medium' THEN medium WHEN 'low' THEN low END AS threshold,
    [basis || ' n=' || n] AS evidence,
    CASE WHEN anomaly = 'cost.session_spike' THEN (amount - middle)::DECIMAL(24,12) END AS lost_usd
FROM measured
WHERE severity IS NOT NULL
    AND amount >= min_factor * middle
    AND amount - middle >= min_excess
