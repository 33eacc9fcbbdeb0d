-- summary: How often each finding occurs in two groups of sessions.
-- grain: anomaly
-- status: current
-- since: 0.1.0
-- macro: (group_a, group_b)
-- columns:
--   anomaly  The rule, as family.name.
--   hits_a   [count] Sessions of the first group with it, information left out.
--   n_a      [count] Sessions of the first group.
--   share_a  [share] One over the other.
--   hits_b   [count] Sessions of the second group with it.
--   n_b      [count] Sessions of the second group.
--   share_b  [share] One over the other.
--   change   [share] Second less first.
WITH members AS (
    SELECT ('0x' || unnest(group_a))::UBIGINT AS session_id, TRUE AS is_a
    UNION ALL
    SELECT ('0x' || unnest(group_b))::UBIGINT, FALSE
),

sizes AS (
    SELECT count(*) FILTER (WHERE is_a) AS n_a, count(*) FILTER (WHERE NOT is_a) AS n_b FROM members
),

hits AS (
    SELECT f.anomaly, count(*) FILTER (WHERE g.is_a) AS hits_a, count(*) FILTER (WHERE NOT g.is_a) AS hits_b
    FROM session_findings_v1 AS f
    JOIN members AS g USING (session_id)
    WHERE f.severity <> 'info'
    GROUP BY f.anomaly
)

SELECT
    h.anomaly,
    h.hits_a, s.n_a, h.hits_a / nullif(s.n_a, 0) AS share_a,
    h.hits_b, s.n_b, h.hits_b / nullif(s.n_b, 0) AS share_b,
    h.hits_b / nullif(s.n_b, 0) - h.hits_a / nullif(s.n_a, 0) AS change
FROM hits AS h
CROSS JOIN sizes AS s
