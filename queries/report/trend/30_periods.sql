-- title: Period by period
-- kind: line
-- note: A gap is not recorded or not known.
-- text only: name, mark
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
    t.change,
    l.label AS name,
    concat_ws(
        ', ',
        CASE WHEN NOT t.is_recorded THEN 'not recorded' END,
        replace(t.change, '_', ' '),
        CASE WHEN t.is_partial THEN 'so far' END,
        CASE WHEN t.missing_count > 0 THEN 'without ' || t.missing_count || ' that are not known' END
    ) AS mark
FROM shown_trends AS t
JOIN trend_metrics_v1 AS m USING (metric)
LEFT JOIN trend_labels AS l USING (key)
ORDER BY list_position(string_split($metrics, ','), t.metric), t.key, t.period
