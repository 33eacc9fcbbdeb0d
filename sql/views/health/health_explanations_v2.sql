-- summary: Why health v2 is what it is: each lost point with its reason and evidence. The points of a session add up to
--   100 minus its score, before rounding.
-- grain: session_id, sub, signal
-- status: current
-- since: 0.1.0
-- changes: There were none in version 1.
-- columns:
--   session_id  The session.
--   sub         Sub-score, or cap.
--   signal      The signal that took points, or the cap; unknown = the sub-score is not known and takes none.
--   value       Value of the signal; of a cap the score before it.
--   starts_at   Up to here a signal takes nothing; of a cap what it allows.
--   full_at     From here on it takes all.
--   unit        Unit of these.
--   points      What it took from the score; NULL = unknown.
--   reason      What it is, in words.
--   anomaly     The finding about the same, if there is one.
--   evidence    Its evidence.
--   source_id   The log file of the evidence.
--   first_line  First line of it there.
--   last_line   Last line of it there.
WITH known AS (
    SELECT
        session_id, sub, score, loss, weight,
        sum(weight) FILTER (WHERE score IS NOT NULL) OVER (PARTITION BY session_id) AS known_weight
    FROM health_sub_scores_v2
),

taken AS (
    SELECT
        l.session_id, l.sub, l.signal, l.value, l.a, l.b, l.unit,
        -- A sub-score does not fall below 0: what its signals take beyond that is shared out.
        (k.weight / k.known_weight) * l.loss * least(1, 100 / k.loss) AS points
    FROM health_losses_v2 AS l
    JOIN known AS k USING (session_id, sub)
    WHERE l.loss > 0 AND k.score IS NOT NULL
)

SELECT
    t.session_id, t.sub, t.signal, t.value,
    t.a AS starts_at,
    t.b AS full_at,
    t.unit,
    round(t.points, 2) AS points,
    CASE t.signal
        WHEN 'end_state_loss' THEN 'it ended as ' || replace(s.end_state, '_', ' ')
        WHEN 'verify_loss' THEN 'code was changed, and its check after the last edit: ' || replace(s.verification_state, '_', ' ')
        ELSE p.meaning || ': ' || CASE
            WHEN t.unit = 'share' THEN round(100 * t.value)::BIGINT || ' %'
            ELSE round(t.value, 1) || ' ' || t.unit
        END
    END AS reason,
    f.anomaly,
    f.evidence, f.source_id, f.first_line, f.last_line
FROM taken AS t
JOIN session_signals_v1 AS s USING (session_id)
JOIN health_params_v1 AS p ON p.version = 2 AND p.sub = t.sub AND p.signal = t.signal
LEFT JOIN session_findings_v1 AS f ON f.session_id = t.session_id AND f.anomaly = p.anomaly
UNION ALL
SELECT
    h.session_id, 'cap', h.cap_id, h.base, c.cap, NULL, 'score',
    round(h.base - c.cap, 2),
    c.meaning,
    NULL, NULL, NULL, NULL, NULL
FROM session_health_v2 AS h
JOIN health_caps_v1 AS c ON c.version = 2 AND c.cap_id = h.cap_id
UNION ALL
SELECT
    k.session_id, k.sub, 'unknown', NULL, NULL, NULL, NULL, NULL,
    'nothing is known of ' || k.sub,
    NULL, NULL, NULL, NULL, NULL
FROM known AS k
WHERE k.score IS NULL
