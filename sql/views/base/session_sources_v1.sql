-- summary: The log files of each session: how many of their records were understood, and which repeat others.
-- grain: session_id, source_id
-- status: current
-- since: 0.1.0
-- columns:
--   session_id            The session.
--   source_id             The log file or database.
--   session_count         Sessions that it holds.
--   record_count          Records read from it, understood or not.
--   unknown_record_count  Records of unknown type.
--   first_unknown_line    Line of the first of them; NULL = there is none.
--   copied_line_count     Lines that repeat a record of another place and do not count.
--   first_copied_line     First of them; NULL = there is none.
--   last_copied_line      Last of them.
WITH places AS (
    SELECT session_id, source_id
    FROM raw.sessions
    WHERE session_id IS NOT NULL
    GROUP BY session_id, source_id
),

shared AS (
    SELECT source_id, count(*) AS session_count FROM places GROUP BY source_id
),

unknown AS (
    SELECT source_id, min(line) AS first_unknown_line FROM raw.problems WHERE problem_kind = 'unknown_type' GROUP BY source_id
),

copied AS (
    SELECT source_id, count(*) AS copied_line_count, min(line) AS first_copied_line, max(line) AS last_copied_line
    FROM raw.copies
    GROUP BY source_id
)

SELECT
    p.session_id,
    p.source_id,
    n.session_count,
    f.parsed_record_count AS record_count,
    f.unknown_record_count,
    u.first_unknown_line,
    coalesce(c.copied_line_count, 0) AS copied_line_count,
    c.first_copied_line,
    c.last_copied_line
FROM places AS p
JOIN raw.sources AS f USING (source_id)
JOIN shared AS n USING (source_id)
LEFT JOIN unknown AS u USING (source_id)
LEFT JOIN copied AS c USING (source_id)
