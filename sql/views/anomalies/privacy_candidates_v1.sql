-- summary: What the rules measure of privacy: what should not stand in a log, and where it may have gone from there.
-- grain: session_id, anomaly
-- status: current
-- since: 0.1.0
-- columns:
--   session_id  The session.
--   anomaly     privacy.secret, privacy.environment_dump, privacy.sent_out.
--   value       What was measured; its unit is in anomaly_rules.
--   at_most     Severity that it is bound to, where it may be no more.
--   evidence    What caused it, where that is no call: ids of events, files, instants.
--   call_ids    The tool calls or model calls that caused it, the first to look at first.
--   source_id   The log file of the evidence, where that is no call.
--   first_line  First line of the evidence there.
--   last_line   Last line of it there.
--   lost_ms     Time that it took; NULL = it cannot be told.
--   lost_usd    [USD] Money that it took; NULL = it cannot be told.
WITH readable AS (
    -- Where the text of commands is kept, one without text has nothing behind its program.
    SELECT DISTINCT session_id FROM commands_v1 WHERE command_norm IS NOT NULL
),

dumps AS (
    -- Programs that print the environment when they are given nothing to run. What a filter of the same call takes in
    -- hand is not printed as a whole.
    SELECT c.session_id, c.tool_call_id
    FROM commands_v1 AS c
    SEMI JOIN readable AS r USING (session_id)
    ANTI JOIN (SELECT tool_call_id, part_no FROM commands_v1 WHERE command_class = 'filter') AS f
        ON f.tool_call_id = c.tool_call_id AND f.part_no = c.part_no + 1
    WHERE c.command_class <> 'file_write'
        AND (
            (c.program IN ('env', 'printenv') AND c.command_norm IS NULL)
            OR (c.program IN ('export', 'declare') AND c.command_norm IN ('-p', '-x', '-px', '-xp'))
        )
),

-- What the session wrote itself, or a filter cut, tells nothing new.
credentials AS (
    SELECT r.session_id, r.tool_call_id
    FROM file_reads_v1 AS r
    ANTI JOIN file_changes_v1 AS w ON w.session_id = r.session_id AND w.path = r.path AND w.seq <= r.seq
    ANTI JOIN (SELECT tool_call_id FROM commands_v1 WHERE command_class = 'filter') AS f ON f.tool_call_id = r.tool_call_id
    WHERE r.basis IN ('tool_args', 'shell_parse')
        AND regexp_matches(
            r.path,
            '(^|[/\\])(\.env(\.[a-z0-9_-]+)*|\.netrc|_netrc|\.git-credentials|\.pypirc|\.pgpass|id_(rsa|dsa|ecdsa|ed25519)|\.aws[/\\]credentials|\.docker[/\\]config\.json|\.kube[/\\]config)$'
        )
        AND NOT regexp_matches(r.path, '\.env\..*(example|sample|template|dist|default|test)')
),

-- What a search of the logs found, if one was made. What may be a sample or a word is no finding.
secrets AS (
    SELECT session_id, tool_call_id, turn_id, seq, source_id, line, rule_id, confidence, occurrence_count
    FROM secret_findings_v1
    WHERE confidence IN ('high', 'medium') AND session_id IS NOT NULL
),

exposed AS (
    SELECT DISTINCT t.session_id, t.turn_id, t.seq, t.tool_call_id
    FROM (
        SELECT session_id, tool_call_id FROM dumps
        UNION ALL
        SELECT session_id, tool_call_id FROM credentials
    ) AS e
    JOIN tool_calls_v1 AS t USING (tool_call_id)
    WHERE t.status = 'ok'
),

known AS (
    SELECT session_id, turn_id, seq FROM exposed
    UNION
    SELECT session_id, turn_id, seq FROM secrets
),

-- Talk with the own machine goes nowhere; what a command says is known only where its text is kept.
sent AS (
    SELECT DISTINCT e.session_id, n.tool_call_id, n.seq
    FROM known AS e
    JOIN tool_calls_v1 AS n ON n.session_id = e.session_id AND n.turn_id = e.turn_id AND n.seq > e.seq
    JOIN commands_v1 AS c ON c.tool_call_id = n.tool_call_id
    WHERE c.command_class = 'net' AND c.command_norm IS NOT NULL AND n.status <> 'denied'
        AND NOT regexp_matches(c.command_norm, '(localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])')
)

SELECT
    session_id, 'privacy.environment_dump' AS anomaly, count(*)::DOUBLE AS value, NULL::VARCHAR AS at_most, NULL::VARCHAR[] AS evidence,
    list(tool_call_id ORDER BY seq, tool_call_id) AS call_ids,
    NULL::BIGINT AS source_id, NULL::BIGINT AS first_line, NULL::BIGINT AS last_line,
    NULL::BIGINT AS lost_ms, NULL::DECIMAL(24,12) AS lost_usd
FROM exposed
GROUP BY session_id
UNION ALL BY NAME
SELECT
    session_id, 'privacy.sent_out' AS anomaly, count(*) AS value,
    list(tool_call_id ORDER BY seq, tool_call_id) AS call_ids
FROM sent
GROUP BY session_id
UNION ALL BY NAME
SELECT
    session_id, 'privacy.secret' AS anomaly, sum(occurrence_count) AS value,
    CASE WHEN NOT bool_or(confidence = 'high') THEN 'medium' END AS at_most,
    list_sort(list(DISTINCT rule_id)) AS evidence,
    arg_min(source_id, (seq, source_id, line)) AS source_id,
    arg_min(line, (seq, source_id, line)) AS first_line,
    arg_min(line, (seq, source_id, line)) AS last_line
FROM secrets
GROUP BY session_id
