-- title: Figures
-- kind: table
-- json only: place, area, unit, value_a, value_b, change
-- text only: a, b, difference
-- label: metric = of
SELECT
    place, area, metric, unit, value_a, value_b, change,
    {'value': value_a, 'unit': unit} AS a,
    {'value': value_b, 'unit': unit} AS b,
    {'value': change, 'unit': unit} AS difference
FROM diff_measures_v1($a, $b)
WHERE value_a IS NOT NULL OR value_b IS NOT NULL
ORDER BY place
