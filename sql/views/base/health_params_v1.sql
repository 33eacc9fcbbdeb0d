-- summary: Signals of the health scores: how much each takes from its sub-score, and between which values.
-- grain: version, sub, signal
-- status: current
-- since: 0.1.0
-- columns:
--   version    Version of the score: session_health_v<version>.
--   sub        Sub-score.
--   signal     Signal.
--   max_loss   [points] What it takes at most.
--   a          Up to here it takes nothing.
--   b          From here on it takes all, in between a part.
--   is_anchor  The sub-score is known where one of its anchors is.
--   unit       Unit of the signal.
--   meaning    What it measures.
--   anomaly    The rule that finds the same and knows the evidence: see anomalies.
SELECT version, sub, signal, max_loss, a, b, is_anchor, unit, meaning, anomaly
FROM raw.health_params
