-- title: Anomalies
-- kind: table
-- empty: No anomaly was found.
-- json only: value, threshold, unit, evidence
-- text only: finding, places
-- label: places = seen at
-- optional: places
-- below: places
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
                ELSE e.item
            END ORDER BY e.position
        ) AS places
    FROM evidence AS e
    CROSS JOIN own_session AS s
    LEFT JOIN known AS k USING (item)
    LEFT JOIN raw.sources AS x ON x.source_id = k.source_id
    GROUP BY e.anomaly
)

SELECT
    a.anomaly,
    a.severity,
    a.value,
    a.threshold,
    a.unit,
    a.evidence,
    struct_pack(anomaly := a.anomaly, value := a.value, threshold := a.threshold, unit := a.unit) AS finding,
    p.places
FROM own_anomalies AS a
LEFT JOIN placed AS p USING (anomaly)
ORDER BY array_position(['high', 'medium', 'low', 'info'], a.severity), a.anomaly
