-- summary: The longest row of failures in each session, whatever the tools: a sign that no failure changed the course.
-- grain: session_id
-- status: current
-- since: 0.1.0
-- kept: findings
-- columns:
--   session_id  The session.
--   run_id      The run in which it happened.
--   max_streak  [count] Failed calls in a row; failed verifications and empty searches are no failures, and end it.
--   first_seq   Order of the first.
--   last_seq    Order of the last.
--   call_ids    The calls, in order.
WITH results AS (
    SELECT
        session_id, run_id, seq, tool_call_id,
        status = 'error' AND coalesce(error_type, '') NOT IN ('verification_failed', 'empty_search') AS is_failure
    FROM tool_calls_v1
    WHERE status IN ('ok', 'error')
),

-- Failures between the same two successes are one streak.
numbered AS (
    SELECT
        session_id, run_id, seq, tool_call_id, is_failure,
        count(*) FILTER (WHERE NOT is_failure) OVER (PARTITION BY run_id ORDER BY seq, tool_call_id) AS success_count
    FROM results
),

streaks AS (
    SELECT
        session_id, run_id, success_count,
        count(*) AS failure_count,
        min(seq) AS first_seq,
        max(seq) AS last_seq
    FROM numbered
    WHERE is_failure
    GROUP BY session_id, run_id, success_count
),

longest AS (
    SELECT session_id, run_id, success_count, failure_count, first_seq, last_seq
    FROM streaks
    QUALIFY row_number() OVER (PARTITION BY session_id ORDER BY failure_count DESC, first_seq, run_id) = 1
)

SELECT
    l.session_id, l.run_id,
    l.failure_count AS max_streak,
    l.first_seq, l.last_seq,
    list(n.tool_call_id ORDER BY n.seq, n.tool_call_id) AS call_ids
FROM longest AS l
JOIN numbered AS n ON n.run_id = l.run_id AND n.success_count = l.success_count AND n.is_failure
GROUP BY l.session_id, l.run_id, l.failure_count, l.first_seq, l.last_seq
