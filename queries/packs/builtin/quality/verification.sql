-- title: Is code checked before it is handed over?
-- about: Sessions that changed code or tests, by the state of their checks after the last change. Shares are of those
--   sessions; the rest has no result that can be read, or the log carries no commands.
-- columns:
--   project             varchar  Project; NULL = the logs name no folder.
--   agent               varchar  The agent.
--   code_session_count  bigint   Sessions that changed code or tests.
--   passed_share        double   Checks passed, lint aside.
--   failed_share        double   Checks failed, also as before the first change.
--   never_share         double   Nothing was run.
--   stale_share         double   Run before the last change only.
--   blocked_share       double   Tried, but could not run.
WITH scope AS (
    SELECT session_id, agent, project, machine_id, title, session_kind FROM session_scope_v1($since, $until, $project, $agent, $model, $machine)
)

SELECT
    s.project,
    s.agent,
    count(*) AS code_session_count,
    count(*) FILTER (WHERE v.verification_state IN ('passed', 'passed_lint_failed'))::DOUBLE / count(*) AS passed_share,
    count(*) FILTER (WHERE v.verification_state IN ('failed', 'lint_failed', 'failed_as_before'))::DOUBLE / count(*) AS failed_share,
    count(*) FILTER (WHERE v.verification_state = 'never')::DOUBLE / count(*) AS never_share,
    count(*) FILTER (WHERE v.verification_state = 'stale')::DOUBLE / count(*) AS stale_share,
    count(*) FILTER (WHERE v.verification_state = 'blocked')::DOUBLE / count(*) AS blocked_share
FROM session_verification_v1 AS v
JOIN scope AS s USING (session_id)
WHERE v.verification_state <> 'no_code_edits' AND (v.verification_state <> 'unknown' OR v.code_edit_count > 0)
GROUP BY s.project, s.agent
ORDER BY code_session_count DESC, s.project, s.agent
LIMIT $limit
