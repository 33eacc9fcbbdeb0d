-- summary: What health looks at, one row per session: each signal NULL where the log cannot tell it.
-- grain: session_id
-- status: current
-- since: 0.1.0
-- kept: findings
-- columns:
--   session_id                 The session.
--   end_state                  How it ended.
--   end_state_loss             [points] What that end takes; NULL = unknown.
--   pushback_ratio             Prompts that begin with a correction, of all but the first; three prompts at least.
--   tool_failure_ratio         Failed tool calls, shrunk toward the usual rate of 6 %.
--   api_errors_per_100         [per 100 calls] Errors of the provider per 100 model calls.
--   failure_streak             [count] Longest row of failed calls.
--   no_result_ratio            Tool calls without a result; ten calls at least.
--   repeat_ratio               Tool calls that repeat one without need; five calls at least.
--   redundant_read_ratio       Reads of what was known; five reads at least.
--   stalled_cycle_count        Checks that failed in the same way after an edit; where code was edited.
--   revert_count               Returns of a file to an earlier state; where code was edited.
--   rework_ratio               Own lines taken out again; 50 added lines at least.
--   waste_ratio                Wasted cost over cost; five priced calls at least.
--   verification_state         How the code was checked after the last edit.
--   verify_loss                [points] What that takes; NULL = no code was edited, or unknown.
--   unread_ratio               Changed files that were not looked at before.
--   peak_context_ratio         Largest prompt over the window.
--   compaction_count           Compactions.
--   mid_task_compaction_count  Compactions in the middle of a task.
--   cache_miss_ratio           Calls whose cache missed without a pause; eight calls at least.
--   stall_ratio                Gaps of the model over two minutes and waits after errors, over active time.
--   model_gap_p95_s            [s] 95th percentile of the model's gaps; ten at least.
--   is_ended_in_error          It ended on an error.
--   is_ended_in_loop           Its last tool call belongs to a loop of three or more.
WITH repeats AS (
    SELECT session_id, count(*) AS repeat_count
    FROM repeated_calls_v1
    GROUP BY session_id
),

redundant AS (
    SELECT session_id, count(*) AS redundant_count
    FROM redundant_reads_v1
    GROUP BY session_id
),

reverts AS (
    SELECT session_id, count(*) AS revert_count
    FROM reverts_v1
    GROUP BY session_id
),

churn AS (
    SELECT session_id, sum(self_removed_line_count) AS taken_back, sum(added_line_count) AS added
    FROM file_churn_v1
    WHERE file_role IN ('code', 'test')
    GROUP BY session_id
),

-- Longer gaps are a machine that slept.
model_gaps AS (
    SELECT
        session_id,
        count(*) AS gap_count,
        round(quantile_cont(gap_ms, 0.95) / 1000.0, 3) AS p95_s,
        coalesce(sum(gap_ms) FILTER (WHERE gap_ms > 120000), 0) AS stall_ms
    FROM timeline_gaps_v1
    WHERE owner = 'model' AND run_kind = 'main' AND gap_ms <= 3600000
    GROUP BY session_id
),

last_calls AS (
    SELECT session_id, max(seq) AS last_seq
    FROM tool_calls_v1
    GROUP BY session_id
),

final_loops AS (
    SELECT r.session_id
    FROM retry_chains_v1 AS r
    JOIN last_calls AS l ON l.session_id = r.session_id AND l.last_seq = r.last_seq
    WHERE r.failure_count >= 3
    UNION
    SELECT r.session_id
    FROM exact_repeats_v1 AS r
    JOIN last_calls AS l ON l.session_id = r.session_id AND l.last_seq = r.last_seq
    WHERE r.call_count >= 3
)

SELECT
    s.session_id,
    s.end_state,
    CASE s.end_state
        WHEN 'completed' THEN 0
        WHEN 'awaiting_approval' THEN 20
        WHEN 'interrupted' THEN 25
        WHEN 'unanswered' THEN 30
        WHEN 'max_turns' THEN 35
        WHEN 'budget' THEN 35
        WHEN 'max_tokens' THEN 35
        WHEN 'stopped_after_tool' THEN 40
        WHEN 'pending_tool' THEN 40
        WHEN 'truncated' THEN 40
        WHEN 'api_error' THEN 60
        WHEN 'error' THEN 60
    END::DOUBLE AS end_state_loss,
    CASE WHEN m.user_turn_count >= 3 THEN m.pushback_count / (m.user_turn_count - 1)::DOUBLE END AS pushback_ratio,
    CASE
        WHEN m.tool_ok_count + m.tool_failed_count > 0
            THEN (m.tool_failed_count + 0.6) / (m.tool_ok_count + m.tool_failed_count + 10)::DOUBLE
    END AS tool_failure_ratio,
    m.api_error_count * 100 / greatest(m.model_call_count, 20)::DOUBLE AS api_errors_per_100,
    CASE WHEN m.tool_ok_count + m.tool_failed_count > 0 THEN coalesce(f.max_streak, 0) END::DOUBLE AS failure_streak,
    CASE WHEN s.has_tool_status AND m.tool_call_count >= 10 THEN m.tool_no_result_count / m.tool_call_count::DOUBLE END AS no_result_ratio,
    CASE WHEN s.has_tool_args AND m.tool_call_count >= 5 THEN coalesce(p.repeat_count, 0) / m.tool_call_count::DOUBLE END AS repeat_ratio,
    CASE WHEN x.explore_call_count >= 5 THEN coalesce(d.redundant_count, 0) / x.explore_call_count::DOUBLE END AS redundant_read_ratio,
    CASE WHEN v.code_edit_count > 0 THEN v.stalled_cycle_count END::DOUBLE AS stalled_cycle_count,
    CASE WHEN v.code_edit_count > 0 THEN coalesce(r.revert_count, 0) END::DOUBLE AS revert_count,
    CASE WHEN c.added >= 50 THEN c.taken_back / c.added::DOUBLE END AS rework_ratio,
    CASE WHEN m.priced_call_count >= 5 THEN m.waste_ratio END AS waste_ratio,
    v.verification_state,
    CASE v.verification_state
        WHEN 'passed' THEN 0
        WHEN 'passed_lint_failed' THEN 10
        WHEN 'failed_as_before' THEN 20
        WHEN 'ran_result_unknown' THEN 20
        WHEN 'blocked' THEN 30
        WHEN 'lint_failed' THEN 35
        WHEN 'stale' THEN 40
        WHEN 'failed' THEN 50
        WHEN 'never' THEN 60
    END::DOUBLE AS verify_loss,
    CASE WHEN x.modified_file_count > 0 THEN x.unread_modified_file_count / x.modified_file_count::DOUBLE END AS unread_ratio,
    k.peak_context_ratio,
    k.compaction_count::DOUBLE AS compaction_count,
    k.mid_task_compaction_count::DOUBLE AS mid_task_compaction_count,
    CASE WHEN k.cache_step_count >= 8 THEN k.faulty_miss_count / k.cache_step_count::DOUBLE END AS cache_miss_ratio,
    CASE
        WHEN s.has_times AND t.active_ms > 0 AND t.unknown_ms <= 0.2 * t.active_ms
            THEN (coalesce(g.stall_ms, 0) + t.retry_wait_ms) / t.active_ms::DOUBLE
    END AS stall_ratio,
    CASE WHEN s.has_times AND g.gap_count >= 10 THEN g.p95_s END AS model_gap_p95_s,
    s.end_state IN ('api_error', 'error') AS is_ended_in_error,
    l.session_id IS NOT NULL AS is_ended_in_loop
FROM sessions_v1 AS s
JOIN session_metrics_v1 AS m USING (session_id)
LEFT JOIN failure_streaks_v1 AS f USING (session_id)
LEFT JOIN repeats AS p USING (session_id)
LEFT JOIN session_exploration_v1 AS x USING (session_id)
LEFT JOIN redundant AS d USING (session_id)
LEFT JOIN session_verification_v1 AS v USING (session_id)
LEFT JOIN reverts AS r USING (session_id)
LEFT JOIN churn AS c USING (session_id)
LEFT JOIN session_context_v1 AS k USING (session_id)
LEFT JOIN session_time_v1 AS t USING (session_id)
LEFT JOIN model_gaps AS g USING (session_id)
LEFT JOIN final_loops AS l USING (session_id)
