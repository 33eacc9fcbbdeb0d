-- summary: What each signal takes from its sub-score of health v2.
-- grain: session_id, signal
-- status: current
-- since: 0.1.0
-- changes: There were none in version 1.
-- columns:
--   session_id  The session.
--   sub         Sub-score.
--   signal      The signal.
--   value       Its value; NULL = unknown.
--   a           Up to here it takes nothing.
--   b           From here on it takes all.
--   max_loss    [points] What it takes at most.
--   is_anchor   The sub-score is known where an anchor is.
--   unit        Unit of value, a and b.
--   loss        [points] What it takes; NULL = unknown.
SELECT
    g.session_id, g.sub, g.signal, g.value, p.a, p.b, p.max_loss, p.is_anchor, p.unit,
    CASE WHEN g.value IS NOT NULL THEN round(p.max_loss * least(1, greatest(0, (g.value - p.a) / (p.b - p.a))), 6) END AS loss
FROM health_signals_v2 AS g
JOIN health_params_v1 AS p ON p.version = 2 AND p.sub = g.sub AND p.signal = g.signal
