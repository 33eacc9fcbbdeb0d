-- summary: How full the context of each session's main run became, its compactions, and how its cache did.
-- grain: session_id
-- status: current
-- since: 0.1.0
-- kept: findings
-- columns:
--   session_id                 The session.
--   peak_input_tokens          Largest prompt.
--   peak_context_ratio         Largest share of the window; NULL = no prompt size or no window is known.
--   peak_model_call_id         The call with that share.
--   cache_step_count           Calls of which it is known how much the cache missed.
--   cache_miss_count           Calls whose cache missed a good part.
--   faulty_miss_count          Of these, misses that neither a pause nor a missing cache explains.
--   missed_input_tokens        Tokens of all misses.
--   compaction_count           Compactions, as reported; else falls of the prompt below 70 %.
--   compaction_basis           reported or inferred; NULL = neither is possible.
--   mid_task_compaction_count  Compactions between tool calls of one turn that the user did not ask for; NULL = not reported.
WITH main_runs AS (
    SELECT session_id, run_id FROM runs_v1 WHERE run_kind = 'main'
),

steps AS (
    SELECT
        c.session_id,
        max(c.input_tokens) AS peak_input_tokens,
        max(c.context_ratio) AS peak_context_ratio,
        arg_max(c.model_call_id, c.context_ratio) AS peak_model_call_id,
        count(c.missed_input_tokens) AS cache_step_count,
        count(*) FILTER (WHERE c.is_cache_miss) AS cache_miss_count,
        count(*) FILTER (WHERE c.miss_cause IN ('unexplained', 'model_switch')) AS faulty_miss_count,
        sum(c.missed_input_tokens) FILTER (WHERE c.is_cache_miss)::BIGINT AS missed_input_tokens,
        count(*) FILTER (WHERE c.is_shrink) AS shrink_count
    FROM context_steps_v1 AS c
    SEMI JOIN main_runs USING (run_id)
    GROUP BY c.session_id
),

compactions AS (
    SELECT e.session_id, e.run_id, e.turn_id, e.seq, coalesce(e.detail, '') <> 'manual' AS is_automatic
    FROM session_events_v1 AS e
    SEMI JOIN main_runs USING (run_id)
    WHERE e.event IN ('compaction', 'compaction_end')
),

turns AS (
    SELECT t.run_id, t.turn_id, min(t.seq) AS first_seq, max(t.seq) AS last_seq
    FROM tool_calls_v1 AS t
    SEMI JOIN compactions USING (run_id, turn_id)
    GROUP BY t.run_id, t.turn_id
),

events AS (
    SELECT
        c.session_id,
        count(*) AS compaction_count,
        count(*) FILTER (WHERE c.is_automatic AND c.seq > t.first_seq AND c.seq < t.last_seq) AS mid_task_compaction_count
    FROM compactions AS c
    LEFT JOIN turns AS t USING (run_id, turn_id)
    GROUP BY c.session_id
)

SELECT
    s.session_id,
    c.peak_input_tokens,
    c.peak_context_ratio,
    c.peak_model_call_id,
    CASE WHEN s.has_cache_counters THEN coalesce(c.cache_step_count, 0) END AS cache_step_count,
    CASE WHEN s.has_cache_counters THEN coalesce(c.cache_miss_count, 0) END AS cache_miss_count,
    CASE WHEN s.has_cache_counters THEN coalesce(c.faulty_miss_count, 0) END AS faulty_miss_count,
    CASE WHEN s.has_cache_counters THEN coalesce(c.missed_input_tokens, 0) END AS missed_input_tokens,
    CASE WHEN s.has_compactions THEN coalesce(e.compaction_count, 0) ELSE c.shrink_count END AS compaction_count,
    CASE WHEN s.has_compactions THEN 'reported' WHEN c.shrink_count IS NOT NULL THEN 'inferred' END AS compaction_basis,
    CASE WHEN s.has_compactions THEN coalesce(e.mid_task_compaction_count, 0) END AS mid_task_compaction_count
FROM sessions_v1 AS s
LEFT JOIN steps AS c USING (session_id)
LEFT JOIN events AS e USING (session_id)
