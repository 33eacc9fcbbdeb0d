-- summary: Health of each session, 0 to 100: the weighted mean of its known sub-scores, bounded by caps.
-- grain: session_id
-- status: current
-- since: 0.1.0
-- changes: Six sub-scores of what can be explained; pauses of the user, hidden reasoning and chat without tools are
--   no faults any more; a session of which too little is known is unscored instead of healthy.
-- columns:
--   session_id       The session.
--   score            NULL = unscored, which is not a bad score: see unscored_reason.
--   band             healthy from 85, warning from 65, critical below, or unscored.
--   coverage         [share] Weight of the sub-scores that are known.
--   confidence       high from a coverage of 0.9, medium from 0.7, low from 0.5; NULL = unscored.
--   score_min        [points] The score if all that is unknown were as bad as can be.
--   score_max        [points] The score if all that is unknown were fine.
--   base             [points] The weighted mean before caps.
--   cap_id           The cap that bounds it: ended_in_error, ended_in_loop, failed_verification; NULL = none does.
--   outcome          [points] Sub-score: how it ended, and whether the user had to correct.
--   reliability      [points] Sub-score: failures of tools and of the provider.
--   efficiency       [points] Sub-score: repetition, rework, waste.
--   verification     [points] Sub-score: whether the code was checked.
--   context          [points] Sub-score: how full, how often compacted, how the cache did.
--   responsiveness   [points] Sub-score: stalls of the model.
--   unscored_reason  Why there is no score; NULL = there is one.
WITH params AS (
    SELECT 0.5 AS min_coverage, 85 AS healthy_from, 65 AS warning_from
),

limits AS (
    SELECT
        max(cap) FILTER (WHERE cap_id = 'ended_in_error') AS ended_in_error,
        max(cap) FILTER (WHERE cap_id = 'ended_in_loop') AS ended_in_loop,
        max(cap) FILTER (WHERE cap_id = 'failed_verification') AS failed_verification
    FROM health_caps_v1
    WHERE version = 2
),

capped AS (
    SELECT
        s.session_id, z.session_kind,
        CASE WHEN s.is_ended_in_error AND NOT z.is_live THEN c.ended_in_error END AS error_cap,
        CASE WHEN s.is_ended_in_loop THEN c.ended_in_loop END AS loop_cap,
        CASE WHEN s.verification_state = 'failed' THEN c.failed_verification END AS verification_cap,
        least(error_cap, loop_cap, verification_cap) AS cap
    FROM session_signals_v1 AS s
    JOIN sessions_v1 AS z USING (session_id)
    CROSS JOIN limits AS c
),

judged AS (
    SELECT
        t.session_id, t.base, t.coverage, t.score_min, t.score_max, t.outcome, t.reliability, t.efficiency, t.verification,
        t.context, t.responsiveness, c.cap, c.error_cap, c.loop_cap,
        CASE
            WHEN c.session_kind NOT IN ('user', 'automation') THEN 'a session of the kind ' || c.session_kind || ' is not scored'
            WHEN t.coverage = 0 THEN 'the log says nothing that health looks at'
            WHEN t.outcome IS NULL AND t.reliability IS NULL THEN 'neither how it ended nor how its tools did is known'
            WHEN t.coverage < p.min_coverage THEN 'less than half of what health looks at is known'
        END AS unscored_reason
    FROM health_totals_v2 AS t
    JOIN capped AS c USING (session_id)
    CROSS JOIN params AS p
)

SELECT
    t.session_id,
    CASE
        WHEN t.unscored_reason IS NULL THEN round(least(t.base, coalesce(t.cap, 100)))
    END::INTEGER AS score,
    CASE
        WHEN score IS NULL THEN 'unscored'
        WHEN score >= p.healthy_from THEN 'healthy'
        WHEN score >= p.warning_from THEN 'warning'
        ELSE 'critical'
    END AS band,
    round(t.coverage, 2) AS coverage,
    CASE
        WHEN score IS NULL THEN NULL
        WHEN t.coverage >= 0.9 THEN 'high'
        WHEN t.coverage >= 0.7 THEN 'medium'
        ELSE 'low'
    END AS confidence,
    round(least(t.score_min, coalesce(t.cap, 100)))::INTEGER AS score_min,
    round(least(t.score_max, coalesce(t.cap, 100)))::INTEGER AS score_max,
    round(t.base, 2) AS base,
    CASE
        WHEN t.cap >= t.base OR t.cap IS NULL OR t.base IS NULL THEN NULL
        WHEN t.cap = t.loop_cap THEN 'ended_in_loop'
        WHEN t.cap = t.error_cap THEN 'ended_in_error'
        ELSE 'failed_verification'
    END AS cap_id,
    round(t.outcome, 2) AS outcome,
    round(t.reliability, 2) AS reliability,
    round(t.efficiency, 2) AS efficiency,
    round(t.verification, 2) AS verification,
    round(t.context, 2) AS context,
    round(t.responsiveness, 2) AS responsiveness,
    t.unscored_reason
FROM judged AS t
CROSS JOIN params AS p
