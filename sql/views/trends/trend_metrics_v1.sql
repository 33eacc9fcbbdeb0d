-- summary: The metrics that have trends, and from when on a difference is worth a word.
-- grain: metric
-- status: current
-- since: 0.1.0
-- columns:
--   metric          Its name.
--   unit            Unit of its values.
--   statistic       sum, count, ratio of sums, share of sessions, median of sessions or mean per session.
--   source          calls, tools or sessions: what a period is made of. Calls count at their own instant, sessions
--                   where they begin.
--   is_additive     A period without use has 0 of it; otherwise such a period has no value.
--   min_difference  A change smaller than this is none, however steady the periods before were.
--   min_spread      The spread of a base line is taken to be at least this.
--   better          less or more, where one of them is better.
--   meaning         What it says.
SELECT metric, unit, statistic, source, is_additive, min_difference, min_spread, better, meaning
FROM (
    VALUES
        ('cost_usd', 'USD', 'sum', 'calls', TRUE, 1.0, 0.01, 'less', 'Cost at list price of the priced calls.'),
        ('model_call_count', 'count', 'count', 'calls', TRUE, 10.0, 1.0, NULL, 'Model calls.'),
        ('session_count', 'count', 'count', 'calls', TRUE, 3.0, 0.5, NULL, 'Sessions with a model call in the period.'),
        ('input_tokens', 'tokens', 'sum', 'calls', TRUE, 100000.0, 1000.0, NULL, 'All input, caches included.'),
        ('output_tokens', 'tokens', 'sum', 'calls', TRUE, 10000.0, 100.0, NULL, 'Output, reasoning included.'),
        ('cache_hit_ratio', 'ratio', 'ratio of sums', 'calls', FALSE, 0.02, 0.005, 'more', 'Cache reads over input, of the calls whose cache reads are known.'),
        ('tool_call_count', 'count', 'count', 'tools', TRUE, 10.0, 1.0, NULL, 'Tool calls.'),
        ('tool_failure_ratio', 'ratio', 'ratio of sums', 'tools', FALSE, 0.02, 0.005, 'less', 'Tool calls that failed over those that succeeded or failed; failed tests and empty searches are findings, not failures.'),
        ('session_cost_usd', 'USD', 'median of sessions', 'sessions', FALSE, 0.05, 0.01, 'less', 'Median cost of a session.'),
        ('session_active_ms', 'ms', 'median of sessions', 'sessions', FALSE, 60000.0, 1000.0, NULL, 'Median time at work of a session.'),
        ('waste_ratio', 'ratio', 'ratio of sums', 'sessions', FALSE, 0.02, 0.005, 'less', 'Cost of what bought nothing over cost.'),
        ('health', 'points', 'median of sessions', 'sessions', FALSE, 5.0, 1.0, 'more', 'Median health of the scored sessions.'),
        ('critical_share', 'ratio', 'share of sessions', 'sessions', FALSE, 0.02, 0.005, 'less', 'Scored sessions in the critical band.'),
        ('anomalies_per_session', 'count', 'mean per session', 'sessions', FALSE, 0.5, 0.1, 'less', 'Findings per session.'),
        ('verification_share', 'ratio', 'share of sessions', 'sessions', FALSE, 0.02, 0.005, 'more', 'Sessions that changed code and whose checks passed after the last edit.')
) AS m (metric, unit, statistic, source, is_additive, min_difference, min_spread, better, meaning)
