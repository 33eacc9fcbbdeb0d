-- summary: Changes that bring a file back to a state it already had and had left.
-- grain: file_change_id
-- status: current
-- since: 0.1.0
-- kept: findings
-- columns:
--   session_id            The session.
--   path                  The file.
--   file_change_id        The change that brings the state back.
--   seq                   Its order within the session.
--   tool_call_id          The tool call that made it.
--   state_first_seen_seq  Order of the change at which the file first had this state.
WITH changes AS (
    SELECT file_change_id, session_id, path, seq, tool_call_id, before_hash, after_hash
    FROM file_changes_v1
    WHERE is_applied IS NOT FALSE
),

states AS (
    SELECT session_id, path, state, min(seq) AS first_seen_seq
    FROM (
        SELECT session_id, path, seq, before_hash AS state FROM changes
        UNION ALL
        SELECT session_id, path, seq, after_hash AS state FROM changes
    ) AS seen
    WHERE state IS NOT NULL
    GROUP BY session_id, path, state
)

SELECT
    c.session_id, c.path, c.file_change_id, c.seq, c.tool_call_id,
    s.first_seen_seq AS state_first_seen_seq
FROM changes AS c
JOIN states AS s
    ON s.session_id = c.session_id
    AND s.path = c.path
    AND s.state = c.after_hash
    AND s.first_seen_seq < c.seq
WHERE c.after_hash IS DISTINCT FROM c.before_hash
