-- summary: Shell calls split into their simple commands, each with its class and outcome.
-- grain: command_id
-- status: current
-- since: 0.1.0
-- columns:
--   command_id         The command.
--   tool_call_id       The shell call.
--   session_id         Its session.
--   run_id             Its run.
--   seq                Order within the session.
--   part_no            Position in the call, from 0.
--   program            Program, lower case, without path and extension.
--   subcommand         Subcommand.
--   command_norm       What follows the program, white space folded; NULL where no text is kept.
--   command_hash       Hash of the command.
--   command_class      test, build, lint, read, search, list, vcs_read, edit_inplace, file_write, ..., filter, other: see command_rules.
--   verification_kind  test, build, lint; NULL = no verification.
--   exit_code          Exit code, only when it is surely this part's.
--   outcome            pass, fail, blocked, unknown.
--   failure_signature  Hash of the error lines: equal = the same failure again.
--   passed_test_count  Tests passed, by the output.
--   failed_test_count  Tests failed, by the output.
--   is_destructive     A rule calls it destructive.
--   source_id          File.
--   line               Line.
SELECT
    c.command_id,
    c.tool_call_id,
    c.session_id,
    c.run_id,
    c.seq,
    c.part_no,
    c.program,
    c.subcommand,
    x.rest AS command_norm,
    c.command_hash,
    CASE
        WHEN k.command_class IN ('test', 'build', 'lint') THEN k.command_class
        WHEN c.writes_file THEN 'file_write'
        WHEN c.is_piped_into AND coalesce(k.command_class, 'other') IN ('search', 'read', 'list', 'nav', 'filter', 'other') THEN 'filter'
        ELSE coalesce(k.command_class, 'other')
    END AS command_class,
    k.verification_kind,
    c.exit_code::INTEGER AS exit_code,
    CASE
        WHEN c.exit_code IN (126, 127) THEN 'blocked'
        WHEN c.summary IS NOT NULL THEN c.summary
        WHEN c.exit_code = 0 THEN 'pass'
        WHEN c.exit_code IS NOT NULL THEN 'fail'
        ELSE 'unknown'
    END AS outcome,
    c.failure_signature,
    c.passed_test_count::INTEGER AS passed_test_count,
    c.failed_test_count::INTEGER AS failed_test_count,
    coalesce(k.is_destructive, false) AS is_destructive,
    c.source_id,
    c.line
FROM raw.commands AS c
ANTI JOIN raw.copies AS d ON d.source_id = c.source_id AND d.line = c.line
ANTI JOIN (SELECT source_id, call_id FROM raw.call_copies WHERE kind = 'tool' AND NOT is_owner) AS o
    ON o.source_id = c.source_id AND o.call_id = c.tool_call_id
LEFT JOIN raw.command_classes AS k USING (command_key)
LEFT JOIN raw.command_texts AS x USING (command_key)
