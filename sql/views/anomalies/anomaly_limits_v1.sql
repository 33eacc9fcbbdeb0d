-- summary: The limits of each rule side by side: from where on a value is a finding of which severity.
-- grain: rule
-- status: current
-- since: 0.1.0
-- columns:
--   rule    The rule, as in anomalies.
--   info    From here on it is information; NULL = never.
--   low     From here on it is low.
--   medium  From here on it is medium.
--   high    From here on it is high.
--   lowest  The least of them.
SELECT
    rule,
    max(value) FILTER (WHERE parameter = 'info') AS info,
    max(value) FILTER (WHERE parameter = 'low') AS low,
    max(value) FILTER (WHERE parameter = 'medium') AS medium,
    max(value) FILTER (WHERE parameter = 'high') AS high,
    least(info, low, medium, high) AS lowest
FROM thresholds_v1
GROUP BY rule
HAVING lowest IS NOT NULL
