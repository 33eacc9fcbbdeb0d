-- summary: Why the mean cost of a session rose or fell between two windows of time: more calls, other models, or other
--   prices per call. A mean that rises while each model costs the same is a matter of the mix.
-- grain: part, model
-- status: current
-- since: 0.1.0
-- macro: (tz, as_of, days)
-- columns:
--   part   calls: priced calls per session; mix: their spread over models; price: cost of a call of the same model, by
--          its size and its rates; total: the sum.
--   model  The model; all = of all of them.
--   usd    [USD] What it adds to the mean cost of a session of the last days, against that of the days before.
SELECT part, model, usd
FROM group_mix_v1(
    (SELECT list(lower(hex(session_id))) FROM window_sessions_v1(tz, as_of, days) WHERE NOT is_late),
    (SELECT list(lower(hex(session_id))) FROM window_sessions_v1(tz, as_of, days) WHERE is_late)
)
