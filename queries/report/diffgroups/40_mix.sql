-- title: Why a session costs more or less
-- kind: table
-- note: What each part adds to the mean cost of a session of B; the parts add up to the difference.
-- label: usd = USD
-- text only: adds
-- json only: usd
-- show: 40
SELECT part, model, usd, {'value': usd, 'unit': 'USD'} AS adds
FROM group_mix_v1(string_split($a, ','), string_split($b, ','))
ORDER BY list_position(['calls', 'mix', 'price', 'total'], part), model <> 'all', abs(usd) DESC, model
