-- summary: Limits of the rules that find anomalies: the program's, or those of the user's file thresholds.toml in
--   the folder agenttrace of the configuration ($XDG_CONFIG_HOME, ~/.config), one "key = value" a line.
-- grain: key
-- status: current
-- since: 0.1.0
-- columns:
--   key            Rule and limit, as in the file.
--   rule           The rule, as in anomalies; rules = all of them.
--   parameter      info, low, medium or high: from where on a value is a finding of that severity; else what
--                  else must hold.
--   value          The limit that holds.
--   default_value  The program's.
--   unit           Unit of both.
--   help           What is compared with it.
--   is_own         The user's file sets it.
SELECT
    key,
    regexp_replace(key, '\.[^.]*$', '') AS rule,
    regexp_extract(key, '[^.]*$') AS parameter,
    coalesce(own_value, value) AS value,
    value AS default_value,
    unit,
    help,
    own_value IS NOT NULL AS is_own
FROM raw.thresholds
