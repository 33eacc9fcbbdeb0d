-- title: Series
-- kind: table
-- json only: unit, key, n_periods, first_period, last_period, last_value, median, missing_share, per_period, ratio_per_period, mk_z
-- text only: name, latest, usual, course, missing
-- label: name = of
-- label: latest = last complete
-- label: usual = median
-- label: direction = trend
-- label: missing = no data
-- optional: name, missing
-- spare: missing, usual, direction
-- empty: Nothing was used in this time.
WITH complete AS (
    SELECT
        metric,
        key,
        count(*) AS n_periods,
        min(period) AS first_period,
        max(period) AS last_period,
        arg_max(value, period) FILTER (NOT is_partial AND value IS NOT NULL) AS last_value,
        median(value) FILTER (NOT is_partial) AS median,
        sum(missing_count) / nullif(sum(n + missing_count), 0)::DOUBLE AS missing_share,
        list(value ORDER BY period) FILTER (period <= last_recorded) AS points,
        max(value) AS top
    FROM (SELECT *, max(period) FILTER (is_recorded) OVER (PARTITION BY metric, key) AS last_recorded FROM shown_trends)
    GROUP BY metric, key
)

SELECT
    c.metric,
    m.unit,
    c.key,
    l.label AS name,
    c.n_periods,
    c.first_period::DATE AS first_period,
    c.last_period::DATE AS last_period,
    c.last_value,
    {'value': c.last_value, 'unit': m.unit} AS latest,
    c.median,
    {'value': c.median, 'unit': m.unit} AS usual,
    -- Zero is the lowest mark and nothing else is; what is not known is a dot.
    array_to_string(list_transform(c.points[-40:], lambda v: CASE
        WHEN v IS NULL THEN '·'
        WHEN v <= 0 OR c.top <= 0 THEN '▁'
        ELSE substring('▂▃▄▅▆▇█', 1 + least(6, floor(v / c.top * 7)::BIGINT), 1)
    END), '') AS course,
    s.per_period,
    s.ratio_per_period,
    s.mk_z,
    coalesce(s.direction, 'too few periods') AS direction,
    c.missing_share,
    CASE WHEN c.missing_share > 0 THEN {'value': c.missing_share, 'unit': 'ratio'} END AS missing
FROM complete AS c
JOIN trend_metrics_v1 AS m USING (metric)
LEFT JOIN trend_labels AS l USING (key)
LEFT JOIN metric_slopes_v1($bucket, $tz, $dim, $as_of::TIMESTAMPTZ, string_split($metrics, ','), 12) AS s ON s.metric = c.metric AND s.key = c.key
ORDER BY list_position(string_split($metrics, ','), c.metric), c.median DESC NULLS LAST, c.key
