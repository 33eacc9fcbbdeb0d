-- summary: The time of each run cut at its events: every gap between neighbours has exactly one owner.
-- grain: none
-- status: current
-- since: 0.1.0
-- kept: findings
-- columns:
--   session_id   The session.
--   run_id       The run.
--   run_kind     main, subagent ...
--   turn_id      The turn that is under way.
--   seq          Order of the event that begins the gap.
--   next_seq     Order of the event that ends it.
--   occurred_at  Instant of the event that begins it.
--   next_at      [UTC] Instant of the next event.
--   ev           The event: prompt, model_out, tool_req, tool_end, retry_wait, api_error, or a session event.
--   next_ev      The next event.
--   gap_ms       Length of the gap.
--   owner        approval, compaction, retry_wait, tool, user, model or unknown: whose time it was.
WITH events AS (
    SELECT
        run_id, session_id, turn_id, occurred_at, seq,
        5 AS place,
        CASE WHEN role = 'user' THEN 'prompt' ELSE 'model_out' END AS ev,
        0 AS tool_step, 0 AS approval_step, 0 AS compaction_step
    FROM messages_v1
    WHERE occurred_at IS NOT NULL
        AND (role = 'assistant' OR (role = 'user' AND kind IN ('prompt', 'command')))
    UNION ALL
    SELECT
        run_id, session_id, turn_id, requested_at, seq,
        6, 'tool_req',
        CASE WHEN ended_at >= requested_at THEN 1 ELSE 0 END, 0, 0
    FROM tool_calls_v1
    WHERE requested_at IS NOT NULL
    UNION ALL
    SELECT run_id, session_id, turn_id, ended_at, seq, 1, 'tool_end', -1, 0, 0
    FROM tool_calls_v1
    WHERE ended_at >= requested_at
    UNION ALL
    SELECT
        run_id, session_id, turn_id, occurred_at, seq,
        3, event, 0,
        CASE event WHEN 'approval_requested' THEN 1 WHEN 'approval_resolved' THEN -1 ELSE 0 END,
        CASE event WHEN 'compaction_start' THEN 1 WHEN 'compaction_end' THEN -1 ELSE 0 END
    FROM session_events_v1
    WHERE occurred_at IS NOT NULL
        -- What is only noted when the next turn begins is nobody's act.
        AND event NOT IN ('model_changed', 'mode_changed', 'version_changed', 'workspace_changed', 'branch_changed')
    UNION ALL
    SELECT
        run_id, session_id, turn_id, occurred_at, seq,
        4, CASE WHEN is_final THEN 'api_error' ELSE 'retry_wait' END, 0, 0, 0
    FROM errors_v1
    WHERE occurred_at IS NOT NULL AND source = 'api'
),

-- At one instant what ends comes before what begins: place, then file order.
ordered AS (
    SELECT
        run_id, session_id, occurred_at, seq, ev,
        lead(occurred_at) OVER timeline AS next_at,
        lead(ev) OVER timeline AS next_ev,
        lead(seq) OVER timeline AS next_seq,
        sum(tool_step) OVER timeline AS open_tool_count,
        sum(approval_step) OVER timeline AS open_approval_count,
        sum(compaction_step) OVER timeline AS open_compaction_count,
        last_value(turn_id IGNORE NULLS) OVER timeline AS turn_id
    FROM events
    WINDOW timeline AS (
        PARTITION BY run_id ORDER BY occurred_at, place, seq
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
)

SELECT
    o.session_id, o.run_id, r.run_kind, o.turn_id, o.seq, o.next_seq, o.occurred_at, o.next_at, o.ev, o.next_ev,
    epoch_ms(o.next_at) - epoch_ms(o.occurred_at) AS gap_ms,
    CASE
        WHEN o.open_approval_count > 0 THEN 'approval'
        WHEN o.open_compaction_count > 0 THEN 'compaction'
        WHEN o.ev = 'retry_wait' THEN 'retry_wait'
        WHEN o.open_tool_count > 0 THEN 'tool'
        -- The call that begins the gap never got a result.
        WHEN o.ev = 'tool_req' THEN 'unknown'
        WHEN o.ev IN ('interrupt', 'api_error') THEN 'user'
        WHEN o.next_ev = 'prompt' THEN CASE WHEN o.ev = 'tool_end' THEN 'unknown' ELSE 'user' END
        WHEN o.ev IN ('prompt', 'tool_end', 'model_out', 'approval_resolved', 'compaction_end', 'compaction') THEN 'model'
        ELSE 'unknown'
    END AS owner
FROM ordered AS o
JOIN runs_v1 AS r USING (run_id)
WHERE o.next_at IS NOT NULL
