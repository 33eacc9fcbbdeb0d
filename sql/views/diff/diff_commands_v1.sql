-- summary: The commands that two sessions ran, side by side, by class and program.
-- grain: command_class, program
-- status: current
-- since: 0.1.0
-- macro: (session_a, session_b)
-- columns:
--   command_class  Class of the commands: see commands.
--   program        Program.
--   presence       both, only_a, only_b.
--   runs_a         [count] Runs in the one session; NULL = none.
--   runs_b         [count] Runs in the other.
--   failed_a       [count] Of these, runs that failed, as far as that is known.
--   failed_b       [count] Of these, runs that failed, as far as that is known.
--   is_effect      The class changes more than files of the project: history, packages, databases, deployments, other
--                  machines.
--   class_in_a     The one session ran something of the class.
--   class_in_b     The other did.
WITH runs AS (
    SELECT
        session_id = ('0x' || session_a)::UBIGINT AS is_a,
        command_class,
        coalesce(program, '?') AS program,
        count(*) AS run_count,
        count(*) FILTER (WHERE outcome = 'fail' OR (outcome = 'unknown' AND exit_code > 0)) AS failed_count
    FROM commands_v1
    WHERE command_class NOT IN ('nav', 'filter') AND session_id IN (('0x' || session_a)::UBIGINT, ('0x' || session_b)::UBIGINT)
    GROUP BY 1, 2, 3
),

programs AS (
    SELECT
        command_class,
        program,
        max(run_count) FILTER (WHERE is_a) AS runs_a,
        max(run_count) FILTER (WHERE NOT is_a) AS runs_b,
        max(failed_count) FILTER (WHERE is_a) AS failed_a,
        max(failed_count) FILTER (WHERE NOT is_a) AS failed_b
    FROM runs
    GROUP BY command_class, program
)

SELECT
    command_class,
    program,
    CASE WHEN runs_a IS NULL THEN 'only_b' WHEN runs_b IS NULL THEN 'only_a' ELSE 'both' END AS presence,
    runs_a,
    runs_b,
    failed_a,
    failed_b,
    command_class IN ('vcs_write', 'package', 'db', 'deploy', 'process', 'remote', 'net') AS is_effect,
    bool_or(runs_a IS NOT NULL) OVER (PARTITION BY command_class) AS class_in_a,
    bool_or(runs_b IS NOT NULL) OVER (PARTITION BY command_class) AS class_in_b
FROM programs
