-- title: What B did otherwise
-- kind: table
-- json only: place, subject, value_a, value_b, unit, evidence
-- label: says = in words
-- empty: Nothing that counts.
SELECT place, finding, subject, value_a, value_b, unit, says, coalesce(evidence, []) AS evidence
FROM diff_findings_v1($a, $b)
ORDER BY place, finding, subject
