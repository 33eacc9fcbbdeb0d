-- title: Which programs talked to the net?
-- about: Commands of the classes net and remote, with the host where the text is kept and names one.
-- columns:
--   session_id  varchar  The session.
--   program     varchar  The program.
--   host        varchar  Host of an address in the command; NULL = no text is kept, or it names none.
--   run_count   bigint   Runs.
WITH scope AS (
    SELECT session_id, agent, project, machine_id, title, session_kind FROM session_scope_v1($since, $until, $project, $agent, $model, $machine)
)

SELECT
    k.session_id,
    k.program,
    nullif(lower(regexp_extract(k.command_norm, '(?:[a-z][a-z0-9+.-]*://(?:[^/@\s]*@)?|(?:^|\s)[\w.-]+@)([A-Za-z0-9][A-Za-z0-9.-]*)', 1)), '') AS host,
    count(*) AS run_count
FROM commands_v1 AS k
SEMI JOIN scope AS s USING (session_id)
WHERE k.command_class IN ('net', 'remote')
GROUP BY k.session_id, k.program, host
ORDER BY run_count DESC, k.session_id, k.program, host
LIMIT $limit
