-- summary: Projects: a remote repository, or a folder where no remote is known. The base name is never the key.
-- grain: project_id
-- status: current
-- since: 0.1.0
-- columns:
--   project_id   The project, by the hash of its remote or its folder.
--   name         Last part of the remote or folder, for people.
--   root_path    Folder; NULL where only the remote is known.
--   remote_norm  Remote as host/owner/name, lower case.
--   rule         What decided: remote or root.
WITH folders AS (
    SELECT workspace, max(git_remote) AS git_remote
    FROM session_facts_v1
    WHERE workspace IS NOT NULL OR git_remote IS NOT NULL
    GROUP BY workspace
)

SELECT
    md5_number_lower(CASE WHEN git_remote IS NOT NULL THEN 'remote:' || git_remote ELSE 'root:' || min(workspace) END) AS project_id,
    regexp_extract(replace(any_value(coalesce(git_remote, workspace)), '\', '/'), '([^/]*)/*$', 1) AS name,
    min(workspace) AS root_path,
    any_value(git_remote) AS remote_norm,
    CASE WHEN git_remote IS NOT NULL THEN 'remote' ELSE 'root' END AS rule
FROM folders
GROUP BY git_remote, CASE WHEN git_remote IS NULL THEN workspace END
