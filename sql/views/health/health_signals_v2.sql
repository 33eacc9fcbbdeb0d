-- summary: The signals of health v2 in rows, NULL where the log cannot tell.
-- grain: session_id, signal
-- status: current
-- since: 0.1.0
-- changes: There were none in version 1.
-- columns:
--   session_id  The session.
--   sub         Sub-score.
--   signal      The signal: see session_signals, and health_params for its limits.
--   value       Its value; the end of a session that is live is unknown.
SELECT
    s.session_id,
    p.sub,
    p.signal,
    CASE p.signal
        WHEN 'end_state_loss' THEN CASE WHEN NOT z.is_live THEN s.end_state_loss END
        WHEN 'pushback_ratio' THEN s.pushback_ratio
        WHEN 'tool_failure_ratio' THEN s.tool_failure_ratio
        WHEN 'api_errors_per_100' THEN s.api_errors_per_100
        WHEN 'failure_streak' THEN s.failure_streak
        WHEN 'no_result_ratio' THEN s.no_result_ratio
        WHEN 'repeat_ratio' THEN s.repeat_ratio
        WHEN 'redundant_read_ratio' THEN s.redundant_read_ratio
        WHEN 'stalled_cycle_count' THEN s.stalled_cycle_count
        WHEN 'revert_count' THEN s.revert_count
        WHEN 'rework_ratio' THEN s.rework_ratio
        WHEN 'waste_ratio' THEN s.waste_ratio
        WHEN 'verify_loss' THEN s.verify_loss
        WHEN 'unread_ratio' THEN s.unread_ratio
        WHEN 'peak_context_ratio' THEN s.peak_context_ratio
        WHEN 'compaction_count' THEN s.compaction_count
        WHEN 'mid_task_compaction_count' THEN s.mid_task_compaction_count
        WHEN 'cache_miss_ratio' THEN s.cache_miss_ratio
        WHEN 'stall_ratio' THEN s.stall_ratio
        WHEN 'model_gap_p95_s' THEN s.model_gap_p95_s
    END AS value
FROM session_signals_v1 AS s
JOIN sessions_v1 AS z USING (session_id)
JOIN health_params_v1 AS p ON p.version = 2
