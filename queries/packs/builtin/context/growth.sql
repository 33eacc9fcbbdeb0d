-- title: How does a session's context grow?
-- about: The calls of one session in order, each with what happened between it and the call before.
-- params:
--   session varchar required  The session: its id or the beginning of it.
-- columns:
--   seq            bigint       Place in the session.
--   occurred_at    timestamptz  Instant.
--   input_tokens   bigint       Input of the call.
--   growth         bigint       Against the call before in its run.
--   context_ratio  double       Part of the window.
--   event          varchar      Events since the call before: compaction, model_changed, rewind ...
WITH calls AS (
    SELECT x.session_id, x.run_id, x.seq, x.occurred_at, x.input_tokens, x.growth, x.context_ratio,
        coalesce(lag(x.seq) OVER (PARTITION BY x.run_id ORDER BY x.seq), -1) AS prev_seq
    FROM context_steps_v1 AS x
    WHERE starts_with(x.session_id, lower($session))
        AND ($since::TIMESTAMPTZ IS NULL OR x.occurred_at >= $since::TIMESTAMPTZ)
    AND ($until::TIMESTAMPTZ IS NULL OR x.occurred_at < $until::TIMESTAMPTZ)
),

events AS (
    SELECT x.run_id, x.seq, string_agg(DISTINCT e.event, ', ' ORDER BY e.event) AS event
    FROM session_events_v1 AS e
    JOIN calls AS x ON x.run_id = e.run_id AND e.seq <= x.seq AND e.seq > x.prev_seq
    WHERE starts_with(e.session_id, lower($session))
    GROUP BY x.run_id, x.seq
)

SELECT x.seq, x.occurred_at, x.input_tokens, x.growth, x.context_ratio, e.event
FROM calls AS x
LEFT JOIN events AS e USING (run_id, seq)
ORDER BY x.seq
LIMIT $limit
