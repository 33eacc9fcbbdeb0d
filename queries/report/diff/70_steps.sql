-- title:
-- kind: table
SELECT d.pos, d.op, d.step_a, d.step_b, d.key_a, d.key_b, d.similarity, x.call_count AS calls_a, y.call_count AS calls_b, x.failed_count AS failed_a, y.failed_count AS failed_b, x.line AS line_a, y.line AS line_b
FROM diff_steps AS d
LEFT JOIN steps_v1 AS x ON x.session_id = $a AND x.step_no = d.step_a
LEFT JOIN steps_v1 AS y ON y.session_id = $b AND y.step_no = d.step_b
ORDER BY d.pos
