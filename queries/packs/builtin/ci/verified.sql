-- title: Was every code change verified?
-- about: Sessions that changed code or tests, by their checks after the last change. Where the log cannot tell, the
--   verdict is incomplete.
-- kind: control
-- params:
--   allow varchar = passed,passed_lint_failed,failed_as_before  States that pass, separated by commas.
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

states AS (
    SELECT v.session_id, v.verification_state AS state
    FROM session_verification_v1 AS v
    SEMI JOIN scope AS s USING (session_id)
    WHERE v.verification_state <> 'no_code_edits' AND (v.verification_state <> 'unknown' OR v.code_edit_count > 0)
),

verdicts AS (
    SELECT
        CASE
            WHEN list_contains(list_transform(string_split($allow, ','), lambda state: trim(state)), state) THEN 'ok'
            WHEN state IN ('unknown', 'ran_result_unknown') THEN 'incomplete'
            ELSE 'fail'
        END AS status,
        'checks after the last change: ' || state AS reason,
        session_id AS resource
    FROM states
)

SELECT status, reason, resource, value, threshold, evidence_session_ids
FROM (
    SELECT status, reason, resource, NULL::DOUBLE AS value, NULL::DOUBLE AS threshold, [resource] AS evidence_session_ids FROM verdicts
    UNION ALL
    SELECT 'skip', 'no session changed code', 'total', NULL, NULL, []::VARCHAR[] WHERE NOT EXISTS (FROM verdicts)
) AS answers
ORDER BY list_position(['fail', 'incomplete', 'ok', 'skip'], status), resource
LIMIT $limit
