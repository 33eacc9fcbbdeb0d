-- title: Are there findings that must not pass?
-- about: One row per finding of a severity or above. Without one there is one row that says so.
-- kind: control
-- params:
--   severity varchar = high  Lowest severity that fails: info, low, medium or high.
--   ignore varchar = ''  Rules to leave out, separated by commas.
-- columns:
--   status                varchar    ok, warn, fail, skip, incomplete or error.
--   reason                varchar    Why, in words.
--   resource              varchar    What is judged: a session, total, a file.
--   value                 double     What was found; NULL = not known.
--   threshold             double     The limit; NULL = none was set.
--   evidence_session_ids  varchar[]  The worst sessions first, three at most.
WITH scope AS (
    SELECT session_id, agent, project, machine_id, title, session_kind FROM session_scope_v1($since, $until, $project, $agent, $model, $machine)
),

found AS (
    SELECT a.session_id, a.anomaly, a.severity, a.value, a.threshold, a.sentence
    FROM anomalies_v1 AS a
    SEMI JOIN scope AS s USING (session_id)
    WHERE list_position(['info', 'low', 'medium', 'high'], a.severity) >= list_position(['info', 'low', 'medium', 'high'], $severity)
        AND NOT list_contains(list_transform(string_split(coalesce($ignore, ''), ','), lambda rule: trim(rule)), a.anomaly)
),

verdicts AS (
    SELECT
        'fail' AS status,
        anomaly || ' (' || severity || ')' || coalesce(': ' || replace(sentence, '{value}', round(value, 2)::VARCHAR), '') AS reason,
        session_id AS resource,
        value,
        threshold,
        [session_id] AS evidence_session_ids,
        list_position(['high', 'medium', 'low', 'info'], severity) AS place
    FROM found
    UNION ALL
    SELECT
        CASE
            WHEN list_position(['info', 'low', 'medium', 'high'], $severity) IS NULL THEN 'error'
            WHEN (SELECT count(*) FROM scope) = 0 THEN 'skip'
            ELSE 'ok'
        END,
        CASE WHEN list_position(['info', 'low', 'medium', 'high'], $severity) IS NULL THEN 'severity: want info, low, medium or high' ELSE 'no such finding' END,
        'total', 0, NULL, []::VARCHAR[], 9
    WHERE NOT EXISTS (FROM found)
)

SELECT status, reason, resource, value, threshold, evidence_session_ids
FROM verdicts
ORDER BY place, reason, resource
LIMIT $limit
