-- title: Findings
-- kind: table
-- note: Sessions with each finding, of all of the group.
-- json only: n_a, n_b, change
-- label: hits_a = sessions of A
-- label: hits_b = of B
-- label: a_share = A
-- label: b_share = B
-- show: 20
-- empty: None in either group.
SELECT anomaly, hits_a, n_a, share_a AS a_share, hits_b, n_b, share_b AS b_share, change
FROM group_findings_v1(string_split($a, ','), string_split($b, ','))
ORDER BY abs(change) DESC, anomaly
