-- title: Tests, builds and checks
-- kind: table
-- label: pass_count = passed
-- label: fail_count = failed
-- label: blocked_count = could not run
-- label: unknown_count = outcome unknown
-- label: last_outcome = last time
-- optional: pass_count, fail_count, blocked_count, unknown_count
SELECT
    c.verification_kind AS kind,
    c.program,
    count(*) AS run_count,
    count(*) FILTER (c.outcome = 'pass') AS pass_count,
    count(*) FILTER (c.outcome = 'fail') AS fail_count,
    count(*) FILTER (c.outcome = 'blocked') AS blocked_count,
    count(*) FILTER (c.outcome IS NULL OR c.outcome NOT IN ('pass', 'fail', 'blocked')) AS unknown_count,
    arg_max(c.outcome, c.seq) AS last_outcome
FROM commands_v1 AS c
WHERE c.session_id = $session AND c.verification_kind IS NOT NULL
GROUP BY ALL
ORDER BY run_count DESC, c.program
