-- title: Changes
-- kind: table
-- json only: unit, key, value, baseline_median, robust_z, session_ids, period
-- text only: starts, name, became, before, sessions
-- label: starts = period
-- label: name = of
-- label: became = value
-- label: before = median before
-- optional: name, sessions
-- below: sessions
-- show: 25
-- empty: No spike, drop or shift: each complete period lies within what the eight before it allow.
WITH ranked AS (
    SELECT key, period, session_id, row_number() OVER (PARTITION BY key, period ORDER BY cost_usd DESC NULLS LAST, model_call_count DESC, session_id) AS place
    FROM trend_behind
),

costliest AS (
    SELECT key, period, list(session_id ORDER BY place) AS session_ids
    FROM ranked
    WHERE place <= 5
    GROUP BY key, period
)

SELECT
    t.period::DATE AS period,
    t.period::DATE AS starts,
    t.metric,
    m.unit,
    t.key,
    l.label AS name,
    t.change,
    t.value,
    {'value': t.value, 'unit': m.unit} AS became,
    t.baseline_median,
    {'value': t.baseline_median, 'unit': m.unit} AS before,
    t.robust_z,
    coalesce(s.session_ids, []) AS session_ids,
    'the costliest sessions: ' || array_to_string(s.session_ids, ' ') AS sessions
FROM shown_trends AS t
JOIN trend_metrics_v1 AS m USING (metric)
LEFT JOIN trend_labels AS l USING (key)
LEFT JOIN costliest AS s ON s.key = t.key AND s.period = t.period
WHERE t.change IS NOT NULL
ORDER BY t.period DESC, list_position(string_split($metrics, ','), t.metric), abs(t.robust_z) DESC, t.key
