-- summary: Health before caps: the weighted mean of the known sub-scores, and each of them beside it.
-- grain: session_id
-- status: current
-- since: 0.1.0
-- kept: findings
-- changes: There were none in version 1.
-- columns:
--   session_id      The session.
--   base            [points] The weighted mean of what is known; NULL = nothing is.
--   coverage        [share] Weight of the sub-scores that are known.
--   score_min       [points] The mean if all that is unknown were as bad as can be.
--   score_max       [points] The mean if all that is unknown were fine.
--   outcome         [points] Sub-score: how it ended, and whether the user had to correct.
--   reliability     [points] Sub-score: failures of tools and of the provider.
--   efficiency      [points] Sub-score: repetition, rework, waste.
--   verification    [points] Sub-score: whether the code was checked.
--   context         [points] Sub-score: how full, how often compacted, how the cache did.
--   responsiveness  [points] Sub-score: stalls of the model.
SELECT
    session_id,
    sum(weight * score) / nullif(sum(weight) FILTER (WHERE score IS NOT NULL), 0) AS base,
    coalesce(sum(weight) FILTER (WHERE score IS NOT NULL), 0) / sum(weight) AS coverage,
    sum(weight * coalesce(score, 0)) / sum(weight) AS score_min,
    sum(weight * coalesce(score, 100)) / sum(weight) AS score_max,
    max(score) FILTER (WHERE sub = 'outcome') AS outcome,
    max(score) FILTER (WHERE sub = 'reliability') AS reliability,
    max(score) FILTER (WHERE sub = 'efficiency') AS efficiency,
    max(score) FILTER (WHERE sub = 'verification') AS verification,
    max(score) FILTER (WHERE sub = 'context') AS context,
    max(score) FILTER (WHERE sub = 'responsiveness') AS responsiveness
FROM health_sub_scores_v2
GROUP BY session_id
