-- summary: The sessions of people and of automation in two windows: the last complete days, and as many before them.
-- grain: session_id
-- status: current
-- since: 0.1.0
-- macro: (tz, as_of, days)
-- columns:
--   session_id  The session; it belongs to the day on which it began, in the time zone.
--   is_late     It is of the second window.
SELECT
    s.session_id,
    s.started_at >= (date_trunc('day', as_of::TIMESTAMPTZ AT TIME ZONE tz) - to_days(days::INTEGER)) AT TIME ZONE tz AS is_late
FROM sessions_v1 AS s
WHERE s.session_kind IN ('user', 'automation')
    AND s.started_at < date_trunc('day', as_of::TIMESTAMPTZ AT TIME ZONE tz) AT TIME ZONE tz
    AND s.started_at >= (date_trunc('day', as_of::TIMESTAMPTZ AT TIME ZONE tz) - to_days(2 * days::INTEGER)) AT TIME ZONE tz
