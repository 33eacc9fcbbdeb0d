-- title: Figures
-- kind: table
-- note: Medians and shares of sessions, of those whose log says it (n). More or less is said from eight sessions a side on, where a rank test is beyond 1.96; it is information, no proof: the groups may have had other tasks.
-- json only: place, area, unit, statistic, value_a, missing_a, value_b, missing_b, change, rank_z, better, verdict
-- text only: a, b, difference, in_b
-- label: metric = of
-- label: a = A
-- label: b = B
-- label: n_a = n
-- label: n_b = n
-- label: in_b = B has
-- spare: n_a, n_b
SELECT
    place, area, metric, unit, statistic, better,
    value_a, {'value': value_a, 'unit': unit} AS a, n_a, missing_a,
    value_b, {'value': value_b, 'unit': unit} AS b, n_b, missing_b,
    change, {'value': change, 'unit': unit} AS difference,
    rank_z,
    verdict,
    CASE WHEN verdict = better THEN verdict || ' (better)' WHEN verdict IN ('more', 'less') AND better IS NOT NULL THEN verdict || ' (worse)' ELSE verdict END AS in_b
FROM group_measures_v1(string_split($a, ','), string_split($b, ','))
WHERE n_a + n_b > 0
ORDER BY place
