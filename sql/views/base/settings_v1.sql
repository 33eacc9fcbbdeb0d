-- summary: Cut-offs that the other views read.
-- grain: key
-- status: current
-- since: 0.1.0
-- columns:
--   key   Name of the setting.
--   num   Its value, where it is a number.
--   txt   Its value, where it is a text.
--   unit  Unit of the number.
--   help  What it decides.
SELECT key, num, txt, unit, help
FROM raw.settings
