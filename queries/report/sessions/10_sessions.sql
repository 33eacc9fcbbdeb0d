-- title: Sessions
-- kind: table
-- below: about
-- spare: output_tokens, input_tokens, model_call_count, tool_call_count, project, tool_failed_count, span_ms, end_state, agent
-- label: session_id = session
-- label: span_ms = took
-- label: end_state = ended
-- label: tool_failed_count = failed
-- label: input_tokens = input
-- label: output_tokens = output
-- label: unpriced_call_count = unpriced calls
-- optional: project, health, model_call_count, tool_call_count, tool_failed_count, input_tokens, output_tokens, cost_usd, unpriced_call_count, about
-- json only: native_session_id, title, first_prompt
-- text only: about
WITH prompts AS (
    SELECT m.session_id, arg_min(regexp_replace(trim(b.body), '\s+', ' ', 'g'), m.seq) AS body
    FROM messages_v1 AS m
    SEMI JOIN scope USING (session_id)
    JOIN raw.texts AS b
        ON b.source_id = m.source_id AND b.line = m.line AND b.owner_kind = 'message' AND b.part = 'text' AND b.owner_id = ('0x' || m.message_id)::UBIGINT
    WHERE m.kind = 'prompt'
    GROUP BY m.session_id
),

cut AS (
    SELECT session_id, CASE WHEN length(body) > 80 THEN left(body, 79) || '…' ELSE body END AS first_prompt FROM prompts
)

SELECT
    s.session_id,
    s.agent,
    p.name AS project,
    s.started_at,
    epoch_ms(s.ended_at) - epoch_ms(s.started_at) AS span_ms,
    s.end_state,
    h.score AS health,
    m.model_call_count,
    m.tool_call_count,
    m.tool_failed_count,
    m.input_tokens,
    m.output_tokens,
    m.cost_usd,
    m.unpriced_call_count,
    s.native_session_id,
    s.title,
    c.first_prompt,
    coalesce(s.title, c.first_prompt) AS about
FROM sessions_v1 AS s
SEMI JOIN scope USING (session_id)
LEFT JOIN session_metrics_v1 AS m USING (session_id)
LEFT JOIN scoped_health AS h USING (session_id)
LEFT JOIN cut AS c USING (session_id)
LEFT JOIN projects_v1 AS p ON p.project_id = s.project_id
