-- summary: The rules that find anomalies: what each needs from a log, what it says, and what to do.
-- grain: anomaly
-- status: current
-- since: 0.1.0
-- columns:
--   anomaly   The rule, as family.name.
--   rank      Order.
--   needs     What the log must tell for a verdict: U usage, C cache counters, S tool status, A arguments,
--             T instants, K compactions, E API errors, P approvals, X texts.
--   unit      Unit of the value.
--   sentence  What it says of a session; {value} stands for the value with its unit.
--   hint      What to do.
SELECT anomaly, rank, coalesce(string_split(needs, ' '), []) AS needs, unit, sentence, hint
FROM raw.anomaly_rules
