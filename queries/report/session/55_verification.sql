-- title: Tests, builds and checks
-- kind: table
SELECT
    c.verification_kind AS kind,
    c.program,
    count(*) AS run_count,
    count(*) FILTER (c.outcome = 'pass') AS pass_count,
    count(*) FILTER (c.outcome = 'fail') AS fail_count,
    count(*) FILTER (c.outcome = 'blocked') AS blocked_count,
    arg_max(c.outcome, c.seq) AS last_outcome
FROM commands_v1 AS c
WHERE c.session_id = $session AND c.verification_kind IS NOT NULL
GROUP BY ALL
ORDER BY run_count DESC, c.program
