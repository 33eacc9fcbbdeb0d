-- summary: Rules that tell what kind of tool a tool name stands for.
-- grain: rank
-- status: current
-- since: 0.1.0
-- columns:
--   rank       Order of the rules.
--   key        Folded tool name (lower case, without blanks, dots, dashes, underscores), or a pattern on the raw name.
--   match      exact or regex.
--   tool_kind  Kind of tool; (fold) = cut the name and look again.
--   note       What else is to know.
SELECT rank, key, match, tool_kind, note
FROM raw.tool_kinds
