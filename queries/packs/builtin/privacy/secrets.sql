-- title: Where are secrets in my transcripts?
-- about: Places, never values. Empty until they were searched for: agenttrace secrets scan.
-- params:
--   min_confidence varchar = medium  Lowest confidence shown: low, medium or high.
-- columns:
--   session_id        varchar  The session.
--   location          varchar  prompt, answer, tool_args, tool_result or file.
--   rule_id           varchar  Kind of secret.
--   confidence        varchar  low, medium or high.
--   occurrence_count  bigint   Occurrences.
--   source_path       varchar  Log file; NULL = no longer known.
WITH scope AS (
    SELECT session_id, agent, project, machine_id, title, session_kind FROM session_scope_v1($since, $until, $project, $agent, $model, $machine)
)

SELECT f.session_id, f.location, f.rule_id, f.confidence, sum(f.occurrence_count)::BIGINT AS occurrence_count, x.path AS source_path
FROM secret_findings_v1 AS f
SEMI JOIN scope AS s USING (session_id)
LEFT JOIN raw.sources AS x ON x.source_id = f.source_id
WHERE $min_confidence::VARCHAR IS NULL
    OR list_position(['low', 'medium', 'high'], f.confidence) >= list_position(['low', 'medium', 'high'], $min_confidence)
GROUP BY f.session_id, f.location, f.rule_id, f.confidence, x.path
ORDER BY list_position(['high', 'medium', 'low'], f.confidence), occurrence_count DESC, f.session_id, f.location, f.rule_id, source_path
LIMIT $limit
