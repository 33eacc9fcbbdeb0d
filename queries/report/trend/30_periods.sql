-- title:
-- kind: table
SELECT
    t.metric,
    t.key,
    t.period::DATE AS period,
    t.is_partial,
    t.is_recorded,
    t.value,
    m.unit,
    t.n,
    t.missing_count,
    t.baseline_n,
    t.baseline_median,
    t.robust_z,
    t.change_vs_prev,
    t.change
FROM shown_trends AS t
JOIN trend_metrics_v1 AS m USING (metric)
ORDER BY list_position(string_split($metrics, ','), t.metric), t.key, t.period
