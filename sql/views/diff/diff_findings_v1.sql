-- summary: What a second session did otherwise than a first one that is taken as the reference, in sentences: it left
--   the task, skipped a check, went in circles, and why it cost more or less.
-- grain: finding, subject
-- status: current
-- since: 0.1.0
-- macro: (session_a, session_b)
-- columns:
--   place     [count] Order for people: what weighs most comes first.
--   finding   skipped_checks, cheaper_same_checks, divergent_files, missing_files, divergent_commands, missing_verification, missing_tests,
--             repeated_edits, less_exploration, trouble, time, context, outcome, price.
--   subject   What it is about: a file, a program, a figure.
--   value_a   The first session's value, where there is one.
--   value_b   The second's.
--   unit      Unit of both.
--   says      The finding as a sentence.
--   evidence  Files, or ids of the tool calls, ten at most.
WITH params AS (
    SELECT
        0.8 AS cheaper_ratio, 0.5 AS skipped_share, 0.6 AS low_coverage, 2 AS many_unread, 60000 AS worth_ms, 0.02 AS worth_ratio,
        5 AS worth_health, 0.01 AS worth_usd
),

files AS (
    SELECT f.path, f.role, f.presence, f.edits_a, f.edits_b, f.added_a, f.added_b, regexp_replace(f.path, '[^/\\]*$', '') AS folder
    FROM diff_files_v1(session_a, session_b) AS f
    WHERE f.role <> 'generated'
),

-- Where the first session changed code or tests, there the task lies.
scope AS (
    SELECT DISTINCT folder FROM files WHERE presence <> 'only_b' AND role IN ('code', 'test')
),

measures AS (
    SELECT m.area, m.metric, m.unit, m.value_a, m.value_b, m.change FROM diff_measures_v1(session_a, session_b) AS m
),

checks AS (
    SELECT v.verification_kind, v.program, v.runs_a, v.runs_b, v.last_a, v.last_b, v.finding
    FROM diff_verification_v1(session_a, session_b) AS v
    WHERE v.finding IN ('missing_in_b', 'worse_in_b', 'stale_in_b')
        -- What was checked before the edits only, was not checked.
        AND (v.finding <> 'missing_in_b' OR coalesce(v.is_after_edits_a, TRUE))
),

states AS (
    SELECT
        max(verification_state) FILTER (WHERE session_id = ('0x' || session_a)::UBIGINT) AS state_a,
        max(verification_state) FILTER (WHERE session_id = ('0x' || session_b)::UBIGINT) AS state_b
    FROM session_verification_v1
    WHERE session_id IN (('0x' || session_a)::UBIGINT, ('0x' || session_b)::UBIGINT)
),

reads AS (
    SELECT
        count(*) FILTER (WHERE r.is_read_a) AS read_a,
        count(*) FILTER (WHERE r.is_read_a AND r.is_read_b) AS read_both,
        list(r.path ORDER BY r.path) FILTER (WHERE r.is_read_a AND NOT r.is_read_b) AS unread
    FROM diff_reads_v1(session_a, session_b) AS r
),

unread AS (
    SELECT value_a, value_b FROM measures WHERE metric = 'unread_modified_file_count'
),

prices AS (
    SELECT p.part, p.detail, p.usd FROM diff_prices_v1(session_a, session_b) AS p
),

phases AS (
    SELECT
        sum(cost_usd) FILTER (WHERE session_id = ('0x' || session_a)::UBIGINT) - coalesce(sum(cost_usd) FILTER (WHERE session_id = ('0x' || session_b)::UBIGINT), 0) AS saved_usd
    FROM phase_costs_v1
    WHERE phase IN ('explore', 'verify') AND session_id IN (('0x' || session_a)::UBIGINT, ('0x' || session_b)::UBIGINT)
),

skipped AS (
    SELECT
        m.value_a, m.value_b,
        1 - m.value_b / m.value_a AS saving,
        h.saved_usd::DOUBLE / (m.value_a - m.value_b) AS skipped_share,
        c.check_count,
        CASE WHEN r.read_a > 0 THEN r.read_both / r.read_a::DOUBLE END AS coverage,
        u.value_b AS unread_b
    FROM measures AS m
    CROSS JOIN params AS p
    CROSS JOIN phases AS h
    CROSS JOIN (SELECT count(*) AS check_count FROM checks) AS c
    CROSS JOIN reads AS r
    LEFT JOIN unread AS u ON TRUE
    WHERE m.metric = 'cost_usd'
        AND m.value_b < p.cheaper_ratio * m.value_a
        AND h.saved_usd >= p.skipped_share * (m.value_a - m.value_b)
        AND (c.check_count > 0 OR (r.read_a > 0 AND r.read_both < p.low_coverage * r.read_a) OR u.value_b >= p.many_unread)
),

-- What A checked, B checked as well, and all of it passed after the last edit: the saving is one.
same_checks AS (
    SELECT m.value_a, m.value_b
    FROM measures AS m
    CROSS JOIN params AS p
    CROSS JOIN states AS s
    WHERE m.metric = 'cost_usd'
        AND m.value_b < p.cheaper_ratio * m.value_a
        AND s.state_a = 'passed'
        AND s.state_b = 'passed'
        AND (SELECT count(*) FROM checks) = 0
),

edits AS (
    SELECT
        e.path,
        count(*) AS edit_count,
        sum(e.self_removed_line_count) AS taken_back,
        list_sort(list(DISTINCT lower(hex(e.tool_call_id))))[1:10] AS call_ids
    FROM edits_without_news_v1 AS e
    WHERE e.session_id = ('0x' || session_b)::UBIGINT
    GROUP BY e.path
    HAVING sum(e.self_removed_line_count) > 0 OR bool_or(e.file_change_id IN (SELECT file_change_id FROM reverts_v1 WHERE session_id = ('0x' || session_b)::UBIGINT))
),

ends AS (
    SELECT
        max(end_state) FILTER (WHERE session_id = ('0x' || session_a)::UBIGINT) AS end_a,
        max(end_state) FILTER (WHERE session_id = ('0x' || session_b)::UBIGINT) AS end_b
    FROM sessions_v1
    WHERE session_id IN (('0x' || session_a)::UBIGINT, ('0x' || session_b)::UBIGINT)
),

said AS (
    SELECT
        1 AS place, 'skipped_checks' AS finding, 'cost_usd' AS subject, value_a, value_b, 'USD' AS unit,
        format('B cost {:.0f} % less, and {:.0f} % of that is exploration and verification that A did: is it cheaper because it skipped?', 100 * saving, 100 * least(skipped_share, 1)) AS says,
        NULL::VARCHAR[] AS evidence
    FROM skipped
    WHERE NOT EXISTS (SELECT 1 FROM same_checks)
    UNION ALL
    SELECT
        1, 'cheaper_same_checks', 'cost_usd', value_a, value_b, 'USD',
        format('B cost {:.0f} % less, and the same checks passed after its last edit.', 100 * (1 - value_b / value_a)),
        NULL
    FROM same_checks
    UNION ALL
    SELECT
        2, 'missing_verification', verification_kind || ' ' || program, runs_a, runs_b, 'count',
        CASE finding
            WHEN 'missing_in_b' THEN format('A ran {} ({}) after its last edit, B never did.', program, verification_kind)
            WHEN 'stale_in_b' THEN format('B ran {} ({}) before its last edit only.', program, verification_kind)
            ELSE format('{} ({}) passed in A and ended with {} in B.', program, verification_kind, last_b)
        END,
        NULL
    FROM checks
    UNION ALL
    SELECT 2, 'missing_verification', 'state', NULL, NULL, '', format('The code of A ended as {}, that of B as {}.', replace(state_a, '_', ' '), replace(state_b, '_', ' ')), NULL
    FROM states
    WHERE state_a IN ('passed', 'passed_lint_failed') AND state_b NOT IN ('passed', 'passed_lint_failed', 'no_code_edits', 'unknown')
    UNION ALL
    SELECT 3, 'missing_tests', string_agg(path, ', ' ORDER BY path), count(*), 0, 'count', format('A changed tests ({} files), B none, though it changed code there.', count(*)), list(path ORDER BY path)[1:10]
    FROM files
    WHERE role = 'test' AND presence = 'only_a'
        AND (SELECT count(*) FROM files WHERE role = 'test' AND presence <> 'only_a') = 0
        AND (SELECT count(*) FROM files WHERE role = 'code' AND presence <> 'only_a' AND folder IN (FROM scope)) > 0
    HAVING count(*) > 0
    UNION ALL
    SELECT 4, 'missing_files', path, edits_a, NULL, 'count', format('A changed {} ({}), B did not.', path, role), [path]
    FROM files
    WHERE presence = 'only_a'
    UNION ALL
    SELECT 5, 'divergent_files', path, NULL, edits_b, 'count', format('B changed {} ({}), which lies outside of what A changed.', path, role), [path]
    FROM files AS f
    WHERE presence = 'only_b' AND NOT EXISTS (SELECT 1 FROM scope AS s WHERE starts_with(f.folder, s.folder))
    UNION ALL
    SELECT 6, 'divergent_commands', command_class, NULL, sum(runs_b)::DOUBLE, 'count', format('B ran commands of the class {} ({}), A none.', command_class, string_agg(program, ', ' ORDER BY program)), NULL
    FROM diff_commands_v1(session_a, session_b)
    WHERE presence = 'only_b' AND NOT class_in_a
    GROUP BY command_class
    UNION ALL
    SELECT 7, 'repeated_edits', path, NULL, edit_count, 'count', format('B edited {} again {} times without news in between, and took back {} own lines.', path, edit_count, coalesce(taken_back, 0)), call_ids
    FROM edits
    UNION ALL
    SELECT 8, 'less_exploration', 'files read', read_a, read_both, 'count', format('Of {} files that A read before its last edit B read {}.', read_a, read_both), unread[1:10]
    FROM reads, params
    WHERE read_a > 0 AND read_both < low_coverage * read_a
    UNION ALL
    SELECT 8, 'less_exploration', 'unread_modified_file_count', value_a, value_b, 'count', format('B changed {:.0f} files that it had not read, A {:.0f}.', value_b, value_a), NULL
    FROM unread
    WHERE value_b > value_a
    UNION ALL
    SELECT
        9, 'trouble', metric, value_a, value_b, unit,
        CASE unit
            WHEN 'ratio' THEN format('{}: {:.1f} % in A, {:.1f} % in B.', replace(metric, '_', ' '), 100 * value_a, 100 * value_b)
            ELSE format('{}: {:.0f} in A, {:.0f} in B.', replace(replace(metric, '_count', ''), '_', ' '), value_a, value_b)
        END,
        NULL
    FROM measures, params
    WHERE area = 'trouble' AND change > CASE unit WHEN 'ratio' THEN worth_ratio ELSE 0 END
    UNION ALL
    SELECT 10, 'outcome', 'end_state', NULL, NULL, '', format('A ended as {}, B as {}.', replace(end_a, '_', ' '), replace(end_b, '_', ' ')), NULL
    FROM ends
    WHERE end_a <> end_b
    UNION ALL
    SELECT 10, 'outcome', metric, value_a, value_b, unit, format('Health {:.0f} in A, {:.0f} in B.', value_a, value_b), NULL
    FROM measures, params
    WHERE metric = 'health' AND abs(change) >= worth_health
    UNION ALL
    SELECT 11, 'time', metric, value_a, value_b, unit, format('{}: {:.0f} s in A, {:.0f} s in B.', replace(replace(metric, '_ms', ''), '_', ' '), value_a / 1000, value_b / 1000), NULL
    FROM measures, params
    WHERE area = 'time' AND metric <> 'span_ms' AND abs(change) >= worth_ms
    UNION ALL
    SELECT 12, 'context', metric, value_a, value_b, unit, format('{}: {:.0f} in A, {:.0f} in B.', replace(replace(metric, '_count', ''), '_', ' '), value_a, value_b), NULL
    FROM measures
    WHERE area = 'context' AND change > 0 AND (metric <> 'peak_input_tokens' OR change > 0.2 * value_a)
    UNION ALL
    SELECT
        13, 'price', part, NULL, usd::DOUBLE, 'USD',
        format('{} B {:.2f} USD {} than A.', CASE part WHEN 'input_volume' THEN 'The volume of input made' WHEN 'cache_mix' THEN 'The use of the cache made' WHEN 'prices' THEN 'Other rates (model, tier, date) made' ELSE 'The volume of output made' END, abs(usd::DOUBLE), CASE WHEN usd > 0 THEN 'dearer' ELSE 'cheaper' END),
        NULL
    FROM prices, params
    WHERE detail = 'all' AND part <> 'total' AND abs(usd) >= worth_usd
)

SELECT place, finding, subject, value_a::DOUBLE AS value_a, value_b::DOUBLE AS value_b, unit, says, evidence
FROM said
