-- summary: Texts of conversations, each once: sizes and hashes.
-- grain: message_id
-- status: current
-- since: 0.1.0
-- columns:
--   message_id         The message.
--   session_id         Its session.
--   run_id             Its run.
--   turn_id            Its turn.
--   seq                Order within the session.
--   role               user, assistant, system, tool.
--   kind               prompt, text, reasoning, summary, injected, command.
--   occurred_at        Instant, UTC.
--   model_call_id      The call that produced it; NULL also where another account of the requests counts.
--   char_count         Length in characters; NULL where the text is not readable.
--   text_hash          Hash of the text.
--   is_redacted        Reasoning that is there but cannot be read.
--   is_on_dead_branch  The user rewound it; still billed.
--   source_id          File.
--   line               Line.
WITH dead AS (
    SELECT source_id, list({'line': line, 'last_line': last_line}) AS ranges
    FROM raw.dead_branches
    GROUP BY source_id
)

SELECT
    m.message_id,
    m.session_id,
    m.run_id,
    m.turn_id,
    m.seq,
    m.role,
    m.kind,
    m.occurred_at,
    CASE WHEN u.call_id IS NULL THEN m.model_call_id END AS model_call_id,
    m.char_count,
    m.text_hash,
    m.is_redacted,
    d.ranges IS NOT NULL
        AND len(list_filter(d.ranges, lambda r: m.line BETWEEN r.line AND r.last_line)) > 0 AS is_on_dead_branch,
    m.source_id,
    m.line
FROM raw.messages AS m
ANTI JOIN raw.copies AS c ON c.source_id = m.source_id AND c.line = m.line
LEFT JOIN dead AS d ON d.source_id = m.source_id
-- What a log says of a request that another account counts names a call that is not there.
LEFT JOIN (
    SELECT l.session_id, c.call_id
    FROM raw.call_copies AS c JOIN raw.ledgers AS l ON l.source_id = c.source_id AND l.whole_run_id IS NULL
    WHERE c.kind = 'model'
    GROUP BY l.session_id, c.call_id
    HAVING NOT bool_or(c.is_owner)
) AS u ON u.session_id = m.session_id AND u.call_id = m.model_call_id
