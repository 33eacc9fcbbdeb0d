-- title: Where did agents go in circles?
-- about: Equal calls with equal results, and failures repeated in a row, while nothing was changed and nothing new
--   was asked.
-- params:
--   min_calls bigint = 3  Shorter ones are left out.
-- columns:
--   session_id           varchar    The session.
--   kind                 varchar    exact_repeat or retry_chain.
--   tool_name            varchar    The tool.
--   call_count           bigint     Calls in it.
--   wasted_cost_usd      decimal    What its model calls wasted; NULL = nothing is priced.
--   first_seq            bigint     Where it begins, in the order of the session.
--   call_ids             varchar[]  Its tool calls.
--   unpriced_call_count  bigint     Calls without a price: the money is a lower bound.
WITH scope AS (
    SELECT session_id, agent, project, machine_id, title, session_kind FROM session_scope_v1($since, $until, $project, $agent, $model, $machine)
),

loops AS (
    SELECT session_id, 'exact_repeat' AS kind, tool_name, call_count, first_seq, call_ids FROM exact_repeats_v1
    UNION ALL
    SELECT session_id, 'retry_chain' AS kind, tool_name, failure_count AS call_count, first_seq, call_ids FROM retry_chains_v1
),

chosen AS (
    SELECT l.*, row_number() OVER () AS n
    FROM loops AS l
    SEMI JOIN scope AS s USING (session_id)
    WHERE $min_calls::BIGINT IS NULL OR l.call_count >= $min_calls::BIGINT
),

-- A model call that asked for several of the calls wasted its tokens once.
asked AS (
    SELECT DISTINCT m.n, m.session_id, t.model_call_id
    FROM (SELECT n, session_id, unnest(call_ids) AS tool_call_id FROM chosen) AS m
    JOIN tool_calls_v1 AS t ON t.session_id = m.session_id AND t.tool_call_id = m.tool_call_id
),

wasted AS (
    SELECT a.n, sum(w.wasted_cost_usd) AS usd, count(*) - count(w.wasted_cost_usd) AS unpriced_call_count
    FROM asked AS a
    JOIN wasted_calls_v1 AS w ON w.session_id = a.session_id AND w.model_call_id = a.model_call_id AND w.reason = 'repeat'
    GROUP BY a.n
)

SELECT
    c.session_id, c.kind, c.tool_name, c.call_count, w.usd::DECIMAL(24, 12) AS wasted_cost_usd, c.first_seq, c.call_ids,
    coalesce(w.unpriced_call_count, 0)::BIGINT AS unpriced_call_count
FROM chosen AS c
LEFT JOIN wasted AS w USING (n)
ORDER BY c.call_count DESC, c.session_id, c.first_seq, c.kind
LIMIT $limit
