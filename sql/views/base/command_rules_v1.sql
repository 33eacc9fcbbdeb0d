-- summary: Ordered rules for shell commands: their class, whether they destroy, how a verification ended.
-- grain: rule_set, rank
-- status: current
-- since: 0.1.0
-- columns:
--   rule_set           class, destructive or outcome.
--   rank               Order: the first rule that matches decides.
--   program_re         Pattern for the whole program name; NULL = any program.
--   text_re            Pattern to be found in the rest of the command (class), the whole command (destructive) or the output (outcome); NULL = anything.
--   result             Class, true, or pass, fail, blocked.
--   verification_kind  test, build or lint, where the class verifies.
--   note               What else is to know.
SELECT rule_set, rank, program_re, text_re, result, verification_kind, note
FROM raw.command_rules
