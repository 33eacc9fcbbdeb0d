-- summary: Metrics per period (day, ISO week from Monday, month) of a time zone, for one dimension: all, agent,
--   model, project, machine, branch or tool. Only periods that hold something have a row.
-- grain: metric, key, period
-- status: current
-- since: 0.1.0
-- macro: (bucket, tz, dim, metrics)
-- columns:
--   metric         The metric, one of the list metrics: see trend_metrics.
--   key            Value of the dimension; a project by its id; (none) and (unknown) where there is none. A session
--                  belongs to the model of most of its calls.
--   period         Start of the period, in the time zone.
--   value          Its value; NULL = nothing of the period is known.
--   n              [count] Calls or sessions that the value rests on.
--   missing_count  Calls or sessions of the period that could not be used, as the log does not say.
WITH session_models AS (
    SELECT session_id, arg_max(model, struct_pack(call_count := call_count, model := model)) AS model
    FROM (SELECT session_id, model, sum(call_count) AS call_count FROM call_sums_v1 WHERE dim = 'model' GROUP BY session_id, model) AS used
    GROUP BY session_id
),

keyed AS (
    SELECT
        s.session_id, s.started_at, s.session_kind, s.has_tool_status,
        CASE dim
            WHEN 'all' THEN 'all'
            WHEN 'agent' THEN s.agent
            WHEN 'model' THEN coalesce(m.model, '(unknown)')
            WHEN 'project' THEN coalesce(lower(hex(s.project_id)), '(none)')
            WHEN 'machine' THEN s.machine_id
            WHEN 'branch' THEN coalesce(s.git_branch, '(none)')
            WHEN 'tool' THEN '(tool)'
            ELSE error('the dimension of a trend is all, agent, model, project, machine, branch or tool')
        END AS key
    FROM sessions_v1 AS s
    LEFT JOIN session_models AS m USING (session_id)
),

call_sums AS (
    SELECT
        quarter_at, session_id,
        CASE WHEN dim = 'model' THEN coalesce(model, '(unknown)') END AS model,
        call_count, cost_usd, priced_call_count, input_tokens, input_call_count, output_tokens, output_call_count,
        cache_read_input_tokens, cacheable_input_tokens, cacheable_call_count
    FROM call_sums_v1
    WHERE quarter_at IS NOT NULL
        AND dim <> 'tool'
        AND list_has_any(metrics, ['cost_usd', 'model_call_count', 'session_count', 'input_tokens', 'output_tokens', 'cache_hit_ratio'])
),

tool_sums AS (
    SELECT
        quarter_at, session_id,
        CASE WHEN dim = 'tool' THEN tool_name END AS tool,
        call_count,
        CASE WHEN status = 'ok' THEN call_count ELSE 0 END AS ok_count,
        CASE
            WHEN status = 'error' AND coalesce(error_type, '') NOT IN ('verification_failed', 'empty_search') THEN call_count
            ELSE 0
        END AS failed_count,
        CASE WHEN status IN ('no_result', 'unknown') THEN call_count ELSE 0 END AS unknown_count
    FROM tool_sums_v1
    WHERE quarter_at IS NOT NULL
        AND dim <> 'model'
        AND list_has_any(metrics, ['tool_call_count', 'tool_failure_ratio'])
),

-- Sessions of people and of automation; those that an agent runs for itself are no work to be judged.
judged_sessions AS (
    SELECT
        k.key,
        make_timestamptz((epoch_us(k.started_at) // 900000000) * 900000000) AS quarter_at,
        m.cost_usd, m.wasted_cost_usd, t.active_ms,
        h.score,
        CASE WHEN h.score IS NOT NULL THEN h.band = 'critical' END AS is_critical,
        coalesce(a.anomaly_count, 0) AS anomaly_count,
        CASE
            WHEN v.verification_state NOT IN ('no_code_edits', 'ran_result_unknown', 'unknown') THEN v.verification_state = 'passed'
        END AS is_verified,
        v.verification_state IN ('ran_result_unknown', 'unknown') AS is_verification_unknown
    FROM keyed AS k
    JOIN session_metrics_v1 AS m USING (session_id)
    LEFT JOIN session_time_v1 AS t USING (session_id)
    LEFT JOIN session_health_v2 AS h USING (session_id)
    LEFT JOIN session_verification_v1 AS v USING (session_id)
    LEFT JOIN (SELECT session_id, count(*) AS anomaly_count FROM anomalies_v1 WHERE severity <> 'info' GROUP BY session_id) AS a USING (session_id)
    WHERE k.started_at IS NOT NULL
        AND k.session_kind IN ('user', 'automation')
        AND dim <> 'tool'
        AND list_has_any(metrics, ['session_cost_usd', 'session_active_ms', 'waste_ratio', 'health', 'critical_share', 'anomalies_per_session', 'verification_share'])
),

-- A quarter of an hour is the finest that zones are cut. Turning each instant into a local period is slow.
periods AS (
    SELECT
        quarter_at,
        CASE
            WHEN bucket IN ('day', 'week', 'month') THEN date_trunc(bucket, quarter_at AT TIME ZONE tz)
            ELSE error('the period of a trend is day, week or month')
        END AS period
    FROM (SELECT quarter_at FROM call_sums UNION SELECT quarter_at FROM tool_sums UNION SELECT quarter_at FROM judged_sessions) AS used
),

calls AS (
    SELECT
        coalesce(c.model, k.key) AS key,
        p.period,
        count(DISTINCT c.session_id) AS session_count,
        sum(c.call_count)::BIGINT AS call_count,
        sum(c.cost_usd) AS cost_usd,
        sum(c.priced_call_count)::BIGINT AS priced_count,
        sum(c.input_tokens) AS input_tokens,
        sum(c.input_call_count)::BIGINT AS input_count,
        sum(c.output_tokens) AS output_tokens,
        sum(c.output_call_count)::BIGINT AS output_count,
        sum(c.cache_read_input_tokens) AS cache_read_tokens,
        sum(c.cacheable_input_tokens) AS cacheable_tokens,
        sum(c.cacheable_call_count)::BIGINT AS cache_count
    FROM call_sums AS c
    JOIN periods AS p USING (quarter_at)
    JOIN keyed AS k USING (session_id)
    GROUP BY 1, 2
),

tools AS (
    SELECT
        coalesce(t.tool, k.key) AS key,
        p.period,
        sum(t.call_count)::BIGINT AS call_count,
        sum(t.failed_count) FILTER (WHERE k.has_tool_status)::BIGINT AS failed_count,
        sum(t.ok_count + t.failed_count) FILTER (WHERE k.has_tool_status)::BIGINT AS known_count,
        sum(CASE WHEN k.has_tool_status THEN t.unknown_count ELSE t.call_count END)::BIGINT AS unknown_count
    FROM tool_sums AS t
    JOIN periods AS p USING (quarter_at)
    JOIN keyed AS k USING (session_id)
    GROUP BY 1, 2
),

sessions AS (
    SELECT
        s.key,
        p.period,
        count(*) AS session_count,
        count(s.cost_usd) AS priced_count,
        median(s.cost_usd::DOUBLE) AS median_cost_usd,
        count(s.active_ms) AS timed_count,
        median(s.active_ms) AS median_active_ms,
        sum(s.cost_usd) AS cost_usd,
        sum(s.wasted_cost_usd) AS wasted_cost_usd,
        count(s.score) AS scored_count,
        median(s.score) AS median_score,
        count(*) FILTER (WHERE s.is_critical) AS critical_count,
        sum(s.anomaly_count) AS anomaly_count,
        count(s.is_verified) AS code_session_count,
        count(*) FILTER (WHERE s.is_verified) AS verified_count,
        count(*) FILTER (WHERE s.is_verification_unknown) AS unverifiable_count
    FROM judged_sessions AS s
    JOIN periods AS p USING (quarter_at)
    GROUP BY 1, 2
),

measured AS (
    SELECT
        key,
        period,
        unnest([
            struct_pack(metric := 'cost_usd', value := cost_usd::DOUBLE, n := priced_count, missing_count := call_count - priced_count),
            struct_pack(metric := 'model_call_count', value := call_count::DOUBLE, n := call_count, missing_count := 0),
            struct_pack(metric := 'session_count', value := session_count::DOUBLE, n := session_count, missing_count := 0),
            struct_pack(metric := 'input_tokens', value := input_tokens::DOUBLE, n := input_count, missing_count := call_count - input_count),
            struct_pack(metric := 'output_tokens', value := output_tokens::DOUBLE, n := output_count, missing_count := call_count - output_count),
            struct_pack(metric := 'cache_hit_ratio', value := cache_read_tokens::DOUBLE / nullif(cacheable_tokens, 0)::DOUBLE, n := cache_count, missing_count := call_count - cache_count)
        ]) AS m
    FROM calls
    UNION ALL
    SELECT
        key,
        period,
        unnest([
            struct_pack(metric := 'tool_call_count', value := call_count::DOUBLE, n := call_count, missing_count := 0),
            struct_pack(metric := 'tool_failure_ratio', value := failed_count / nullif(known_count, 0)::DOUBLE, n := coalesce(known_count, 0), missing_count := unknown_count)
        ])
    FROM tools
    UNION ALL
    SELECT
        key,
        period,
        unnest([
            struct_pack(metric := 'session_cost_usd', value := median_cost_usd, n := priced_count, missing_count := session_count - priced_count),
            struct_pack(metric := 'session_active_ms', value := median_active_ms::DOUBLE, n := timed_count, missing_count := session_count - timed_count),
            struct_pack(metric := 'waste_ratio', value := wasted_cost_usd::DOUBLE / nullif(cost_usd, 0)::DOUBLE, n := priced_count, missing_count := session_count - priced_count),
            struct_pack(metric := 'health', value := median_score::DOUBLE, n := scored_count, missing_count := session_count - scored_count),
            struct_pack(metric := 'critical_share', value := critical_count / nullif(scored_count, 0)::DOUBLE, n := scored_count, missing_count := session_count - scored_count),
            struct_pack(metric := 'anomalies_per_session', value := anomaly_count / session_count::DOUBLE, n := session_count, missing_count := 0),
            struct_pack(metric := 'verification_share', value := verified_count / nullif(code_session_count, 0)::DOUBLE, n := code_session_count, missing_count := unverifiable_count)
        ])
    FROM sessions
)

SELECT m.metric, key, period, m.value, m.n::BIGINT AS n, m.missing_count::BIGINT AS missing_count
FROM measured
WHERE list_contains(metrics, m.metric)
