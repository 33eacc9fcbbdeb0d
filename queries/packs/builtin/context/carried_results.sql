-- title: What fills the context?
-- about: An estimate, a token per four bytes: results of 4 kB or more, read again by every later call of the run
--   until the next compaction, at the price of cache reads.
-- columns:
--   tool_name            varchar  The tool.
--   program              varchar  Program of a shell call.
--   result_count         bigint   Results of 4 kB or more.
--   est_tokens           bigint   Their tokens, estimated.
--   est_token_reads      bigint   Times the calls that read them again.
--   est_cost_usd         decimal  Those reads at the price of the session for cache reads; NULL = no such price.
--   unpriced_call_count  bigint   Calls without a price in the sessions: the money is a lower bound.
WITH scope AS (
    SELECT session_id, agent, project, machine_id, title, session_kind FROM session_scope_v1($since, $until, $project, $agent, $model, $machine)
),

carried AS (
    SELECT r.session_id, r.tool_call_id, r.tool_name, r.est_tokens, r.est_token_reads
    FROM carried_results_v1 AS r
    SEMI JOIN scope AS s USING (session_id)
),

programs AS (
    SELECT k.session_id, k.tool_call_id, coalesce(arg_min(k.program, k.part_no) FILTER (WHERE k.command_class <> 'nav'), arg_min(k.program, k.part_no)) AS program
    FROM commands_v1 AS k
    SEMI JOIN carried AS r USING (session_id, tool_call_id)
    GROUP BY k.session_id, k.tool_call_id
),

rates AS (
    SELECT c.session_id, median(c.r_read) AS r_read, count(*) - count(c.cost_usd) AS unpriced_call_count
    FROM model_call_costs_v1 AS c
    SEMI JOIN carried AS r USING (session_id)
    GROUP BY c.session_id
),

sums AS (
    SELECT
        r.tool_name, p.program, r.session_id, count(*) AS result_count, sum(r.est_tokens) AS est_tokens, sum(r.est_token_reads) AS est_token_reads
    FROM carried AS r
    LEFT JOIN programs AS p USING (session_id, tool_call_id)
    GROUP BY ALL
)

SELECT
    x.tool_name,
    x.program,
    sum(x.result_count)::BIGINT AS result_count,
    sum(x.est_tokens)::BIGINT AS est_tokens,
    sum(x.est_token_reads)::BIGINT AS est_token_reads,
    sum(x.est_token_reads::DECIMAL(24, 0) * r.r_read::DECIMAL(12, 6) / 1000000)::DECIMAL(24, 12) AS est_cost_usd,
    coalesce(sum(r.unpriced_call_count), 0)::BIGINT AS unpriced_call_count
FROM sums AS x
LEFT JOIN rates AS r USING (session_id)
GROUP BY x.tool_name, x.program
ORDER BY est_token_reads DESC, x.tool_name, x.program
LIMIT $limit
