-- title: Course of the session
-- kind: timeline
-- note: Whose time it was, by the instants in the log, as in the sums below. Tool time contains approvals where the log does not report them.
-- steps: timeline
WITH runs AS (
    SELECT
        run_id,
        CASE WHEN run_kind = 'main' THEN 'main' ELSE coalesce(agent_type, run_kind) END AS run,
        row_number() OVER (ORDER BY run_kind <> 'main', started_at, run_id) AS lane
    FROM own_runs
),

marked AS (
    SELECT
        run_id, started_at, ended_at, owner,
        -- What goes on without a break is one segment.
        CASE
            WHEN lag(owner) OVER w IS NOT DISTINCT FROM owner AND lag(ended_at) OVER w IS NOT DISTINCT FROM started_at THEN 0
            ELSE 1
        END AS is_new
    FROM time_segments_v1
    WHERE session_id = $session
    WINDOW w AS (PARTITION BY run_id ORDER BY started_at, ended_at)
),

numbered AS (
    SELECT *, sum(is_new) OVER (PARTITION BY run_id ORDER BY started_at, ended_at ROWS UNBOUNDED PRECEDING) AS n
    FROM marked
)

SELECT
    r.lane,
    r.run,
    r.run_id,
    min(s.started_at) AS started_at,
    max(s.ended_at) AS ended_at,
    epoch_ms(max(s.ended_at)) - epoch_ms(min(s.started_at)) AS duration_ms,
    any_value(s.owner) AS owner
FROM numbered AS s
JOIN runs AS r USING (run_id)
GROUP BY r.lane, r.run, r.run_id, s.n
ORDER BY r.lane, min(s.started_at)
