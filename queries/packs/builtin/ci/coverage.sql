-- title: Do we know enough to judge?
-- about: Per log file with records that were not understood, and the part of the calls whose cost is a lower bound.
-- kind: control
-- params:
--   max_unknown_records double = 0.01  Largest part of unknown records of a file.
--   max_lower_bound_share double = 0.1  Largest part of calls with incomplete counters or without a price.
-- columns:
--   status                varchar    ok, warn, fail, skip, incomplete or error.
--   reason                varchar    Why, in words.
--   resource              varchar    What is judged: a session, total, a file.
--   value                 double     What was found; NULL = not known.
--   threshold             double     The limit; NULL = none was set.
--   evidence_session_ids  varchar[]  The worst sessions first, three at most.
WITH scope AS (
    SELECT session_id, agent, project, machine_id, title, session_kind FROM session_scope_v1($since, $until, $project, $agent, $model, $machine)
),

files AS (
    SELECT f.source_id, list(DISTINCT f.session_id ORDER BY f.session_id)[:3] AS sessions
    FROM session_sources_v1 AS f
    SEMI JOIN scope AS s USING (session_id)
    GROUP BY f.source_id
),

sums AS (
    SELECT
        sum(m.lower_bound_call_count + m.unpriced_call_count)::DOUBLE / nullif(sum(m.priced_call_count + m.unpriced_call_count), 0)::DOUBLE AS share,
        count(*) AS n,
        coalesce(list(m.session_id ORDER BY m.lower_bound_call_count + m.unpriced_call_count DESC, m.session_id)
            FILTER (WHERE m.lower_bound_call_count + m.unpriced_call_count > 0), [])[:3] AS worst,
        coalesce(sum(m.unpriced_call_count), 0)::BIGINT AS unpriced_call_count
    FROM session_metrics_v1 AS m
    SEMI JOIN scope AS s USING (session_id)
),

verdicts AS (
    SELECT
        0 AS place,
        CASE WHEN n = 0 THEN 'skip' WHEN share > $max_lower_bound_share::DOUBLE THEN 'fail' ELSE 'ok' END AS status,
        'calls whose cost is a lower bound or unknown' AS reason,
        'total' AS resource,
        share AS value,
        $max_lower_bound_share::DOUBLE AS threshold,
        worst AS evidence_session_ids
    FROM sums
    UNION ALL
    SELECT
        1,
        'fail',
        format('{} of {} records were not understood', x.unknown_record_count, x.parsed_record_count),
        x.path,
        x.unknown_record_count::DOUBLE / nullif(x.parsed_record_count, 0),
        $max_unknown_records::DOUBLE,
        f.sessions
    FROM raw.sources AS x
    JOIN files AS f USING (source_id)
    WHERE x.unknown_record_count > $max_unknown_records::DOUBLE * x.parsed_record_count
)

SELECT status, reason, resource, value, threshold, evidence_session_ids
FROM verdicts
ORDER BY place, value DESC, resource
LIMIT $limit
