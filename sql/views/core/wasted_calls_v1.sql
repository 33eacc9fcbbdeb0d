-- summary: Model calls that bought nothing, each once, by the first reason that holds: a lower bound.
-- grain: model_call_id
-- status: current
-- since: 0.1.0
-- kept: findings
-- columns:
--   model_call_id    The call.
--   session_id       The session.
--   reason           failed_call, interrupted, reverted_edit, repeat, cache_miss; cache_expired is the price of
--                    a pause of the user and is no waste.
--   wasted_tokens    Tokens that bought nothing.
--   wasted_cost_usd  What they cost.
WITH interrupted AS (
    -- The last model call of a turn that the user stopped.
    SELECT arg_max(c.model_call_id, c.seq) AS model_call_id
    FROM session_events_v1 AS e
    JOIN model_calls_v1 AS c
        ON c.run_id = e.run_id
        AND c.turn_id IS NOT DISTINCT FROM e.turn_id
        AND c.seq <= e.seq
    WHERE e.event = 'interrupt'
    GROUP BY e.event_id
),

reverted AS (
    -- Calls whose edits were undone to an earlier state of the file, and the one that undid them.
    SELECT DISTINCT t.model_call_id
    FROM reverts_v1 AS r
    JOIN file_changes_v1 AS f
        ON f.session_id = r.session_id
        AND f.path = r.path
        AND f.seq > r.state_first_seen_seq
        AND f.seq <= r.seq
    JOIN tool_calls_v1 AS t ON t.tool_call_id = f.tool_call_id
    WHERE t.model_call_id IS NOT NULL
),

repeats AS (
    SELECT DISTINCT t.model_call_id
    FROM repeated_calls_v1 AS r
    JOIN tool_calls_v1 AS t USING (tool_call_id)
    WHERE t.model_call_id IS NOT NULL
),

repeat_shares AS (
    SELECT t.model_call_id, count(r.tool_call_id) / count(*)::DOUBLE AS share
    FROM tool_calls_v1 AS t
    SEMI JOIN repeats USING (model_call_id)
    LEFT JOIN repeated_calls_v1 AS r USING (tool_call_id)
    GROUP BY t.model_call_id
),

judged AS (
    SELECT
        c.model_call_id, c.session_id, p.cost_usd, c.input_tokens, c.output_tokens, c.uncached_input_tokens,
        c.cache_creation_5m_input_tokens, c.cache_creation_1h_input_tokens, p.r_in, p.r_w5, p.r_w1, p.r_read, p.mult,
        x.missed_input_tokens, s.share,
        CASE
            WHEN c.status = 'error' THEN 'failed_call'
            WHEN i.model_call_id IS NOT NULL THEN 'interrupted'
            WHEN v.model_call_id IS NOT NULL THEN 'reverted_edit'
            WHEN s.share IS NOT NULL THEN 'repeat'
            WHEN x.miss_cause IN ('unexplained', 'model_switch') THEN 'cache_miss'
            WHEN x.miss_cause = 'expired' THEN 'cache_expired'
        END AS reason
    FROM model_calls_v1 AS c
    JOIN call_costs_v1 AS p USING (model_call_id)
    LEFT JOIN (SELECT DISTINCT model_call_id FROM interrupted) AS i USING (model_call_id)
    LEFT JOIN reverted AS v USING (model_call_id)
    LEFT JOIN repeat_shares AS s USING (model_call_id)
    LEFT JOIN context_steps_v1 AS x USING (model_call_id)
)

SELECT
    model_call_id,
    session_id,
    reason,
    CASE
        WHEN reason = 'repeat' THEN ((input_tokens + output_tokens) * share)::BIGINT
        WHEN reason IN ('cache_miss', 'cache_expired') THEN missed_input_tokens
        ELSE input_tokens + output_tokens
    END AS wasted_tokens,
    CASE
        WHEN reason = 'repeat' THEN (cost_usd * share)::DECIMAL(24,12)
        -- What the tokens that were sent again cost beyond a cache read, at the mean price paid for new input.
        WHEN reason IN ('cache_miss', 'cache_expired') THEN CASE
            WHEN cost_usd IS NOT NULL THEN greatest(
                missed_input_tokens * (
                    (
                        coalesce(uncached_input_tokens, 0) * r_in
                        + coalesce(cache_creation_5m_input_tokens, 0) * r_w5
                        + coalesce(cache_creation_1h_input_tokens, 0) * r_w1
                    )::DOUBLE
                    / nullif(
                        coalesce(uncached_input_tokens, 0)
                        + coalesce(cache_creation_5m_input_tokens, 0)
                        + coalesce(cache_creation_1h_input_tokens, 0),
                        0
                    )
                    - r_read::DOUBLE
                ) * mult::DOUBLE / 1000000,
                0
            )
        END::DECIMAL(24,12)
        ELSE cost_usd
    END AS wasted_cost_usd
FROM judged
WHERE reason IS NOT NULL
