-- title: Tests, builds and checks
-- kind: table
-- label: verification_kind = kind
-- label: last_a = last of A
-- label: last_b = last of B
-- json only: is_after_edits_a, is_after_edits_b
-- optional: finding
SELECT verification_kind, program, runs_a, runs_b, last_a, last_b, is_after_edits_a, is_after_edits_b, finding
FROM diff_verification_v1($a, $b)
ORDER BY finding IS NULL, verification_kind, program
