-- title: How do two sessions differ?
-- about: What the second did otherwise than the first, which is the reference. Both go by their whole id: agenttrace
--   sessions lists them, agenttrace diff shows more.
-- params:
--   a varchar required  The reference, by its id.
--   b varchar required  The other session, by its id.
-- columns:
--   finding   varchar    skipped_checks, divergent_files, missing_verification, ... price.
--   subject   varchar    What it is about.
--   value_a   double     Value of the first, where there is one.
--   value_b   double     Value of the second.
--   evidence  varchar[]  Files, or ids of calls.
--   says      varchar    The finding as a sentence.
SELECT finding, subject, value_a, value_b, evidence, says
FROM diff_findings_v1($a, $b)
ORDER BY place, finding, subject
LIMIT $limit
