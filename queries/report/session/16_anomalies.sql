-- title: Anomalies
-- kind: table
-- empty: No anomaly was found.
-- json only: value, threshold, unit, evidence, source_id, first_line, last_line, lost_ms, lost_usd
-- text only: places
-- label: sentence = finding
-- label: places = seen at
-- optional: places
-- below: hint, places
WITH evidence AS (
    SELECT anomaly, unnest(evidence[1:5]) AS item, generate_subscripts(evidence[1:5], 1) AS position
    FROM own_anomalies
),

known AS (
    SELECT tool_call_id AS item, source_id, line FROM own_tools
    UNION ALL
    SELECT message_id, source_id, line FROM own_messages
    UNION ALL
    SELECT model_call_id, source_id, line FROM own_calls
),

placed AS (
    SELECT
        e.anomaly,
        list(
            CASE
                WHEN k.line IS NOT NULL AND k.source_id IS DISTINCT FROM s.main_source_id THEN '…' || right(parse_filename(x.path), 20) || ':' || k.line
                WHEN k.line IS NOT NULL THEN 'line ' || k.line
                WHEN try_cast(e.item AS TIMESTAMPTZ) IS NOT NULL THEN strftime(e.item::TIMESTAMPTZ AT TIME ZONE $tz, '%H:%M:%S')
                WHEN e.item SIMILAR TO '[0-9a-f]{1,16}' THEN NULL
                ELSE e.item
            END ORDER BY e.position
        ) AS places
    FROM evidence AS e
    CROSS JOIN own_session AS s
    LEFT JOIN known AS k USING (item)
    LEFT JOIN raw.sources AS x ON x.source_id = k.source_id
    GROUP BY e.anomaly
),

-- What is not a call has its place by its lines.
shown AS (
    SELECT anomaly, list_filter(places, lambda place: place IS NOT NULL) AS places
    FROM placed
)

SELECT
    a.anomaly,
    a.severity,
    a.sentence,
    a.hint,
    a.value,
    a.threshold,
    a.unit,
    a.evidence,
    a.source_id,
    a.first_line,
    a.last_line,
    a.lost_ms,
    a.lost_usd,
    CASE
        WHEN len(a.call_ids) > 0 AND len(p.places) > 0 THEN p.places
        WHEN a.first_line = a.last_line THEN ['line ' || a.first_line]
        WHEN a.first_line IS NOT NULL THEN ['lines ' || a.first_line || coalesce(' to ' || a.last_line, '')]
        WHEN len(p.places) > 0 THEN p.places
    END AS places
FROM own_anomalies AS a
LEFT JOIN shown AS p USING (anomaly)
ORDER BY array_position(['high', 'medium', 'low', 'info'], a.severity), a.anomaly
