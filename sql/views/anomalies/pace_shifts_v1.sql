-- summary: Sessions in which a model was far slower, or reasoned far more or less, than in the sessions before them.
-- grain: session_id, anomaly
-- status: current
-- since: 0.1.0
-- columns:
--   session_id  The session.
--   anomaly     time.latency_shift or proc.reasoning_shift.
--   severity    low, medium or high, by the limits in thresholds.
--   value       [robust z] Distance from the median of the logarithms, of the model that is farthest off.
--   threshold   The limit it passed.
--   evidence    The model, how it is and how it was, and how many sessions were compared.
WITH params AS (
    -- The floor of the deviation stands for 28 %, as in session_baselines.
    SELECT
        8 AS min_sessions, 0.25 AS min_deviation, 0.6745 AS scale,
        max(value) FILTER (WHERE key = 'time.latency_shift.min_calls') AS min_waits,
        max(value) FILTER (WHERE key = 'time.latency_shift.min_factor') AS min_latency_factor,
        max(value) FILTER (WHERE key = 'proc.reasoning_shift.min_calls') AS min_calls,
        max(value) FILTER (WHERE key = 'proc.reasoning_shift.min_factor') AS min_reasoning_factor
    FROM thresholds_v1
),

-- One row per session, model and measure.
paces AS (
    SELECT 'time.latency_shift' AS anomaly, session_id, model, latency_p50_ms / 1000.0 AS amount
    FROM session_pace_v1
    JOIN params AS p ON latency_count >= p.min_waits
    WHERE latency_p50_ms > 0
    UNION ALL
    SELECT 'proc.reasoning_shift', session_id, model, reasoning_ratio
    FROM session_pace_v1
    JOIN params AS p ON reasoning_call_count >= p.min_calls
    WHERE reasoning_ratio > 0
),

windows AS (
    SELECT
        c.anomaly, c.session_id, c.model, c.amount,
        count(*) OVER history AS n,
        median(ln(c.amount)) OVER history AS middle,
        mad(ln(c.amount)) OVER history AS deviation
    FROM paces AS c
    JOIN sessions_v1 AS s USING (session_id)
    WHERE s.started_at IS NOT NULL
    WINDOW history AS (
        PARTITION BY c.anomaly, s.agent, c.model ORDER BY s.started_at, c.session_id ROWS BETWEEN 60 PRECEDING AND 1 PRECEDING
    )
),

shifts AS (
    SELECT
        w.session_id, w.anomaly, w.model, w.amount, w.n, w.middle,
        p.scale * (ln(w.amount) - w.middle) / greatest(w.deviation, p.min_deviation) AS z,
        -- A model that answers faster is no finding; reasoning counts both ways.
        CASE w.anomaly WHEN 'time.latency_shift' THEN z ELSE abs(z) END AS value,
        CASE w.anomaly WHEN 'time.latency_shift' THEN p.min_latency_factor ELSE p.min_reasoning_factor END AS min_factor
    FROM windows AS w
    JOIN params AS p ON w.n >= p.min_sessions
)

SELECT
    s.session_id,
    s.anomaly,
    CASE WHEN s.value >= l.high THEN 'high' WHEN s.value >= l.medium THEN 'medium' WHEN s.value >= l.low THEN 'low' END AS severity,
    round(s.value, 4) AS value,
    CASE severity WHEN 'high' THEN l.high WHEN 'medium' THEN l.medium WHEN 'low' THEN l.low END AS threshold,
    [
        s.model,
        CASE s.anomaly
            WHEN 'time.latency_shift' THEN format('{:.1f} s, before {:.1f} s', s.amount, exp(s.middle))
            ELSE format('{:.0f} %, before {:.0f} %', 100 * s.amount, 100 * exp(s.middle))
        END,
        'n=' || s.n
    ] AS evidence
FROM shifts AS s
JOIN anomaly_limits_v1 AS l ON l.rule = s.anomaly
WHERE severity IS NOT NULL AND abs(ln(s.amount) - s.middle) >= ln(s.min_factor)
QUALIFY row_number() OVER (PARTITION BY s.session_id, s.anomaly ORDER BY s.value DESC, s.model) = 1
