-- title: Which logs are about to be deleted, which are gone?
-- about: Log files by agent and machine. At risk are those that have not changed for the days after which an agent
--   deletes them, less a week; what is gone stays in the store. until is the day to stand on.
-- params:
--   days bigint = 30  Days after which the agent deletes a log.
-- columns:
--   agent          varchar      The agent.
--   machine        varchar      The machine.
--   source_count   bigint       Log files, gone ones included.
--   oldest_at      timestamptz  Last change of the oldest that is there; NULL = none is.
--   at_risk_count  bigint       There, and deleted within a week.
--   missing_count  bigint       Gone.
SELECT
    x.agent,
    x.machine_id AS machine,
    count(*) AS source_count,
    min(x.modified_at) FILTER (WHERE x.source_state = 'present') AS oldest_at,
    count(*) FILTER (
        WHERE x.source_state = 'present' AND x.modified_at < coalesce($until::TIMESTAMPTZ, now()) - to_days(greatest($days::BIGINT - 7, 0)::INTEGER)
    ) AS at_risk_count,
    count(*) FILTER (WHERE x.source_state = 'missing') AS missing_count
FROM raw.sources AS x
WHERE x.source_state IN ('present', 'missing', 'replaced')
    AND ($agent::VARCHAR[] IS NULL OR list_contains($agent::VARCHAR[], x.agent))
    AND ($machine::VARCHAR[] IS NULL OR list_contains($machine::VARCHAR[], x.machine_id))
GROUP BY x.agent, x.machine_id
ORDER BY at_risk_count DESC, x.agent, machine
LIMIT $limit
