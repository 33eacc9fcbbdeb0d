-- title: Why the price differs
-- kind: table
-- note: What each part adds to the cost of B; the parts add up to the difference.
-- label: change_usd = USD
-- text only: detail_text
-- label: detail_text = of it
-- json only: detail
-- optional: detail_text
SELECT part, detail, CASE WHEN detail <> 'all' THEN detail END AS detail_text, usd AS change_usd
FROM diff_prices_v1($a, $b)
ORDER BY list_position(['input_volume', 'cache_mix', 'prices', 'output_volume', 'total'], part), detail <> 'all', detail
