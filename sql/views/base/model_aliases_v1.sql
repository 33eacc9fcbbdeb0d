-- summary: Rules that lead from a logged model name to a row of the price book.
-- grain: rank
-- status: current
-- since: 0.1.0
-- columns:
--   rank           Order of the rules.
--   alias          Name in lower case (exact), or a pattern (regex).
--   model          Name of the price book, or what replaces the pattern; NULL = nothing is left of it.
--   rule           exact or regex.
--   step           1 = tried at once; 2 = tried one after the other until a price is found.
--   effect         What the name says beyond the model: fast, regional, zero_price, assumed ...
--   valid_from     [UTC] First instant of the rule; NULL = always.
--   valid_to       [UTC] End of the rule, exclusive; NULL = open.
--   seen_in        Where the name was seen.
--   notes          What else is to know.
--   only_provider  The rule holds only where the log names this provider; NULL = everywhere.
SELECT rank, alias, model, rule, step, effect, valid_from, valid_to, seen_in, notes, only_provider
FROM raw.model_aliases
