-- summary: Where secrets stand in the logs, as agenttrace secrets scan found them: never the value.
-- grain: source_id, line, location, rule_id, value_hash
-- status: current
-- since: 0.1.0
-- columns:
--   session_id        The session; NULL = the place belongs to none.
--   run_id            The run.
--   turn_id           The turn.
--   tool_call_id      The tool call whose arguments or result hold it.
--   seq               Order within the session.
--   source_id         File.
--   line              Line.
--   location          prompt, answer, tool_args, tool_result, file (elsewhere in the log).
--   rule_id           Kind of secret: the rule that found it.
--   rules_version     Version of the rules.
--   value_hash        Hash of the value with a key of this store: tells equal secrets.
--   confidence        high: its form proves it; medium: it stands beside a telling name; low: it may be a sample or a word.
--   occurrence_count  How often in this line.
SELECT
    coalesce(t.session_id, m.session_id, p.session_id, f.session_id) AS session_id,
    coalesce(t.run_id, m.run_id) AS run_id,
    coalesce(t.turn_id, m.turn_id) AS turn_id,
    t.tool_call_id,
    coalesce(t.seq, m.seq) AS seq,
    f.source_id,
    f.line,
    f.location,
    f.rule_id,
    f.rules_version,
    f.value_hash,
    f.confidence,
    f.occurrence_count
FROM raw.secret_findings AS f
LEFT JOIN raw.tool_calls AS t ON t.source_id = f.source_id AND t.tool_call_id = f.owner_id AND f.location IN ('tool_args', 'tool_result')
LEFT JOIN raw.messages AS m ON m.source_id = f.source_id AND m.message_id = f.owner_id AND m.line = f.line AND t.tool_call_id IS NULL
LEFT JOIN (
    SELECT own_session_id, min(session_id) AS session_id
    FROM raw.runs
    WHERE own_session_id IS NOT NULL AND own_session_id <> session_id
    GROUP BY own_session_id
) AS p ON p.own_session_id = f.session_id
-- A copy of a line in another log is a place of its own and no finding of its own; the raw table has all places.
ANTI JOIN raw.copies AS c ON c.source_id = f.source_id AND c.line = f.line
-- A call or message that a source shows twice is one place.
QUALIFY row_number() OVER (PARTITION BY f.source_id, f.line, f.location, f.rule_id, f.value_hash ORDER BY coalesce(t.seq, m.seq), t.tool_call_id) = 1
