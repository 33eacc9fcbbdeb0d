-- title: Timeline
-- kind: table
-- below: about
-- empty: The log holds no steps.
-- label: duration_ms = took
-- optional: run, status, duration_ms, about
-- json only: path, is_main_file, run_id, is_error
-- page only: place
-- tone: is_error = bad
WITH texts AS (
    SELECT
        b.source_id,
        b.line,
        b.owner_id,
        b.part,
        regexp_replace(trim(b.body), '\s+', ' ', 'g') AS body
    FROM raw.texts AS b
    WHERE b.part IN ('text', 'args')
        AND b.source_id IN (SELECT s.source_id FROM raw.sessions AS s WHERE s.session_id = ('0x' || $session)::UBIGINT)
),

steps AS (
    SELECT
        m.seq, m.occurred_at AS at, m.run_id, m.kind AS step, m.role AS what, NULL AS status, NULL::BIGINT AS duration_ms, b.body AS about, m.source_id, m.line, false AS is_error
    FROM own_messages AS m
    LEFT JOIN texts AS b ON b.source_id = m.source_id AND b.line = m.line AND b.part = 'text' AND b.owner_id = ('0x' || m.message_id)::UBIGINT
    UNION ALL
    SELECT
        t.seq, t.requested_at, t.run_id, 'tool', coalesce(t.tool_name_raw, t.tool_name), coalesce(t.error_type, t.status), t.duration_ms, coalesce(t.target_path, b.body), t.source_id, t.line, t.status IS NOT DISTINCT FROM 'error'
    FROM own_tools AS t
    LEFT JOIN texts AS b ON b.source_id = t.source_id AND b.line = t.line AND b.part = 'args' AND b.owner_id = ('0x' || t.tool_call_id)::UBIGINT
    UNION ALL
    SELECT seq, occurred_at, run_id, 'event', event, NULL, duration_ms, detail, source_id, line, false
    FROM session_events_v1
    WHERE session_id = $session
    UNION ALL
    SELECT
        seq, occurred_at, run_id, 'error', source, CASE WHEN is_final THEN 'final' ELSE 'retried' END, retry_after_ms, concat_ws(' ', error_type, http_status), source_id, line, true
    FROM errors_v1
    WHERE session_id = $session
)

SELECT
    s.at,
    CASE WHEN r.run_kind = 'main' THEN '' ELSE coalesce(r.agent_type, r.run_kind) END AS run,
    s.step,
    s.what,
    s.status,
    s.duration_ms,
    CASE WHEN length(s.about) > 80 THEN left(s.about, 79) || '…' ELSE s.about END AS about,
    x.path,
    s.line,
    s.source_id = z.main_source_id AS is_main_file,
    s.run_id,
    s.is_error,
    parse_filename(x.path) || ':' || s.line AS place
FROM steps AS s
JOIN own_runs AS r USING (run_id)
CROSS JOIN own_session AS z
LEFT JOIN raw.sources AS x ON x.source_id = s.source_id
ORDER BY s.seq, s.line
