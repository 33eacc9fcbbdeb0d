-- title: Which providers fail or limit me, and when?
-- about: Errors of the provider, by the provider that the session mostly called. Logs that carry no API errors add
--   nothing to either side.
-- params:
--   bucket varchar = day  hour, day, week or month.
-- columns:
--   period         timestamp  Start of the period, in the time zone; NULL = no instant.
--   provider       varchar    Provider; NULL = not known.
--   error_type     varchar    rate_limit, overloaded, timeout, auth, invalid_request, context_length, network, server, api_retry, unknown.
--   error_count    bigint     Errors.
--   per_100_calls  double     Errors per hundred requests, failed ones included.
--   retry_wait_ms  bigint     Waits before the next attempt, where logged.
WITH scope AS (
    SELECT session_id, agent, project, machine_id, title, session_kind FROM session_scope_v1($since, $until, $project, $agent, $model, $machine)
),

-- Calls by session and quarter of an hour: local periods are made of those.
calls AS (
    SELECT
        c.session_id,
        coalesce(c.price_provider, c.provider_name) AS provider,
        time_bucket(INTERVAL 15 MINUTE, c.occurred_at) AS quarter_at,
        count(*) AS call_count
    FROM model_calls_v1 AS c
    SEMI JOIN scope AS s USING (session_id)
    SEMI JOIN (SELECT session_id FROM sessions_v1 WHERE has_api_errors) AS tells USING (session_id)
    WHERE c.status IN ('ok', 'interrupted')
        AND ($since::TIMESTAMPTZ IS NULL OR c.occurred_at >= $since::TIMESTAMPTZ)
    AND ($until::TIMESTAMPTZ IS NULL OR c.occurred_at < $until::TIMESTAMPTZ)
    GROUP BY ALL
),

providers AS (
    SELECT session_id, arg_max(provider, call_count) AS provider
    FROM (SELECT session_id, provider, sum(call_count) AS call_count FROM calls WHERE provider IS NOT NULL GROUP BY ALL)
    GROUP BY session_id
),

per_period AS (
    SELECT date_trunc($bucket, c.quarter_at AT TIME ZONE $tz) AS period, p.provider, sum(c.call_count) AS call_count
    FROM calls AS c
    LEFT JOIN providers AS p USING (session_id)
    GROUP BY ALL
),

failures AS (
    SELECT date_trunc($bucket, e.occurred_at AT TIME ZONE $tz) AS period, p.provider, coalesce(e.error_type, 'unknown') AS error_type, e.retry_after_ms
    FROM errors_v1 AS e
    SEMI JOIN scope AS s USING (session_id)
    LEFT JOIN providers AS p USING (session_id)
    WHERE e.source = 'api'
        AND ($since::TIMESTAMPTZ IS NULL OR e.occurred_at >= $since::TIMESTAMPTZ)
    AND ($until::TIMESTAMPTZ IS NULL OR e.occurred_at < $until::TIMESTAMPTZ)
),

sums AS (
    SELECT period, provider, error_type, count(*) AS error_count, sum(retry_after_ms)::BIGINT AS retry_wait_ms
    FROM failures
    GROUP BY ALL
)

SELECT
    s.period,
    s.provider,
    s.error_type,
    s.error_count,
    100.0::DOUBLE * s.error_count
        / (coalesce(c.call_count, 0) + sum(s.error_count) OVER (PARTITION BY s.period, s.provider))::DOUBLE AS per_100_calls,
    s.retry_wait_ms
FROM sums AS s
LEFT JOIN per_period AS c ON c.period IS NOT DISTINCT FROM s.period AND c.provider IS NOT DISTINCT FROM s.provider
ORDER BY s.period DESC, s.error_count DESC, s.provider, s.error_type
LIMIT $limit
